"""What the daemon can be asked, and how each question is answered."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from typing import TypeVar

from imageid_daemon.cache import Demand, Entry, Mode, Store
from imageid_daemon.pixels import Encoded, ImageMetadata
from imageid_daemon.registry import Registry
from imageid_daemon.resolver.answer import Answer, CacheStatus, Output
from imageid_daemon.resolver.bytes_of import bytes_of
from imageid_daemon.resolver.derivations import Derivations
from imageid_daemon.resolver.documents import Documents
from imageid_daemon.resolver.material import Resolved, gather_material
from imageid_daemon.resolver.readings import Readings
from imageid_daemon.resolver.remembered_failures import RememberedFailures
from imageid_daemon.resolver.representations import Representations
from imageid_daemon.resolver.sources import Sources
from imageid_daemon.slices import in_slice_order
from imageid_daemon.workers import Pool
from imageid_loaders.base import ListedImage, Lister, Resource
from imageid_loaders.errors import ImageError, InvalidImageId, NotSeparable, Undecodable

T = TypeVar("T")
# Digests of what is read, how to read it, and its descriptor where it is in a file.
Read = Callable[[tuple[str, ...], Encoded, int | None], Awaitable[T]]

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
        self._derivations = Derivations(store, self._failures)
        self._readings = Readings(pool, self._failures)
        self._documents = Documents(sources, self._readings)
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
        return await self._read_header(image_id, demand, self._readings.describe)

    async def dicom_json(self, image_id: str, demand: Demand) -> bytes:
        """The image's data set as one DICOM JSON object, without bulk data.

        Raises:
            ImageError: it cannot be had.
        """
        document, _ = await self._read_header(image_id, demand, self._readings.dicom_json)
        return document

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
        filling = self._sources.is_filling(self._sources.key(resolved.image.resource))
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
                if resource is not None:
                    keys |= self._store.ledger.family(self._sources.key(resource))
        return await self._forget(keys, count_only=count_only)

    async def evict_all(self, *, count_only: bool) -> tuple[int, int]:
        """Forget everything.

        Returns:
            entries, bytes
        """
        return await self._forget(self._store.ledger.keys(), count_only=count_only)

    def _resolve(self, image_id: str) -> Resolved:
        scheme, loader = self.registry.find(image_id)
        return Resolved(scheme, loader, loader.resolve(image_id))

    async def _read_header(
        self, image_id: str, demand: Demand, read: Read[T]
    ) -> tuple[T, CacheStatus]:
        resolved = self._resolve(image_id)
        if resolved.image.metadata:
            try:
                return await self._read_document(resolved, demand, read)
            except (NotSeparable, Undecodable):
                resolved = resolved.contained or resolved
        async with AsyncExitStack() as stack:
            material = await gather_material(
                stack, self._sources, self._documents, resolved, demand
            )
            if material.anew:
                self._failures.clear()
            whole = stack.enter_context(closing(material.answer.body.duplicate()))
            found = await read(material.parents, material.encoded, whole.descriptor)
            return found, material.status

    async def _read_document(
        self, resolved: Resolved, demand: Demand, read: Read[T]
    ) -> tuple[T, CacheStatus]:
        image = resolved.image
        instance = await self._documents.instance(resolved.loader, resolved.scheme, image, demand)
        frame = (image.frame if image.container is None else image.container_frame) or 1
        encoded = Encoded("", "", dicom_json=instance.dicom_json, frame=frame)
        parents = (hashlib.sha256(instance.dicom_json).hexdigest(),)
        return await read(parents, encoded, None), instance.status

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
