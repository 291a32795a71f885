"""A representation made of blobs: stored, being made for another caller, or made now."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
from contextlib import AsyncExitStack, closing
from dataclasses import dataclass
from typing import Any

import msgspec

from imageid_daemon.cache import Entry, Store
from imageid_daemon.fills import Blob, Body, Fill, Fills, job_to_its_end, to_its_end
from imageid_daemon.pixels import Description, Written
from imageid_daemon.resolver.answer import Answer, CacheStatus, Timing

# Makes one representation of the file at the first path, into the second.
Job = Callable[[str, str], Written]


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to make.

    Args:
        parents: digests of the blobs that it is made of.
        keep: whether the cache may keep it.
    """

    key: str
    parents: tuple[str, ...]
    job: Job
    keep: bool


@dataclass(slots=True)
class _Made:
    entry: Entry
    stored: bool
    decode_seconds: float


def description_of(entry: Entry) -> Description:
    """What was stored with a derived blob."""
    return msgspec.msgpack.decode(entry.description, type=Description)


class Derivations:
    """Obtains derived representations; jobs run in `workers`, each at most once at a time."""

    def __init__(self, store: Store, workers: Executor) -> None:
        self._store = store
        self._workers = workers
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

        def work(fill: Fill[_Made]) -> Coroutine[Any, Any, None]:
            # The fill's own hold on the source: its first caller may leave before it ends.
            held = fill.resources.enter_context(closing(source.duplicate()))
            return self._make(fill, recipe, held)

        fill, started = await stack.enter_async_context(self._fills.join(recipe.key, work))
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
        written = await self._work(fill, recipe.job, source)
        decode_seconds = time.monotonic() - started_seconds
        fill.spool.adopt(written.size_bytes)
        entry = Entry(
            key=recipe.key,
            digest=written.sha256.hex(),
            size_bytes=written.size_bytes,
            media_type=written.description.content_type,
            response_seconds=time.time(),
            parents=recipe.parents,
            description=msgspec.msgpack.encode(written.description),
        )
        stored = await self._keep(fill, recipe, entry)
        fill.announce(_Made(entry, stored, decode_seconds), written.size_bytes)

    async def _work(self, fill: Fill[_Made], job: Job, source: Blob) -> Written:
        def run() -> Written:
            return job(source.path, fill.spool.path)

        try:
            return await job_to_its_end(self._workers, run)
        except OSError as error:
            self._store.disk.refused(error)
            # Once more, without the disk.
            await to_its_end(asyncio.to_thread(fill.spool.move_to_memory))
            return await job_to_its_end(self._workers, run)

    async def _keep(self, fill: Fill[_Made], recipe: Recipe, entry: Entry) -> bool:
        if not recipe.keep or fill.spool.in_memory:
            return False
        reservation = self._store.reservation()
        try:
            if not await reservation.grow(entry.size_bytes):
                return False
            await to_its_end(self._store.commit(fill.spool.file_path, entry, reservation))
        except OSError:
            return False
        finally:
            reservation.release()
        return True
