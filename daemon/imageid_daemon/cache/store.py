"""The disk cache: blobs, their index and their books kept in step.

Write order: spool, length and digest, rename, entry. Delete order: entry, file. So at any
moment an entry names a whole blob, and what no entry names is swept at the next start.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Iterable
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
import structlog

from imageid_daemon.cache import entry as entries
from imageid_daemon.cache import rows
from imageid_daemon.cache.blobs import Blobs
from imageid_daemon.cache.entry import Entry
from imageid_daemon.cache.index import Index, IndexDamaged, Row
from imageid_daemon.cache.ledger import Ledger

_FLUSH_SECONDS = 2.0
_HOT_ENTRIES = 4096

T = TypeVar("T")

log = structlog.get_logger("imageid.cache")


class MinFree(Protocol):
    """How much of the disk stays free."""

    def floor_bytes(self, disk_bytes: int) -> int: ...


class Reservation:
    """Bytes set aside for a fill. Give it back exactly once, stored or not."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.size_bytes = 0

    async def grow(self, size_bytes: int) -> bool:
        """Set more aside; False when it can never fit."""
        return await self._store.set_aside(self, size_bytes)

    def release(self) -> None:
        self._store.ledger.release(self.size_bytes)
        self.size_bytes = 0


class Store:
    """Keeps blobs under keys, within a limit of bytes.

    Args:
        directory: private to this daemon, which holds its lock.
        durable: flush every blob before its entry, rather than in the background.
        on_corrupt: called for each blob found to differ from its digest.
    """

    def __init__(
        self,
        directory: Path,
        *,
        limit_bytes: int,
        min_free: MinFree,
        durable: bool,
        on_corrupt: Callable[[], None],
    ) -> None:
        self._directory = directory
        self._min_free = min_free
        self._durable = durable
        self._on_corrupt = on_corrupt
        self._blobs = Blobs(directory)
        self._index = Index(directory / "index")
        self.ledger = Ledger(limit_bytes)
        self._hot: OrderedDict[str, Entry] = OrderedDict()
        # Published by this boot and not flushed yet; each publishing has a mark of its own.
        self._unflushed: dict[str, object] = {}
        # Published by an earlier boot that stopped before it had flushed them.
        self._suspect: set[str] = set()
        self._free_bytes = 0
        self._is_open = False
        self._background: set[asyncio.Task[None]] = set()
        self._sweeping: asyncio.Task[None] | None = None
        self._changes: set[asyncio.Task[Any]] = set()
        # One change at a time: a blob that one entry publishes is not unlinked for another.
        self._mutation = asyncio.Lock()

    # Life

    async def open(self) -> None:
        """Read the index. A damaged one is set aside and the cache starts empty.

        Where the disk does not take an index, nothing is kept until the next start.
        """
        try:
            found = await self._open_index()
        except OSError as error:
            log.error("the cache's disk refuses; nothing is kept", reason=type(error).__name__)
            return
        outdated = await asyncio.to_thread(self._enter, found)
        self._is_open = True
        with contextlib.suppress(OSError):
            await self._index.write(delete=outdated)
            await self._measure_disk()
        await self._carry_out(self._evict())
        self._sweeping = asyncio.create_task(self._sweep())
        self._keep(self._sweeping)
        self._keep(asyncio.create_task(self._flush_for_ever()))

    async def swept(self) -> None:
        """Wait until what an earlier boot left behind is gone."""
        if self._sweeping is not None:
            await self._sweeping

    async def close(self) -> None:
        """Flush what is stored, so that the next start need not check it."""
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, *self._changes, return_exceptions=True)
        if self._is_open:
            await self._try_to_flush()
            # A hint alone, so not worth a row at every flush.
            with contextlib.suppress(OSError):
                await self._index.write(put=[rows.ghosts_row(self.ledger.eviction.ghosts)])
        await self._index.close()

    # Reading

    async def find(self, key: str) -> Entry | None:
        """The entry of a key. Absent keys cost no I/O."""
        if (hot := self._hot.get(key)) is not None:
            self._hot.move_to_end(key)
            return hot
        if key not in self.ledger:
            return None
        try:
            row = await self._index.get(rows.entry_name(key))
            entry = None if row is None else entries.decode(row)
        except (IndexDamaged, msgspec.MsgspecError) as error:
            log.warning("cache index not readable", reason=type(error).__name__)
            return None
        if entry is None or key not in self.ledger:
            return None
        return self._remember(entry)

    def note_use(self, entry: Entry) -> None:
        """The entry's blob was asked for."""
        self.ledger.eviction.touch(entry.digest)

    async def open_blob(self, entry: Entry) -> int | None:
        """A descriptor of the entry's blob, which the caller closes.

        None when it cannot be had. If the blob is gone or bad, the entry is forgotten.
        """
        try:
            if entry.digest in self._suspect and not await self._clear(entry.digest):
                return None
            descriptor = await self._open_descriptor(entry)
            if descriptor is None:
                await self._carry_out(self._condemn(entry.digest))
        except OSError as error:
            log.warning("cached blob not readable", reason=type(error).__name__)
            return None
        return descriptor

    async def _open_descriptor(self, entry: Entry) -> int | None:
        loop = asyncio.get_running_loop()
        opening = loop.run_in_executor(None, self._blobs.open, entry.digest, entry.size_bytes)
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            # The thread opens it all the same, and nobody else would close it.
            opening.add_done_callback(_close_opened)
            raise

    def path(self, entry: Entry) -> Path:
        return self._blobs.path(entry.digest)

    # Writing

    def new_spool_path(self) -> Path:
        return self._blobs.new_spool_path()

    def reservation(self) -> Reservation:
        return Reservation(self)

    async def commit(self, spool: Path, entry: Entry, reservation: Reservation) -> None:
        """Publish a complete spool whose length and digest the entry names.

        To be carried out to its end (`fills.to_its_end`): half of it leaves an orphan.

        Args:
            reservation: of its bytes, given back as they are entered in the books.

        Raises:
            OSError: the disk does not take it; nothing is stored.
        """
        async with self._mutation:
            await asyncio.to_thread(self._blobs.publish, spool, entry.digest, durable=self._durable)
            put = [rows.entry_row(entry)]
            if not self._durable:
                put.append(rows.unflushed_row(entry.digest))
            try:
                await self._index.write(put=put)
            except OSError:
                await self._unlink(entry.digest)
                raise
            reservation.release()
            await self._enter_new(entry)

    async def renew(self, entry: Entry) -> None:
        """Write an entry anew whose blob stays: the origin confirmed it."""
        async with self._mutation:
            if entry.key in self.ledger:
                await self._index.write(put=[rows.entry_row(entry)])
                self._remember(entry)

    async def forget(self, keys: Iterable[str]) -> tuple[int, int]:
        """Remove entries, and the blobs that no other entry holds.

        Returns:
            entries removed, bytes freed
        """
        return await self._carry_out(self._forget(keys))

    async def flush(self) -> None:
        """Bring blobs, and what eviction knows of them, to the disk."""
        marks = dict(self._unflushed)
        synced = await asyncio.to_thread(self._blobs.sync, marks)
        async with self._mutation:
            # What was published anew meanwhile is another file.
            safe = [digest for digest in synced if self._unflushed.get(digest) is marks[digest]]
            for digest in safe:
                del self._unflushed[digest]
            await self._index.write(
                put=[
                    rows.standing_row(digest, standing)
                    for digest, standing in self.ledger.eviction.moved().items()
                ],
                delete=map(rows.unflushed_name, safe),
            )

    # Room

    async def set_aside(self, reservation: Reservation, size_bytes: int) -> bool:
        """Make room; `Reservation.grow` is the way to call it."""
        if not self._is_open:
            return False
        try:
            await self._measure_disk()
        except OSError:
            return False
        if not self.ledger.reserve(size_bytes, self._free_bytes):
            return False
        # Before anything is awaited: a fill that is cancelled gives it back.
        reservation.size_bytes += size_bytes
        await self._carry_out(self._evict())
        return True

    async def _evict(self) -> None:
        async with self._mutation:
            victims = self.ledger.victims(self._free_bytes)
            if victims:
                before = self.ledger.blobs
                _, freed_bytes = await self._remove(victims)
                self.ledger.note_eviction(before - self.ledger.blobs, freed_bytes)
                # Until it is measured again.
                self._free_bytes += freed_bytes

    async def _measure_disk(self) -> None:
        room, disk = await asyncio.to_thread(self._blobs.room_bytes)
        self._free_bytes = room - self._min_free.floor_bytes(disk)

    # Index and books

    async def _open_index(self) -> list[Row]:
        await asyncio.to_thread(self._blobs.prepare)
        try:
            await self._index.open()
            return await self._index.rows()
        except IndexDamaged as error:
            log.warning("cache index set aside", reason=str(error))
            await self._start_anew()
            return []

    def _enter(self, found: list[Row]) -> list[str]:
        """Fill the books; gives the names of rows that are good for nothing. Blocking."""
        stored = rows.read(found)
        standings = stored.standings
        # In the order in which they stood; what stood nowhere yet came last.
        by_turn = sorted(
            stored.entries.values(),
            key=lambda entry: (
                entry.digest not in standings,
                standings[entry.digest].turn if entry.digest in standings else 0,
                entry.response_seconds,
            ),
        )
        for entry in by_turn:
            standing = standings.get(entry.digest)
            self.ledger.add(entry.key, entry.digest, entry.size_bytes, entry.parents, standing)
        self.ledger.eviction.remember(stored.ghosts)
        self._suspect = stored.unflushed
        return stored.outdated

    async def _enter_new(self, entry: Entry) -> None:
        orphan = self._strike(entry.key)
        if not self._durable:
            self._unflushed[entry.digest] = object()
        self._suspect.discard(entry.digest)
        self.ledger.add(entry.key, entry.digest, entry.size_bytes, entry.parents)
        self._remember(entry)
        if orphan is not None:
            await self._unlink(orphan)

    async def _unlink(self, digest: str) -> None:
        if not self.ledger.holds(digest):
            await asyncio.to_thread(self._blobs.unlink, digest)

    async def _forget(self, keys: Iterable[str]) -> tuple[int, int]:
        async with self._mutation:
            return await self._remove(keys)

    async def _remove(self, keys: Iterable[str]) -> tuple[int, int]:
        before_bytes = self.ledger.stored_bytes
        removed = [key for key in keys if key in self.ledger]
        orphans = [digest for key in removed if (digest := self._strike(key)) is not None]
        try:
            await self._index.write(
                delete=[
                    *map(rows.entry_name, removed),
                    *(name for digest in orphans for name in rows.names_of_blob(digest)),
                ]
            )
        except OSError as error:
            # A full disk cannot even delete rows. Without its blob an entry is harmless.
            log.warning("cache index not updated", reason=type(error).__name__)
        await asyncio.to_thread(self._blobs.unlink, *orphans)
        return len(removed), before_bytes - self.ledger.stored_bytes

    async def _carry_out(self, change: Coroutine[Any, Any, T]) -> T:
        """Await a change that goes on to its end even if the caller leaves.

        Half of one would put index, books and files at odds.
        """
        task = asyncio.create_task(change)
        self._changes.add(task)
        task.add_done_callback(self._changes.discard)
        return await asyncio.shield(task)

    def _strike(self, key: str) -> str | None:
        self._hot.pop(key, None)
        orphan = self.ledger.remove(key)
        if orphan is not None:
            self._unflushed.pop(orphan, None)
            self._suspect.discard(orphan)
        return orphan

    def _remember(self, entry: Entry) -> Entry:
        self._hot[entry.key] = entry
        self._hot.move_to_end(entry.key)
        if len(self._hot) > _HOT_ENTRIES:
            self._hot.popitem(last=False)
        return entry

    async def _start_anew(self) -> None:
        await self._index.close()
        index = self._directory / "index"
        aside = self._directory / f"index-damaged-{time.time_ns()}"
        await asyncio.to_thread(index.rename, aside)
        self._index = Index(index)
        await self._index.open()

    # Trust

    async def _clear(self, digest: str) -> bool:
        if await asyncio.to_thread(self._blobs.verify, digest):
            if digest in self._suspect:
                self._suspect.discard(digest)
                self._unflushed[digest] = object()
            return True
        await self._carry_out(self._condemn(digest))
        return False

    async def _condemn(self, digest: str) -> None:
        async with self._mutation:
            # Evicted since the lookup, or fetched again for another caller: nothing is wrong.
            if not self.ledger.holds(digest):
                return
            if await asyncio.to_thread(self._blobs.verify, digest):
                return
            self._on_corrupt()
            log.warning("cached blob is damaged; it will be fetched again")
            await asyncio.to_thread(self._blobs.quarantine, digest)
            await self._remove(self.ledger.keys_of(digest))

    # Background

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _sweep(self) -> None:
        removed = await asyncio.to_thread(self._blobs.sweep, self.ledger.holds)
        if removed:
            log.info("leftovers of an earlier run removed", files=removed)

    async def _flush_for_ever(self) -> None:
        while True:
            await asyncio.sleep(_FLUSH_SECONDS)
            if self._unflushed or self.ledger.eviction.has_moved:
                await self._try_to_flush()

    async def _try_to_flush(self) -> None:
        try:
            await self.flush()
        except (OSError, IndexDamaged) as error:
            log.warning("cache could not be flushed", reason=type(error).__name__)


def _close_opened(opening: asyncio.Future[int | None]) -> None:
    if opening.exception() is None and (descriptor := opening.result()) is not None:
        os.close(descriptor)
