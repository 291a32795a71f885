"""Which blobs are served as they are, and which are looked at first."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from enum import Enum

import structlog

from imageid_daemon import checksums as crc
from imageid_daemon.cache.contents import Contents
from imageid_daemon.cache.entry import Entry
from imageid_daemon.cache.held_file import HeldFile
from imageid_daemon.events import EventKind

log = structlog.get_logger("imageid.cache")


class Verify(Enum):
    """What of a blob is compared with its checksums before it is served; its length always.

    SAMPLED: one part of 1 MiB, the first time that the blob is read since the start. FULL:
    all of it, every time.
    """

    OFF = "off"
    SAMPLED = "sampled"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class VerifyProgress:
    """How far a walk over all blobs has come.

    Args:
        unreadable_blobs: that could not be opened, which says nothing about them.
    """

    blobs: int
    checked_blobs: int = 0
    checked_bytes: int = 0
    damaged_blobs: int = 0
    unreadable_blobs: int = 0


class Trust:
    """Args:
    on_corrupt: called for each blob found to differ from its digest.
    """

    def __init__(self, contents: Contents, verify: Verify, on_corrupt: Callable[[], None]) -> None:
        self._contents = contents
        self._verify = verify
        self._on_corrupt = on_corrupt

    async def open(self, entry: Entry) -> HeldFile | None:
        """The entry's blob. None, and the entry forgotten, if it is gone or bad.

        Raises:
            OSError: it cannot be opened now, which says nothing about it.
        """
        if entry.digest in self._contents.suspect and not await self._clear(entry.digest):
            return None
        file = await self._open(entry)
        if file is None:
            await self.condemn(entry.digest)
            return None
        try:
            matches = await self._matches(entry, file) or not await self.condemn(entry.digest)
        except BaseException:
            file.close()
            raise
        if matches:
            return file
        file.close()
        return None

    def is_trusted(self, entry: Entry) -> bool:
        """Whether `open` would look at nothing but the blob's length."""
        if entry.digest in self._contents.suspect or self._verify is Verify.FULL:
            return False
        return self._verify is Verify.OFF or self._contents.ledger.is_checked(entry.digest)

    async def verify_all(self) -> AsyncGenerator[VerifyProgress, None]:
        """Compare every blob with its digest, one after the other; bad ones are condemned."""
        ledger = self._contents.ledger
        digests = ledger.digests()
        progress = VerifyProgress(len(digests))
        yield progress
        for digest in digests:
            started_seconds = time.monotonic()
            size_bytes = ledger.bytes_of(ledger.keys_of(digest))
            try:
                damaged = await self._is_damaged(digest)
            except OSError:
                progress = replace(progress, unreadable_blobs=progress.unreadable_blobs + 1)
            else:
                progress = replace(
                    progress,
                    checked_blobs=progress.checked_blobs + 1,
                    checked_bytes=progress.checked_bytes + size_bytes,
                    damaged_blobs=progress.damaged_blobs + damaged,
                )
            yield progress
            # Callers have the disk for the other half of the time.
            await asyncio.sleep(time.monotonic() - started_seconds)

    async def _is_damaged(self, digest: str) -> bool:
        contents = self._contents
        # Not under the lock, which condemning takes: a large blob would hold up every change.
        if not contents.ledger.holds(digest):
            return False
        if await asyncio.to_thread(contents.blobs.verify, digest):
            contents.ledger.note_checked(digest)
            return False
        return contents.ledger.holds(digest) and await self.condemn(digest)

    async def condemn(self, digest: str) -> bool:
        """Forget a blob that is not what its name says; False where it is."""
        return await self._contents.changes.carry_out(self._condemn(digest))

    async def _condemn(self, digest: str) -> bool:
        contents = self._contents
        async with contents.mutation:
            # Evicted since the lookup, or fetched again for another caller: nothing is wrong.
            if not contents.ledger.holds(digest):
                return True
            if await asyncio.to_thread(contents.blobs.verify, digest):
                contents.ledger.note_checked(digest)
                return False
            self._on_corrupt()
            for key in contents.ledger.keys_of(digest):
                contents.events.record(EventKind.CORRUPT, key)
            log.warning("cached blob is damaged; it will be fetched again")
            await asyncio.to_thread(contents.blobs.quarantine, digest)
            await contents.remove(contents.ledger.keys_of(digest))
            return True

    async def _clear(self, digest: str) -> bool:
        contents = self._contents
        if not await asyncio.to_thread(contents.blobs.verify, digest):
            await self.condemn(digest)
            return False
        if digest in contents.suspect:
            contents.suspect.discard(digest)
            contents.unflushed[digest] = object()
            contents.ledger.note_checked(digest)
        return True

    async def _open(self, entry: Entry) -> HeldFile | None:
        ledger = self._contents.ledger
        ledger.hold(entry.digest)
        loop = asyncio.get_running_loop()
        opening = loop.run_in_executor(
            None, self._contents.blobs.open, entry.digest, entry.size_bytes
        )

        def opened(done: asyncio.Future[int | None]) -> HeldFile | None:
            descriptor = None if done.exception() else done.result()
            if descriptor is None:
                ledger.let_go(entry.digest)
                return None
            return HeldFile(descriptor, entry.digest, ledger, self._contents.suspect.add)

        def close_opened(done: asyncio.Future[int | None]) -> None:
            if (file := opened(done)) is not None:
                file.close()

        try:
            await asyncio.wait([opening])
        except asyncio.CancelledError:
            # The thread opens it all the same, and nobody else would close it.
            opening.add_done_callback(close_opened)
            raise
        file = opened(opening)
        if (error := opening.exception()) is not None:
            raise error
        return file

    async def _matches(self, entry: Entry, file: HeldFile) -> bool:
        parts = crc.parts_of(entry.size_bytes)
        if self._verify is Verify.OFF or parts == 0:
            return True
        if self._verify is Verify.SAMPLED:
            if self._contents.ledger.is_checked(entry.digest):
                return True
            wanted = [random.randrange(parts)]  # noqa: S311 - a sample is no secret
        else:
            wanted = list(range(parts))
        # A part cannot be taken from under a thread that reads it.
        with_own = file.duplicate()
        checking = asyncio.get_running_loop().run_in_executor(
            None, self._compare, entry.digest, with_own.descriptor, wanted
        )
        checking.add_done_callback(lambda _: with_own.close())
        matches = await asyncio.shield(checking)
        if matches:
            self._contents.ledger.note_checked(entry.digest)
        return matches

    def _compare(self, digest: str, descriptor: int, parts: list[int]) -> bool:
        checksums = self._contents.facts.checksums(digest)
        if checksums is None:
            return False  # nothing vouches for it: its digest decides
        return all(crc.part_matches(descriptor, part, checksums) for part in parts)
