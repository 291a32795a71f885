"""Index, books and files, changed in step.

Write order: spool, length and digest, facts, rename, entry. Delete order: entry, file, facts.
So at any moment an entry names a whole blob, and what no entry names is swept at the start.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import Awaitable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from weakref import WeakValueDictionary

import msgspec
import structlog

from imageid_daemon import checksums as crc
from imageid_daemon.cache import rows
from imageid_daemon.cache.ballast import Ballast
from imageid_daemon.cache.blobs import Blobs
from imageid_daemon.cache.changes import Changes
from imageid_daemon.cache.entry import Entry
from imageid_daemon.cache.facts import Facts, Record
from imageid_daemon.cache.index import Index, IndexDamaged, Row
from imageid_daemon.cache.ledger import Ledger
from imageid_daemon.cache.partials import Keeping, Partials
from imageid_daemon.cache.remover import Remover
from imageid_daemon.cache.rows import Pin
from imageid_daemon.events import EventKind, Events

_HOT_ENTRIES = 4096
_ROWS_A_QUERY = 500
# Others' changes come in between.
_RENEWED = 64

log = structlog.get_logger("imageid.cache")


@dataclass(frozen=True, slots=True)
class Publication:
    """A complete spool, whose length and digest the entry names.

    Args:
        checksums: as `Checksums` counts them; None to read the spool for them.
    """

    spool: Path
    entry: Entry
    checksums: bytes | None


class Contents:
    """What is stored. Whoever changes it holds `mutation`.

    Args:
        durable: flush every blob before its entry, rather than in the background.
        keeping: what becomes of bodies that break off.
    """

    def __init__(self, directory: Path, ledger: Ledger, *, durable: bool, keeping: Keeping) -> None:
        self.directory = directory
        self.ledger = ledger
        self.durable = durable
        self.blobs = Blobs(directory)
        self.facts = Facts(directory)
        self.ballast = Ballast(directory / "ballast")
        self.index = Index(directory / "index")
        # Published by this boot and not flushed yet; each publishing has a mark of its own.
        self.unflushed: dict[str, object] = {}
        # Published by an earlier boot that stopped before it had flushed them.
        self.suspect: set[str] = set()
        # One change at a time: a blob that one entry publishes is not unlinked for another.
        self.mutation = asyncio.Lock()
        self.changes = Changes()
        self.partials = Partials(directory, ledger, self.changes, keeping)
        self.remover = Remover(ledger, self.blobs, self.facts, self.mutation)
        # Confirmed by their origins since their facts were written, by digest and key.
        self.renewed: dict[str, dict[str, Entry]] = {}
        self.pins: dict[str, Pin] = {}
        self.events = Events()
        self._hot: OrderedDict[str, Entry] = OrderedDict()
        # Those that somebody holds, hot or not: each key has one object at a time, and another
        # one as soon as its answer is another.
        self._current: WeakValueDictionary[str, Entry] = WeakValueDictionary()

    # Reading

    async def find(self, key: str) -> Entry | None:
        """The entry of a key. Absent keys and those used lately cost no I/O."""
        if (hot := self._hot.get(key)) is not None:
            self._hot.move_to_end(key)
            return hot
        if key not in self.ledger:
            return None
        try:
            row = await self.index.get(rows.entry_name(key))
            entry = None if row is None else rows.read_entry(key, row)
        except (IndexDamaged, msgspec.MsgspecError) as error:
            log.warning("cache index not readable", reason=type(error).__name__)
            return None
        # Removed or replaced meanwhile.
        if entry is None or self.ledger.digest_of(key) != entry.digest:
            return None
        # Read, or written anew, for another caller meanwhile.
        return self._remember(self._current.get(key, entry))

    def current(self, key: str) -> Entry | None:
        """The entry of a key if it is in memory; the same object while nothing has changed."""
        return self._current.get(key)

    async def find_many(self, keys: Iterable[str]) -> dict[str, Entry]:
        """Those of these entries that there are. None of them counts as used lately."""
        found: dict[str, Entry] = {}
        missing = []
        for key in keys:
            if (hot := self._hot.get(key)) is not None:
                found[key] = hot
            elif key in self.ledger:
                missing.append(rows.entry_name(key))
        # Others' rows are read in between.
        for first in range(0, len(missing), _ROWS_A_QUERY):
            names = missing[first : first + _ROWS_A_QUERY]
            for entry in self._entries(await _readable(self.index.get_many(names))):
                found[entry.key] = entry
        return found

    async def page(self, after_key: str, count: int) -> tuple[list[Entry], str | None]:
        """The next entries in the order of their keys, and the key to go on after.

        The key is None at the end. What is there from the first page to the last is given
        once, whatever is stored and forgotten meanwhile.
        """
        reading = self.index.page(rows.ENTRIES, rows.entry_name(after_key), count)
        page = await _readable(reading)
        is_last = len(page) < count
        return list(self._entries(page)), None if is_last else rows.entry_key(page[-1])

    def _entries(self, page: Iterable[Row]) -> Iterator[Entry]:
        for row in page:
            with contextlib.suppress(msgspec.MsgspecError):
                entry = rows.read_entry(rows.entry_key(row), row.value)
                if self.ledger.digest_of(entry.key) == entry.digest:
                    yield entry

    # Changing

    async def add(self, publications: Sequence[Publication]) -> list[OSError | None]:
        """Publish spools and write their entries; the books are not touched yet.

        Args:
            publications: of which no two have a key or a digest in common.

        Returns:
            for each, why the disk does not take it: nothing of it is stored then
        """
        errors: list[OSError | None] = []
        published: list[Entry] = []

        def publish() -> list[Row]:
            errors.extend(map(self._refusal, publications))
            published.extend(
                each.entry for each, error in zip(publications, errors, strict=True) if not error
            )
            unflushed = [] if self.durable else [e.digest for e in published]
            return [*map(rows.entry_row, published), *map(rows.unflushed_row, unflushed)]

        try:
            if self.durable:
                # The disk is waited for: others read the index meanwhile.
                await self.index.write(put=await asyncio.to_thread(publish))
            else:
                await self.index.write_made(publish)
        except OSError as error:
            left = [e.digest for e in published if not self.ledger.holds(e.digest)]
            await asyncio.to_thread(self.blobs.unlink, *left)
            return [each or error for each in errors or [error] * len(publications)]
        return errors

    async def enter(self, entry: Entry) -> None:
        """Take what was added into the books, before anything is awaited."""
        replaced = self.ledger.digest_of(entry.key)
        orphan = self._strike(entry.key)
        if not self.durable:
            self.unflushed[entry.digest] = object()
        self.suspect.discard(entry.digest)
        self.ledger.add(entry.key, entry.digest, entry.size_bytes, entry.parents)
        self.ledger.note_checked(entry.digest)
        self._remember(entry)
        self.events.record(
            EventKind.STORED,
            entry.key,
            url=entry.url,
            representation=entry.representation,
            size_bytes=entry.size_bytes,
        )
        if orphan is not None:
            self.remover.add([orphan])
        elif replaced is not None and replaced != entry.digest:
            await asyncio.to_thread(self.facts.drop, replaced, [entry.key])

    async def renew(self, entry: Entry) -> None:
        """Write an entry anew whose blob stays."""
        if self.ledger.digest_of(entry.key) == entry.digest:
            await self.index.write(put=[rows.entry_row(entry)])
            self._remember(entry)
            self.renewed.setdefault(entry.digest, {})[entry.key] = entry

    async def remove(self, keys: Iterable[str]) -> tuple[int, int]:
        """Remove entries, and leave the blobs that no other holds to the remover.

        Returns:
            entries removed, bytes freed
        """
        before_bytes = self.ledger.stored_bytes
        removed = [key for key in keys if key in self.ledger]
        held = {key: self.ledger.digest_of(key) for key in removed}
        orphans = [digest for key in removed if (digest := self._strike(key)) is not None]
        names = [name for digest in orphans for name in rows.names_of_blob(digest)]
        for key in removed:
            self.events.record(EventKind.EVICTED, key)
        await self._delete_rows([*map(rows.entry_name, removed), *names])
        shared = {digest: {k for k in held if held[k] == digest} for digest in held.values()}
        for digest, gone in shared.items():
            if digest is not None and self.ledger.holds(digest):
                await asyncio.to_thread(self.facts.drop, digest, gone)
        self.remover.add(orphans)
        return len(removed), before_bytes - self.ledger.stored_bytes

    async def try_to_write(self) -> None:
        """Do what a fill does, with a file and a row of no meaning.

        Raises:
            OSError: the disk does not take it.
        """
        await asyncio.to_thread(self.prepare)
        await asyncio.to_thread(self.blobs.try_to_write)
        await self.index.try_to_write()

    def prepare(self) -> None:
        """Make the folders. Blocking."""
        self.blobs.prepare()
        self.facts.prepare()
        self.partials.prepare()

    async def flush(self) -> None:
        """Bring blobs, and what eviction knows of them, to the disk."""
        marks = dict(self.unflushed)
        synced = await asyncio.to_thread(self.blobs.sync, marks)
        async with self.mutation:
            # What was published anew meanwhile is another file.
            safe = [digest for digest in synced if self.unflushed.get(digest) is marks[digest]]
            for digest in safe:
                del self.unflushed[digest]
            moved = self.ledger.eviction.moved()
            await self.index.write(
                put=[rows.standing_row(digest, standing) for digest, standing in moved.items()],
                delete=map(rows.unflushed_name, safe),
            )

    async def write_renewed(self) -> None:
        """Bring what a rebuilt index would know of freshness up to date.

        Else it would trust what an origin has taken back: a `max-age` of a year, say, that a
        304 has made `no-cache`.
        """
        while self.renewed:
            async with self.mutation:
                some = [self.renewed.popitem() for _ in range(min(_RENEWED, len(self.renewed)))]
                # Replaced meanwhile, or removed.
                held = {
                    digest: {k: e for k, e in by_key.items() if self.ledger.digest_of(k) == digest}
                    for digest, by_key in some
                }
                await asyncio.to_thread(self._renew_facts, held)

    def _renew_facts(self, renewed: dict[str, dict[str, Entry]]) -> None:
        for digest, entries in renewed.items():
            if entries:
                self.facts.renew(digest, entries)

    def _refusal(self, publication: Publication) -> OSError | None:
        """Publish it; gives why the disk does not take it."""
        try:
            self._publish(publication)
        except OSError as error:
            return error
        return None

    def _publish(self, publication: Publication) -> None:
        spool, entry, checksums = publication.spool, publication.entry, publication.checksums
        if checksums is None:
            with spool.open("rb") as file:
                checksums = crc.of_file(file.fileno())
        is_first = not self.ledger.holds(entry.digest)
        if is_first or entry.key not in self.ledger.keys_of(entry.digest):
            self.facts.write(Record(entry, checksums), first=is_first)
        self.blobs.publish(spool, entry.digest, durable=self.durable)

    async def _delete_rows(self, names: list[str]) -> None:
        try:
            await self.index.write(delete=names)
        except OSError:
            # A full disk cannot even delete rows, unless something is given up for it.
            await asyncio.to_thread(self.ballast.drop)
            try:
                await self.index.write(delete=names)
            except OSError as error:
                # Without its blob an entry is harmless.
                log.warning("cache index not updated", reason=type(error).__name__)

    def _strike(self, key: str) -> str | None:
        self._hot.pop(key, None)
        self._current.pop(key, None)
        orphan = self.ledger.remove(key)
        if orphan is not None:
            self.unflushed.pop(orphan, None)
            self.suspect.discard(orphan)
        return orphan

    def _remember(self, entry: Entry) -> Entry:
        self._hot[entry.key] = self._current[entry.key] = entry
        self._hot.move_to_end(entry.key)
        if len(self._hot) > _HOT_ENTRIES:
            self._hot.popitem(last=False)
        return entry

    async def pin(self, keys: Iterable[str], pin: Pin) -> None:
        """Keep what answers the keys."""
        keys = list(keys)
        await self.index.write(put=[rows.pin_row(key, pin) for key in keys])
        for key in keys:
            self.ledger.pin(key, pin.until_seconds)
            self.pins[key] = pin

    async def unpin(self, keys: Iterable[str]) -> int:
        """Gives how many were pinned."""
        pinned = [key for key in keys if self.ledger.unpin(key)]
        for key in pinned:
            del self.pins[key]
        await self._delete_rows([rows.pin_name(key) for key in pinned])
        return len(pinned)


async def _readable(reading: Awaitable[list[Row]]) -> list[Row]:
    try:
        return await reading
    except (IndexDamaged, OSError) as error:
        log.warning("cache index not readable", reason=type(error).__name__)
        return []
