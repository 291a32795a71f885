"""A representation made of blobs: stored, being made for another caller, or made now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from typing import Any

import msgspec

from imageid_daemon.cache import Entry, Store
from imageid_daemon.callers import ANYONE, Caller, Claims
from imageid_daemon.fills import Blob, Body, Fill, Fills
from imageid_daemon.pixels import Description
from imageid_daemon.resolver.answer import Answer, CacheStatus, Timing
from imageid_daemon.resolver.inspection import inspect
from imageid_daemon.resolver.remembered_failures import RememberedFailures
from imageid_daemon.to_its_end import to_its_end
from imageid_loaders.errors import ImageError

# Makes one representation of the file behind the first descriptor, into the second, for those
# who claim it.
Job = Callable[[int, int, Claims], Coroutine[Any, Any, Description]]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to make.

    Args:
        media_type: of what is made.
        parents: digests of the blobs that it is made of.
        anew: try even what has failed a short while ago.
        keep: whether the cache may keep it.
        url: of the resource that it is made of, as entries show it.
        caller: who wants it; made for several, it is as urgent as the most urgent of them.
    """

    key: str
    media_type: str
    parents: tuple[str, ...]
    job: Job
    keep: bool
    anew: bool = False
    url: str = ""
    caller: Caller = ANYONE


@dataclass(slots=True)
class _Made:
    entry: Entry
    stored: bool
    decode_seconds: float


def description_of(entry: Entry) -> Description:
    """What was stored with a derived blob."""
    return msgspec.msgpack.decode(entry.description, type=Description)


class Derivations:
    """Obtains derived representations; each is made at most once at a time."""

    def __init__(self, store: Store, failures: RememberedFailures) -> None:
        self._store = store
        self._failures = failures
        self._fills: Fills[_Made] = Fills(store.new_spool_path, store.disk)

    @property
    def running(self) -> int:
        return len(self._fills)

    async def close(self) -> None:
        await self._fills.close()

    async def obtain(self, stack: AsyncExitStack, recipe: Recipe, source: Body) -> Answer:
        """The whole representation; open until the stack unwinds.

        Raises:
            ImageError: it cannot be made.
        """
        entry = await self._store.find(recipe.key)
        if entry is not None and (file := await self._store.open_blob(entry)) is not None:
            self._store.note_use(entry)
            blob = stack.enter_context(closing(Blob(file)))
            return Answer(blob, entry.media_type, CacheStatus.HIT, entry.size_bytes, entry)
        if recipe.anew:
            self._failures.forget(recipe.key)
        self._failures.check(recipe.key, time.monotonic())

        def work(fill: Fill[_Made]) -> Coroutine[Any, Any, None]:
            # The fill's own hold on the source: its first caller may leave before it ends.
            held = fill.resources.enter_context(closing(source.duplicate()))
            return self._make(fill, recipe, held)

        fill, started = await stack.enter_async_context(
            self._fills.join(recipe.key, work, recipe.caller)
        )
        made = await fill.head()
        await fill.whole()
        status = CacheStatus.MISS if started else CacheStatus.COALESCED
        timing = Timing(decode=made.decode_seconds)
        answer = Answer(fill.spool, made.entry.media_type, status, timing=timing)
        answer.entry, answer.stored = made.entry, made.stored
        answer.size_bytes = made.entry.size_bytes
        return answer

    async def _make(self, fill: Fill[_Made], recipe: Recipe, source: Blob) -> None:
        started_seconds = time.monotonic()
        try:
            entry, checksums = await self._written(fill, recipe, source)
        except ImageError as error:
            self._failures.note(recipe.key, error, time.monotonic())
            raise
        decode_seconds = time.monotonic() - started_seconds
        fill.spool.adopt(entry.size_bytes)
        stored = await self._keep(fill, recipe, entry, checksums)
        fill.announce(_Made(entry, stored, decode_seconds), entry.size_bytes)

    async def _written(
        self, fill: Fill[_Made], recipe: Recipe, source: Blob
    ) -> tuple[Entry, bytes]:
        try:
            return await self._work(fill, recipe, source)
        except OSError as error:
            self._store.disk.refused(error)
            # Once more, without the disk.
            await to_its_end(asyncio.to_thread(fill.spool.move_to_memory))
        try:
            return await self._work(fill, recipe, source)
        except OSError as error:
            raise source.unreadable() from error  # what is written to is memory now

    async def _work(self, fill: Fill[_Made], recipe: Recipe, source: Blob) -> tuple[Entry, bytes]:
        # Workers have descriptors of their own: whoever is cancelled here may close these.
        description = await recipe.job(source.descriptor, fill.spool.descriptor, fill.claims)
        looking = asyncio.to_thread(inspect, fill.spool.descriptor, description, recipe.media_type)
        found = await to_its_end(looking)
        entry = Entry(
            key=recipe.key,
            digest=found.sha256,
            size_bytes=found.size_bytes,
            media_type=recipe.media_type,
            response_seconds=time.time(),
            parents=recipe.parents,
            description=msgspec.msgpack.encode(description),
            url=recipe.url,
        )
        return entry, found.checksums

    async def _keep(
        self, fill: Fill[_Made], recipe: Recipe, entry: Entry, checksums: bytes
    ) -> bool:
        if not recipe.keep or fill.spool.in_memory:
            return False
        reservation = self._store.reservation()
        try:
            if not await reservation.grow(entry.size_bytes):
                return False
            await to_its_end(
                self._store.commit(fill.spool.file_path, entry, reservation, checksums)
            )
            fill.spool.published()
        except OSError:
            return False
        finally:
            reservation.release()
        return True
