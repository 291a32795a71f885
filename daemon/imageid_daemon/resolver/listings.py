"""What a loader reads while it lists the images below a root."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AsyncExitStack

from imageid_daemon.cache import Demand
from imageid_daemon.callers import Claims
from imageid_daemon.resolver.bytes_of import bytes_of
from imageid_daemon.resolver.sources import Sources
from imageid_daemon.slices import in_slice_order
from imageid_daemon.workers import Pool, tasks
from imageid_loaders.base import ListedImage, Lister, Loader, Resource
from imageid_loaders.errors import InvalidImageId


class Listings:
    def __init__(self, sources: Sources, pool: Pool) -> None:
        self._sources = sources
        self._pool = pool

    async def of(self, root: str, scheme: str, loader: Loader, demand: Demand) -> list[ListedImage]:
        """The images below a root, in slice order.

        Raises:
            ImageError: the root is none, or cannot be read.
        """
        if not isinstance(loader, Lister):
            raise InvalidImageId(
                f"The scheme '{scheme}' has no listing. Give a study or series URL of "
                "DICOMweb, a folder or a DICOMDIR."
            )
        read = _Read(self._sources, self._pool, loader, scheme, demand)
        return in_slice_order(await loader.list_images(root, read))


class _Read:
    """See `imageid_loaders.base.Read`."""

    def __init__(
        self, sources: Sources, pool: Pool, loader: Loader, scheme: str, demand: Demand
    ) -> None:
        self._sources = sources
        self._pool = pool
        self._loader = loader
        self._scheme = scheme
        self._demand = demand

    async def __call__(self, resource: Resource) -> bytes:
        async with AsyncExitStack() as stack:
            answer = await self._sources.obtain(
                stack, self._loader, self._scheme, resource, self._demand
            )
            return await bytes_of(answer)

    async def header(self, descriptor: int, tags: Sequence[int]) -> bytes:
        pool = self._pool.asked_by(Claims(self._demand.caller))
        return await pool.run(tasks.header_json, descriptor, None, list(tags))
