"""The disk cache: blobs kept under keys, within a limit of bytes."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncGenerator, Callable, Iterable
from pathlib import Path

import structlog

from imageid_daemon.cache.commits import Commits
from imageid_daemon.cache.contents import Contents, Publication
from imageid_daemon.cache.disk_state import FIRST_WAIT_SECONDS, DiskState
from imageid_daemon.cache.disk_watch import DiskWatch
from imageid_daemon.cache.entry import Entry
from imageid_daemon.cache.held_file import HeldFile
from imageid_daemon.cache.ledger import Ledger
from imageid_daemon.cache.partials import Keeping, Partials
from imageid_daemon.cache.room import MinFree, Reservation, Room
from imageid_daemon.cache.rows import Pin
from imageid_daemon.cache.start import restore
from imageid_daemon.cache.trust import Trust, Verify, VerifyProgress
from imageid_daemon.cache.upkeep import Upkeep
from imageid_daemon.events import Events

# From the answer that names a file to its opening; a program that is stopped for longer asks again.
_HAND_OUT_SECONDS = 10.0

log = structlog.get_logger("imageid.cache")


class Store:
    """Composed of `contents` (index, books and files), `trust` (what is served unchecked),
    `room` (reserving and evicting), `upkeep` (what is done in the background) and `disk`
    (whether it is written to at all).

    Args:
        directory: private to this daemon, which holds its lock.
        max_item_bytes: what is larger passes through unstored; None is no limit of its own.
        durable: flush every blob before its entry, rather than in the background.
        on_corrupt: called for each blob found to differ from its digest.
        on_disk_change: told each time that the disk's state is another one.
        probe_after_seconds: from a disk's refusal to the first try whether it works again.
        keeping: what becomes of bodies that break off.
    """

    def __init__(
        self,
        directory: Path,
        *,
        limit_bytes: int,
        min_free: MinFree,
        durable: bool,
        on_corrupt: Callable[[], None],
        max_item_bytes: int | None = None,
        verify: Verify = Verify.SAMPLED,
        on_disk_change: Callable[[DiskState], None] = lambda _: None,
        probe_after_seconds: float = FIRST_WAIT_SECONDS,
        keeping: Keeping | None = None,
    ) -> None:
        self.ledger = Ledger(limit_bytes)
        self.disk = DiskWatch(self._probe, on_disk_change, probe_after_seconds)
        self._contents = Contents(
            directory, self.ledger, durable=durable, keeping=keeping or Keeping()
        )
        self._commits = Commits(self._contents)
        self._trust = Trust(self._contents, verify, on_corrupt)
        self._room = Room(self._contents, min_free, max_item_bytes or 2**63)
        self._upkeep = Upkeep(self._contents, self._room, self.disk)
        self._is_open = False

    # Life

    async def open(self) -> None:
        """Read what an earlier run left. Where the disk refuses, images pass through."""
        self.disk.begin()
        try:
            await self._restore()
        except OSError as error:
            self.disk.refused(error)

    async def swept(self) -> None:
        """Wait until what an earlier boot left behind is gone."""
        await self._upkeep.swept()

    async def close(self) -> None:
        """Flush what is stored, so that the next start need not check it."""
        await self.disk.close()
        await self._contents.changes.settled()
        await self._upkeep.close()
        await self._contents.remover.drained()
        await self._contents.index.close()

    async def _restore(self) -> None:
        await restore(self._contents)
        await self.partials.restore()
        self._is_open = True
        with contextlib.suppress(OSError):
            await self._room.keep_to_limit()
        self._upkeep.begin()

    async def _probe(self) -> None:
        if not self._is_open:
            await self._restore()
        await self._contents.try_to_write()

    def set_limits(self, limit_bytes: int, max_item_bytes: int) -> None:
        """Put others in force; what no longer fits goes in the background."""
        self.ledger.limit_bytes = limit_bytes
        self._room.max_item_bytes = max_item_bytes

    # Reading

    async def find(self, key: str) -> Entry | None:
        """The entry of a key. Absent keys and those used lately cost no I/O."""
        return await self._contents.find(key)

    def current(self, key: str) -> Entry | None:
        """The entry of a key if it is in memory; the same object while nothing has changed."""
        return self._contents.current(key)

    def is_trusted(self, entry: Entry) -> bool:
        """Whether its blob is served without a look at its bytes."""
        return self._trust.is_trusted(entry)

    async def find_many(self, keys: Iterable[str]) -> dict[str, Entry]:
        """Those of these entries that there are, by key."""
        return await self._contents.find_many(keys)

    async def page(self, after_key: str, count: int) -> tuple[list[Entry], str | None]:
        """Entries in the order of their keys, and the key to go on after; None at the end."""
        return await self._contents.page(after_key, count)

    def pin_of(self, key: str) -> Pin | None:
        """The pin of a key, while it holds."""
        return self._contents.pins.get(key) if self.ledger.is_pinned(key, time.time()) else None

    def tagged(self, tag: str) -> set[str]:
        """The keys that are pinned under a label."""
        return {key for key, pin in self._contents.pins.items() if pin.tag == tag}

    @property
    def partials(self) -> Partials:
        """Bodies that broke off."""
        return self._contents.partials

    @property
    def events(self) -> Events:
        return self._contents.events

    def note_use(self, entry: Entry) -> None:
        """The entry's blob was asked for."""
        self.ledger.eviction.touch(entry.digest)

    async def open_blob(self, entry: Entry) -> HeldFile | None:
        """The entry's blob, which the caller closes; it is not evicted until then.

        None when it cannot be had. If the blob is gone or bad, the entry is forgotten.
        """
        try:
            return await self._trust.open(entry)
        except OSError as error:
            log.warning("cached blob not readable", reason=type(error).__name__)
            return None

    def path(self, entry: Entry) -> Path:
        return self._contents.blobs.path(entry.digest)

    def hand_out(self, entry: Entry) -> str | None:
        """Where the entry's blob is, for others to open; it is not evicted for some seconds.

        None where the entry is not stored, or no longer, and where too much of the cache would
        have to stay.
        """
        if self.ledger.digest_of(entry.key) != entry.digest or not self._hand_out(entry):
            return None
        return self._contents.blobs.name(entry.digest)

    def hand_out_at_once(self, entry: Entry) -> bool:
        """`hand_out` once more, of an entry that is `current`; False where its blob is gone."""
        is_there = self._contents.blobs.is_there(entry.digest, entry.size_bytes)
        return is_there and self._hand_out(entry)

    def _hand_out(self, entry: Entry) -> bool:
        now_seconds = time.time()
        if not self.ledger.may_hand_out(entry.digest, now_seconds):
            return False
        self.ledger.hand_out(entry.digest, now_seconds + _HAND_OUT_SECONDS)
        return True

    def read_at_once(self, entry: Entry) -> bytes | None:
        """The blob of an entry that is `current` and `is_trusted`, where it is in memory."""
        return self._contents.blobs.read_at_once(entry.digest, entry.size_bytes)

    def verify(self) -> AsyncGenerator[VerifyProgress, None]:
        """Compare every blob with its digest; bad ones are forgotten."""
        return self._trust.verify_all()

    # Writing

    def new_spool_path(self) -> Path:
        """Where a body may grow, while `disk` is writable."""
        return self._contents.blobs.new_spool_path()

    def reservation(self) -> Reservation:
        return Reservation(self)

    async def set_aside(self, reservation: Reservation, size_bytes: int) -> bool:
        """Make room; `Reservation.grow` is the way to call it."""
        if not (self._is_open and self.disk.is_writable):
            return False
        try:
            return await self._room.set_aside(reservation, size_bytes)
        except OSError as error:
            self.disk.refused(error)
            return False

    def release(self, size_bytes: int) -> None:
        """Give a reservation back; `Reservation.release` is the way to call it."""
        self.ledger.release(size_bytes)

    async def commit(
        self, spool: Path, entry: Entry, reservation: Reservation, checksums: bytes | None = None
    ) -> None:
        """Publish a complete spool whose length and digest the entry names.

        To be carried out to its end (`fills.to_its_end`): half of it leaves an orphan.

        Args:
            reservation: of its bytes, given back as they are entered in the books.
            checksums: as `Checksums` counts them; None to read the spool for them.

        Raises:
            OSError: the disk does not take it; nothing is stored.
        """
        try:
            await self._commits.commit(Publication(spool, entry, checksums), reservation)
        except OSError as error:
            self.disk.refused(error)
            raise

    async def renew(self, entry: Entry) -> None:
        """Write an entry anew whose blob stays: the origin confirmed it.

        Raises:
            OSError: the disk does not take it; the entry is as it was.
        """
        async with self._contents.mutation:
            try:
                await self._contents.renew(entry)
            except OSError as error:
                self.disk.refused(error)
                raise

    async def forget(self, keys: Iterable[str]) -> tuple[int, int]:
        """Remove entries, and the blobs that no other entry holds.

        Returns:
            entries removed, bytes freed
        """
        return await self._contents.changes.carry_out(self._forget(keys))

    async def pin(self, keys: Iterable[str], until_seconds: float, tag: str = "") -> None:
        """Keep what answers these keys, now or later, from eviction until a Unix time.

        Raises:
            OSError: the disk does not take it; nothing is pinned.
        """
        async with self._contents.mutation:
            await self._contents.pin(keys, Pin(until_seconds, tag))

    async def unpin(self, keys: Iterable[str]) -> int:
        """Let these keys go the way of all others; gives how many were pinned."""
        async with self._contents.mutation:
            return await self._contents.unpin(keys)

    async def flush(self) -> None:
        """Bring blobs, and what eviction knows of them, to the disk."""
        await self._contents.flush()

    async def removed(self) -> None:
        """Wait until the files of what was removed are gone."""
        await self._contents.remover.drained()

    async def _forget(self, keys: Iterable[str]) -> tuple[int, int]:
        async with self._contents.mutation:
            removed = await self._contents.remove(keys)
        await self._contents.remover.drained()
        return removed
