"""What is stored of many images, without asking any origin and without holding up the loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from itertools import islice
from typing import TypeVar

from imageid_daemon.cache import Demand, Entry, Mode, Store
from imageid_daemon.resolver.answer import Output
from imageid_daemon.resolver.material import Resolved, encoded_of
from imageid_daemon.resolver.places import Place
from imageid_daemon.resolver.representations import Representations, stored_key
from imageid_daemon.resolver.sources import Sources
from imageid_loaders.errors import ImageError

# One query of the index for so many; others have a turn of the loop more often.
_IMAGES_A_QUERY = 250
_IMAGES_A_TURN = 50
T = TypeVar("T")

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


@dataclass(frozen=True, slots=True)
class _Way:
    """One way to an image: by its own resource, or as a part of its whole instance."""

    resolved: Resolved
    place: Place


@dataclass(frozen=True, slots=True)
class _Ways:
    """Those by which something may be stored; what is said where that is nothing."""

    otherwise: Stat
    ways: tuple[_Way, ...] = ()


class Stats:
    def __init__(self, store: Store, sources: Sources, representations: Representations) -> None:
        self._store = store
        self._sources = sources
        self._representations = representations

    async def of(
        self, resolve: Callable[[str], Resolved], image_ids: Iterable[str], output: Output
    ) -> list[Stat]:
        """One for each image, in order.

        Args:
            resolve: raises ImageError for what is no imageId.
        """
        stats: list[Stat] = []
        remaining = iter(image_ids)
        while batch := list(islice(remaining, _IMAGES_A_QUERY)):
            stats += await self._batch(resolve, batch, output)
        return stats

    async def _batch(
        self, resolve: Callable[[str], Resolved], image_ids: Sequence[str], output: Output
    ) -> list[Stat]:
        ways = [self._ways(resolve, image_id) async for image_id in _in_turns(image_ids)]
        there = [way for each in ways for way in each.ways]
        sources = await self._store.find_many({way.place.key for way in there})
        keys = {
            stored_key(encoded_of(entry, way.resolved.image), (entry.digest,), output)
            async for way in _in_turns(there)
            if output is not None and (entry := self._simple(way, sources)) is not None
        }
        derived = await self._store.find_many(keys)
        return [await self._stat(each, output, sources, derived) async for each in _in_turns(ways)]

    def _ways(self, resolve: Callable[[str], Resolved], image_id: str) -> _Ways:
        try:
            resolved = resolve(image_id)
        except ImageError as error:
            return _Ways(Stat(error_reason=error.reason))
        ways = [
            _Way(candidate, self._sources.place(candidate.image.resource))
            for candidate in _candidates(resolved)
        ]
        ledger = self._store.ledger
        return _Ways(
            Stat(filling=self._sources.is_filling(ways[0].place)),
            tuple(way for way in ways if way.place.key in ledger or way.place.public_key in ledger),
        )

    def _simple(self, way: _Way, sources: dict[str, Entry]) -> Entry | None:
        """The one stored answer, where nothing but its key decides that it is the right one."""
        entry = sources.get(way.place.key)
        is_lone_frame = way.resolved.image.container is not None
        return None if entry is None or entry.nominated or is_lone_frame else entry

    async def _stat(
        self,
        ways: _Ways,
        output: Output,
        sources: dict[str, Entry],
        derived: dict[str, Entry],
    ) -> Stat:
        said = ways.otherwise
        for way in ways.ways:
            source = self._simple(way, sources)
            if source is None:
                found, fresh = await self._look(way.resolved, output)
            elif output is None:
                found, fresh = source, self._sources.is_served(source)
            else:
                encoded = encoded_of(source, way.resolved.image)
                found = derived.get(stored_key(encoded, (source.digest,), output))
                fresh = self._sources.is_served(source)
            if found is not None and (fresh or not said.cached):
                said = replace(said, cached=True, fresh=fresh, size_bytes=found.size_bytes)
            if said.fresh:
                break
        return said

    async def _look(self, resolved: Resolved, output: Output) -> tuple[Entry | None, bool]:
        """The long way: what Vary or a metadata document decides is looked up as for a load."""
        for demand in (_ONLY_IF_FRESH, _ONLY_IF_STORED):
            try:
                async with AsyncExitStack() as stack:
                    entry = await self._representations.find(stack, resolved, output, demand)
            except ImageError:
                continue
            if entry is not None:
                return entry, demand is _ONLY_IF_FRESH
        return None, False


async def _in_turns(items: Sequence[T]) -> AsyncIterator[T]:
    for index, item in enumerate(items, 1):
        yield item
        if index % _IMAGES_A_TURN == 0:
            await asyncio.sleep(0)


def _candidates(resolved: Resolved) -> Iterator[Resolved]:
    yield resolved
    if (contained := resolved.contained) is not None:
        yield contained
