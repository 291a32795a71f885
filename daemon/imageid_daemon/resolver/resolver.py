"""What the daemon can be asked, and how each question is answered."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from imageid_daemon.cache import Demand, Entry, Mode, Store
from imageid_daemon.pixels import ImageMetadata
from imageid_daemon.registry import Registry
from imageid_daemon.resolver.answer import Answer, CacheStatus, Output
from imageid_daemon.resolver.bytes_of import bytes_of
from imageid_daemon.resolver.derivations import Derivations
from imageid_daemon.resolver.documents import Documents
from imageid_daemon.resolver.headers import Headers
from imageid_daemon.resolver.material import Resolved
from imageid_daemon.resolver.metadata_batch import Described, describe_all
from imageid_daemon.resolver.readings import Readings
from imageid_daemon.resolver.remembered_failures import RememberedFailures
from imageid_daemon.resolver.representations import Representations
from imageid_daemon.resolver.sources import Sources
from imageid_daemon.slices import in_slice_order
from imageid_daemon.workers import Pool
from imageid_loaders.base import ListedImage, Lister, Resource
from imageid_loaders.errors import ImageError, InvalidImageId

_ONLY_IF_FRESH = Demand(Mode.ONLY_IF_CACHED)
_ONLY_IF_STORED = Demand(Mode.ONLY_IF_CACHED, however_stale=True)


@dataclass(frozen=True, slots=True)
class Stat:
    """What the cache has of an image; `error_reason` where its imageId cannot be resolved."""

    cached: bool = False
    fresh: bool = False
    filling: bool = False
    size_bytes: int = 0
    error_reason: str = ""


class Resolver:
    """Answers; `registry` may be exchanged while it runs."""

    def __init__(self, registry: Registry, store: Store, sources: Sources, pool: Pool) -> None:
        self.registry = registry
        self._store = store
        self._sources = sources
        self._failures = RememberedFailures()
        self._readings = Readings(pool, self._failures)
        self._derivations = Derivations(store, self._failures)
        self._documents = Documents(sources, self._readings)
        self._headers = Headers(sources, self._documents, self._failures)
        self._representations = Representations(
            store, sources, self._documents, self._derivations, pool
        )

    @property
    def running_fills(self) -> int:
        return self._sources.running + self._derivations.running

    async def close(self) -> None:
        """Cancel what is on its way."""
        await self._derivations.close()
        await self._sources.close()

    @asynccontextmanager
    async def load(self, image_id: str, output: Output, demand: Demand) -> AsyncIterator[Answer]:
        """One representation, open while the context lasts; ENCODED may still be arriving.

        Raises:
            ImageError: it cannot be had.
        """
        resolved = self._resolve(image_id)
        async with AsyncExitStack() as stack:
            yield await self._representations.obtain(stack, resolved, output, demand)

    async def metadata(self, image_id: str, demand: Demand) -> tuple[ImageMetadata, CacheStatus]:
        """What the image's header says; fetches no pixels where the origin can tell it apart.

        Raises:
            ImageError: it cannot be had.
        """
        return await self._headers.read(self._resolve(image_id), demand, self._readings.describe)

    async def dicom_json(self, image_id: str, demand: Demand) -> bytes:
        """The image's data set as one DICOM JSON object, without bulk data.

        Raises:
            ImageError: it cannot be had.
        """
        resolved = self._resolve(image_id)
        document, _ = await self._headers.read(resolved, demand, self._readings.dicom_json)
        return document

    def describe_all(
        self,
        image_ids: Iterable[str],
        demand: Demand,
        *,
        dicom_json: bool,
        check: Callable[[str], object],
    ) -> AsyncGenerator[list[Described], None]:
        """Describe many images, in their order; each document and header is read once.

        Args:
            check: raises the `ImageError` of an imageId that must not reach a loader.

        Yields:
            Those that are known by now; an image that fails says so in its place.
        """

        def resolve(image_id: str) -> Resolved:
            check(image_id)
            return self._resolve(image_id)

        return describe_all(
            self._headers,
            self._documents,
            self._readings,
            resolve,
            image_ids,
            demand,
            dicom_json=dicom_json,
        )

    async def list_images(self, root: str, demand: Demand) -> list[ListedImage]:
        """The images below a root, in slice order.

        Raises:
            ImageError: the root is none, or cannot be read.
        """
        scheme, loader = self.registry.find(root)
        if not isinstance(loader, Lister):
            raise InvalidImageId(
                f"The scheme '{scheme}' has no listing. Give a study or series URL of "
                "DICOMweb, a folder or a DICOMDIR."
            )

        async def read(resource: Resource) -> bytes:
            async with AsyncExitStack() as stack:
                answer = await self._sources.obtain(stack, loader, scheme, resource, demand)
                return await bytes_of(answer)

        return in_slice_order(await loader.list_images(root, read))

    async def stat(self, image_id: str, output: Output) -> Stat:
        """What is stored, without asking any origin."""
        try:
            resolved = self._resolve(image_id)
        except ImageError as error:
            return Stat(error_reason=error.reason)
        filling = self._sources.is_filling(resolved.image.resource)
        for demand in (_ONLY_IF_FRESH, _ONLY_IF_STORED):
            for candidate in (resolved, resolved.contained):
                entry = await self._stored(candidate, output, demand) if candidate else None
                if entry is not None:
                    fresh = demand is _ONLY_IF_FRESH
                    return Stat(True, fresh, filling, entry.size_bytes)
        return Stat(filling=filling)

    async def evict(self, image_ids: list[str], *, count_only: bool) -> tuple[int, int]:
        """Forget images and all that was derived from them.

        Returns:
            entries, bytes
        """
        keys: set[str] = set()
        for image_id in image_ids:
            image = self._resolve(image_id).image
            for resource in (image.resource, image.container):
                if resource is None:
                    continue
                for key in await self._sources.keys(resource):
                    keys |= self._store.ledger.family(key)
                if not count_only:
                    self._sources.forget_failure(resource)
        return await self._forget(keys, count_only=count_only)

    async def evict_all(self, *, count_only: bool) -> tuple[int, int]:
        """Forget everything.

        Returns:
            entries, bytes
        """
        if not count_only:
            self._sources.forget_failures()
        return await self._forget(self._store.ledger.keys(), count_only=count_only)

    def _resolve(self, image_id: str) -> Resolved:
        scheme, loader = self.registry.find(image_id)
        return Resolved(scheme, loader, loader.resolve(image_id))

    async def _stored(self, resolved: Resolved, output: Output, demand: Demand) -> Entry | None:
        try:
            async with AsyncExitStack() as stack:
                return await self._representations.find(stack, resolved, output, demand)
        except ImageError:
            return None

    async def _forget(self, keys: set[str], *, count_only: bool) -> tuple[int, int]:
        if count_only:
            return len(keys), self._store.ledger.bytes_of(keys)
        self._failures.clear()
        return await self._store.forget(keys)
