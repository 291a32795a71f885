"""What the daemon can be asked, and how each question is answered."""

from __future__ import annotations

import asyncio
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Sequence,
)
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

from imageid_daemon.cache import Demand, Store
from imageid_daemon.pixels import ImageMetadata
from imageid_daemon.registry import Registry
from imageid_daemon.resolver import selection
from imageid_daemon.resolver.answer import Answer, CacheStatus, Output, combined
from imageid_daemon.resolver.catalogue import Catalogue, Evicted
from imageid_daemon.resolver.derivations import Derivations
from imageid_daemon.resolver.documents import Documents
from imageid_daemon.resolver.frame_indexes import FrameIndexes
from imageid_daemon.resolver.grounds import Grounds, hold
from imageid_daemon.resolver.headers import Headers
from imageid_daemon.resolver.listings import Listings
from imageid_daemon.resolver.material import Resolved
from imageid_daemon.resolver.metadata_batch import Described, describe_all
from imageid_daemon.resolver.prefetch import Prefetched, Prefetches
from imageid_daemon.resolver.readings import Readings
from imageid_daemon.resolver.remembered_failures import RememberedFailures
from imageid_daemon.resolver.representations import Representations
from imageid_daemon.resolver.selection import Chosen
from imageid_daemon.resolver.sources import Sources
from imageid_daemon.resolver.stat import Stat, Stats
from imageid_daemon.workers import Pool
from imageid_loaders.base import Bundler, ListedImage
from imageid_loaders.errors import ImageError

# Others have a turn of the loop in between.
_IMAGES_A_TURN = 50


@dataclass(frozen=True, slots=True)
class Keep:
    """How long prefetched images are pinned, and under which label."""

    for_seconds: float
    tag: str = ""


class Resolver:
    """Answers; `registry` may be exchanged while it runs."""

    def __init__(self, registry: Registry, store: Store, sources: Sources, pool: Pool) -> None:
        self.registry = registry
        self._store = store
        self._sources = sources
        self._known = _Known(store, sources)
        self._failures = RememberedFailures()
        self._readings = Readings(pool, self._failures)
        self._derivations = Derivations(store, self._failures)
        self._documents = Documents(sources, self._readings)
        frame_indexes = FrameIndexes(self._derivations, pool)
        self._headers = Headers(sources, self._documents, self._failures, frame_indexes)
        self._representations = Representations(
            store, sources, self._documents, self._derivations, pool, frame_indexes
        )
        self._listings = Listings(sources, pool)
        self._stats = Stats(store, sources, self._representations)
        self._prefetches = Prefetches()
        self.catalogue = Catalogue(store, sources, self._resolve)

    @property
    def running_fills(self) -> int:
        return self._sources.running + self._derivations.running

    async def close(self) -> None:
        """Cancel what is on its way."""
        await self._prefetches.close()
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

    @asynccontextmanager
    async def expecting(
        self,
        image_ids: Iterable[str],
        outputs: Sequence[Output],
        demand: Demand,
        *,
        check: Callable[[str], object],
    ) -> AsyncIterator[None]:
        """Say that these images are about to be loaded, by the same caller, one by one.

        While the context lasts, what is missing of them is fetched in few, larger requests
        where an origin can do that. Enter it before the first of them is loaded.

        Args:
            check: raises the `ImageError` of an imageId that must not reach a loader.
        """
        by_scheme: dict[str, list[Resolved]] = {}
        for number, image_id in enumerate(image_ids, 1):
            with suppress(ImageError):  # who loads it hears of it
                check(image_id)
                resolved = self._resolve(image_id)
                if self._is_at_hand(resolved, outputs, demand):
                    continue
                by_scheme.setdefault(resolved.scheme, []).append(resolved)
            if number % _IMAGES_A_TURN == 0:
                await asyncio.sleep(0)
        async with AsyncExitStack() as stack:
            for scheme, found in by_scheme.items():
                resources = [resolved.image.resource for resolved in found]
                await stack.enter_async_context(
                    self._sources.expected(found[0].loader, scheme, resources, demand)
                )
            yield

    def _is_at_hand(self, resolved: Resolved, outputs: Sequence[Output], demand: Demand) -> bool:
        return all(
            self._representations.is_in_stored_instance(resolved, output, demand)
            for output in outputs
        )

    def still_holds(self, grounds: Grounds, fresh_until_seconds: float) -> bool:
        """Whether `load` would give a caller without demands the answer of these grounds again.

        Of the same imageId, representation and `registry`; no I/O.
        """
        return hold(grounds, fresh_until_seconds, self._known, time.time())

    def note_use(self, grounds: Grounds) -> None:
        """Their answer was given again."""
        for entry in grounds.sources:
            self._store.note_use(entry)
        for entry in grounds.derived:
            self._store.note_use(entry)

    async def metadata(self, image_id: str, demand: Demand) -> tuple[ImageMetadata, CacheStatus]:
        """What the image's header says; fetches no pixels where the origin can tell it apart.

        Raises:
            ImageError: it cannot be had.
        """
        resolved = self._resolve(image_id)
        return await self._headers.read(
            resolved, demand, self._readings.describe, frames=(resolved.frame,)
        )

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
        listed = await self._listings.of(root, scheme, loader, demand)
        if isinstance(loader, Bundler):
            await self._learn(loader, listed)
        return listed

    async def _learn(self, loader: Bundler, listed: Sequence[ListedImage]) -> None:
        """How many images there are together, for whoever loads some of them."""
        resources = []
        for number, image in enumerate(listed, 1):
            with suppress(ImageError):
                resources.append(self._resolve(image.image_id).image.resource)
            if number % _IMAGES_A_TURN == 0:
                await asyncio.sleep(0)
        self._sources.learn(loader, resources)

    async def stat(self, image_ids: Iterable[str], output: Output) -> list[Stat]:
        """What is stored of each image, in order, without asking any origin."""
        return await self._stats.of(self._resolve, image_ids, output)

    def prefetch(
        self,
        image_ids: Sequence[str],
        outputs: Sequence[Output],
        demand: Demand,
        *,
        keep: Keep | None,
        detach: bool,
        check: Callable[[str], object],
    ) -> AsyncGenerator[list[Prefetched], None]:
        """Bring images into the cache; close the iterator to stop, unless it is detached.

        Args:
            check: raises the `ImageError` of an imageId that must not reach a loader.

        Yields:
            Those that are done by now, in the order in which they were.

        Raises:
            Busy: too many detached ones run already.
        """

        async def bring(index: int) -> Prefetched:
            check(image_ids[index])
            return await self._bring(index, image_ids[index], outputs, demand, keep)

        steps = (partial(_told, index, bring) for index in range(len(image_ids)))
        expecting = self.expecting(image_ids, outputs, demand, check=check)
        return self._prefetches.run(steps, detach=detach, within=expecting)

    async def _bring(
        self,
        index: int,
        image_id: str,
        outputs: Sequence[Output],
        demand: Demand,
        keep: Keep | None,
    ) -> Prefetched:
        size_bytes, stored, statuses = 0, True, []
        for output in outputs:
            async with self.load(image_id, output, demand) as answer:
                size_bytes += (await answer.whole()).size_bytes
                stored = stored and answer.stored
                statuses.append(answer.status)
            # The next representation is made of what has just been brought.
            demand = demand.again
        if keep is not None and stored:
            await self.catalogue.pin([image_id], time.time() + keep.for_seconds, keep.tag)
        return Prefetched(index, size_bytes, combined(*statuses), stored)

    async def evict(
        self, image_ids: Iterable[str], *, count_only: bool, include_pinned: bool = False
    ) -> Evicted:
        """Forget images and all that was derived from them."""
        image_ids = list(image_ids)
        keys = await self.catalogue.keys_of_images(image_ids)
        if not count_only:
            for image_id in image_ids:
                image = self._resolve(image_id).image
                for resource in filter(None, (image.resource, image.container)):
                    self._sources.forget_failure(resource)
                    await self._sources.forget_beginning(resource)
        return await self.evict_keys(keys, count_only=count_only, include_pinned=include_pinned)

    async def evict_all(self, *, count_only: bool, include_pinned: bool = False) -> Evicted:
        """Forget everything."""
        if not count_only:
            self._sources.forget_failures()
            await self._store.partials.clear()
        keys = self._store.ledger.keys()
        return await self.evict_keys(keys, count_only=count_only, include_pinned=include_pinned)

    async def evict_chosen(
        self, chosen: Chosen, *, count_only: bool, include_pinned: bool
    ) -> Evicted:
        """Forget all of the images whose entries are chosen, and what broke off of such."""
        keys = await self.catalogue.keys_of_chosen(chosen)
        if not count_only:
            await self._store.partials.forget(selection.beginnings(chosen, keys))
        return await self.evict_keys(keys, count_only=count_only, include_pinned=include_pinned)

    async def evict_keys(
        self, keys: set[str], *, count_only: bool, include_pinned: bool
    ) -> Evicted:
        """Forget these entries, and what failed to be made of others."""
        if not count_only:
            self._failures.clear()
        return await self.catalogue.evict(
            keys, count_only=count_only, include_pinned=include_pinned
        )

    def _resolve(self, image_id: str) -> Resolved:
        return Resolved(*self.registry.resolve(image_id))


class _Known:
    def __init__(self, store: Store, sources: Sources) -> None:
        self.current = store.current
        self.is_trusted = store.is_trusted
        self.has_failed = sources.has_failed


async def _told(index: int, bring: Callable[[int], Awaitable[Prefetched]]) -> Prefetched:
    """A failure is a result, and does not end the others."""
    try:
        return await bring(index)
    except ImageError as error:
        return Prefetched(index, error=error)
