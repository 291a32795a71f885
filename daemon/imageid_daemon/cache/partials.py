"""Bodies that broke off, kept for a while: who asks again fetches the rest alone.

They count among the cache's bytes, within a share of them, and are the first to go.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from imageid_daemon.cache.changes import Changes
from imageid_daemon.cache.ledger import Ledger
from imageid_daemon.cache.partial_files import Partial, PartialFiles
from imageid_loaders.base import Continuation

_READ_BYTES = 1024 * 1024
# A fill that is slow to die keeps nobody from asking anew.
_PATIENCE_SECONDS = 1.0

log = structlog.get_logger("imageid.cache")


@dataclass(frozen=True, slots=True)
class Keeping:
    """What is kept.

    Args:
        seconds: for how long.
        share: of the cache's limit, from 0 to 1.
        noted_bytes: after so many more bytes of a body its facts are written anew; a daemon
            that is killed loses no more than that.
    """

    seconds: float = 3600.0
    share: float = 0.1
    noted_bytes: int = 4 * 1024 * 1024


class Growing(Protocol):
    """The spool of a fill."""

    file_path: Path
    size_bytes: int
    in_memory: bool

    @property
    def checksums(self) -> bytes: ...


class Reserved(Protocol):
    """The bytes that are set aside for it."""

    size_bytes: int


class Partials:
    """By key, one each.

    Args:
        changes: what is done here is carried out to its end.
    """

    def __init__(self, directory: Path, ledger: Ledger, changes: Changes, keeping: Keeping) -> None:
        self.keeping = keeping
        self._files = PartialFiles(directory)
        self._ledger = ledger
        self._changes = changes
        self._kept: dict[str, tuple[str, Partial]] = {}
        self._in_use: set[str] = set()
        self._growing: dict[str, Growth] = {}
        # One after the other: what one makes room for, no other takes.
        self._turn = asyncio.Lock()

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: object) -> bool:
        return key in self._kept

    def prepare(self) -> None:
        """Make the folder. Blocking."""
        self._files.prepare()

    async def restore(self) -> None:
        """Take up what earlier boots left, also one that was killed."""
        found = await asyncio.to_thread(self._files.restore)
        for name, partial in sorted(found.items(), key=lambda item: item[1].kept_seconds):
            await self._enter(name, partial)
        await self.expire(time.time())

    # What fills do

    @asynccontextmanager
    async def growing(
        self, key: str, continuation: Continuation, spool: Growing, url: str = ""
    ) -> AsyncIterator[Growth]:
        """While a body grows that could be continued if it broke off."""
        growth = Growth(self, self._files, key, continuation, spool, url)
        self._growing[key] = growth
        try:
            yield growth
        finally:
            if growth.has_files:
                await self._changes.carry_out(growth.forget())
            growth.end()
            if self._growing.get(key) is growth:
                del self._growing[key]

    async def take(self, key: str) -> Kept | None:
        """The beginning of a key's body, checked; it stays until it is given back."""
        if (growth := self._growing.get(key)) is not None:
            await growth.ended(_PATIENCE_SECONDS)
        if key not in self._kept or key in self._in_use:
            return None
        name, partial = self._kept[key]
        self._in_use.add(key)
        try:
            descriptor = await self._opened(name, partial)
        except BaseException:
            self._in_use.discard(key)
            raise
        if descriptor is None:
            log.warning("the beginning of an image is damaged, and not used")
            self._in_use.discard(key)
            await self.drop(key)
            return None
        return Kept(descriptor, partial)

    async def give_back(self, kept: Kept, *, is_spent: bool) -> None:
        """Close it, and drop it where it is of no more use."""
        os.close(kept.descriptor)
        key = kept.partial.key
        self._in_use.discard(key)
        if (is_spent or kept.is_refused) and self._is_kept(kept.partial):
            await self.drop(key)

    async def keep(self, name: str, partial: Partial, reserved: Reserved) -> bool:
        """Take the spool of a fill that ends, where it fits; its bytes leave the reservation."""
        async with self._turn:
            if not self._fits(partial, reserved):
                return False
            if not await self._drop_oldest(lambda: self._room_bytes() >= partial.size_bytes):
                return False
            try:
                await asyncio.to_thread(self._files.describe, name, partial)
                await asyncio.to_thread(self._files.adopt, name, partial)
            except OSError:
                await asyncio.to_thread(self._files.remove, name)
                return False
            self._ledger.release(partial.size_bytes)
            reserved.size_bytes -= partial.size_bytes
            await self._enter(name, partial)
            return True

    # What the cache does

    async def shed(self, excess_bytes: int) -> bool:
        """Make room; whether anything went."""
        before, target_bytes = len(self._kept), self._ledger.partial_bytes - excess_bytes
        if excess_bytes > 0:
            await self._drop_oldest(lambda: self._ledger.partial_bytes <= target_bytes)
        return len(self._kept) < before

    async def expire(self, now_seconds: float) -> None:
        """Drop what nobody has come back for, and what the limit no longer allows."""
        oldest_seconds = now_seconds - self.keeping.seconds
        for key, (_, partial) in list(self._kept.items()):
            # One from the future is of a clock that was set back.
            if not oldest_seconds <= partial.kept_seconds <= now_seconds + self.keeping.seconds:
                await self.drop(key)
        await self._drop_oldest(lambda: self._room_bytes() >= 0)

    async def drop(self, key: str) -> None:
        """Forget one; whoever reads it reads on."""
        if (found := self._kept.pop(key, None)) is None:
            return
        name, partial = found
        await self._changes.carry_out(self._remove(name, partial.size_bytes))

    async def forget(self, is_meant: Callable[[Partial], bool]) -> None:
        """Drop those that are meant."""
        for key, (_, partial) in list(self._kept.items()):
            if is_meant(partial):
                await self.drop(key)

    async def clear(self) -> None:
        for key in list(self._kept):
            await self.drop(key)

    def _is_kept(self, partial: Partial) -> bool:
        return partial.key in self._kept and self._kept[partial.key][1] is partial

    def _fits(self, partial: Partial, reserved: Reserved) -> bool:
        before = self._kept.get(partial.key)
        # The longer beginning of the same body is worth more; another body makes it useless.
        is_less = (
            before is not None
            and before[1].continuation.validator == partial.continuation.validator
            and before[1].size_bytes >= partial.size_bytes
        )
        most_bytes = min(self._limit_bytes(), reserved.size_bytes)
        return not is_less and 0 < partial.size_bytes <= most_bytes

    def _limit_bytes(self) -> int:
        return int(self._ledger.limit_bytes * self.keeping.share)

    def _room_bytes(self) -> int:
        return self._limit_bytes() - self._ledger.partial_bytes

    async def _drop_oldest(self, until: Callable[[], bool]) -> bool:
        """Whether it came so far; those that are being read stay."""
        for key in list(self._kept):
            if until():
                break
            if key not in self._in_use:
                await self.drop(key)
        return until()

    async def _enter(self, name: str, partial: Partial) -> None:
        # Counted before anything is awaited: its reservation is over.
        self._ledger.partial_bytes += partial.size_bytes
        await self.drop(partial.key)
        self._kept[partial.key] = name, partial

    async def _remove(self, name: str, size_bytes: int) -> None:
        await asyncio.to_thread(self._files.remove, name)
        self._ledger.partial_bytes -= size_bytes

    async def _opened(self, name: str, partial: Partial) -> int | None:
        opening = asyncio.ensure_future(asyncio.to_thread(self._files.open, name, partial))
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            opening.add_done_callback(_close)
            raise


class Kept:
    """The beginning of a body, held open (`origins.resuming.Kept`)."""

    def __init__(self, descriptor: int, partial: Partial) -> None:
        self.descriptor = descriptor
        self.partial = partial
        self.is_refused = False

    @property
    def continuation(self) -> Continuation:
        return self.partial.continuation

    @property
    def size_bytes(self) -> int:
        return self.partial.size_bytes

    async def chunks(self) -> AsyncGenerator[bytes, None]:
        """All of it, in order."""
        for offset in range(0, self.size_bytes, _READ_BYTES):
            wanted = min(_READ_BYTES, self.size_bytes - offset)
            yield await asyncio.to_thread(os.pread, self.descriptor, wanted, offset)

    def refuse(self) -> None:
        """It continues nothing that its origin has now."""
        self.is_refused = True


class Growth:
    """One body that grows; made by `Partials.growing`."""

    def __init__(
        self,
        partials: Partials,
        files: PartialFiles,
        key: str,
        continuation: Continuation,
        spool: Growing,
        url: str,
    ) -> None:
        self._partials = partials
        self._files = files
        self._key = key
        self._continuation = continuation
        self._spool = spool
        self._url = url
        self._name = spool.file_path.name
        self._noted_bytes = 0
        self._is_kept = False
        self._noting: asyncio.Future[None] | None = None
        self._end = asyncio.Event()

    async def note(self) -> None:
        """More has come: write it down for a daemon that follows a killed one."""
        if self._spool.size_bytes - self._noted_bytes < self._partials.keeping.noted_bytes:
            return
        self._noted_bytes = self._spool.size_bytes
        describing = asyncio.to_thread(self._files.describe, self._name, self._partial())
        self._noting = asyncio.ensure_future(describing)
        with contextlib.suppress(OSError):  # then it is not found again
            await asyncio.shield(self._noting)

    async def keep(self, reserved: Reserved) -> None:
        """The body broke off. To be carried out to its end."""
        await self._noted()
        if not self._spool.in_memory:
            self._is_kept = await self._partials.keep(self._name, self._partial(), reserved)

    @property
    def has_files(self) -> bool:
        """Whether there is something to forget."""
        return self._noted_bytes > 0 and not self._is_kept

    async def forget(self) -> None:
        """What was noted is of no more use: the body is whole, or not worth keeping."""
        await self._noted()
        await asyncio.to_thread(self._files.remove, self._name)

    def end(self) -> None:
        """Nothing more comes."""
        self._end.set()

    async def ended(self, seconds: float) -> None:
        """Wait for the end, not for ever."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._end.wait()

    async def _noted(self) -> None:
        # A thread that still writes would write what is removed or replaced here.
        if self._noting is not None:
            await asyncio.wait([self._noting])

    def _partial(self) -> Partial:
        spool = self._spool
        return Partial(
            self._key, self._continuation, spool.size_bytes, spool.checksums, time.time(), self._url
        )


def _close(opening: asyncio.Future[int | None]) -> None:
    if opening.cancelled() or opening.exception() is not None:
        return
    if (descriptor := opening.result()) is not None:
        os.close(descriptor)
