"""Room for what is to come: bytes are set aside before they are fetched."""

from __future__ import annotations

import asyncio
import time
from typing import Protocol

from imageid_daemon.cache.contents import Contents

# A disk with so much free is not full a moment later, whatever is written to it.
_PLENTY_BYTES = 2**30
_MOMENT_SECONDS = 0.1


class MinFree(Protocol):
    """How much of the disk stays free."""

    def floor_bytes(self, disk_bytes: int) -> int: ...


class Room:
    """Args:
    max_item_bytes: the most that is set aside for one image.
    """

    def __init__(self, contents: Contents, min_free: MinFree, max_item_bytes: int) -> None:
        self._contents = contents
        self._ledger = contents.ledger
        self._min_free = min_free
        self.max_item_bytes = max_item_bytes
        self._free_bytes = 0
        self._measured_seconds = float("-inf")
        self._taken_bytes = 0  # since then
        # One after the other: what one makes room for, no other takes.
        self._turn = asyncio.Lock()

    async def set_aside(self, reservation: Reservation, size_bytes: int) -> bool:
        """Make room, and take it; False when there can be none.

        Raises:
            OSError: the disk does not say how much it has.
        """
        if reservation.size_bytes + size_bytes > self.max_item_bytes:
            return False
        async with self._turn:
            if not self._has_plenty(size_bytes):
                await self._measure()
            if not self._ledger.can_fit(size_bytes, self._free_bytes):
                return False
            while not self._ledger.fits(size_bytes, self._free_bytes):
                if not await self._make_room(size_bytes):
                    return False
                await self._measure()
            # Nothing is awaited in between: a fill that is cancelled gives it back.
            self._ledger.reserve(size_bytes)
            self._taken_bytes += size_bytes
            reservation.size_bytes += size_bytes
            return True

    async def keep_to_limit(self) -> None:
        """Evict what the limit, or a disk that others have filled, no longer allows."""
        await self._measure()
        while self._ledger.excess_bytes(self._free_bytes) > 0:
            async with self._turn:
                if not await self._make_room(0):
                    return
            await self._measure()

    async def _make_room(self, wanted_bytes: int) -> bool:
        """Whether anything went, or is about to."""
        was_deleting = self._ledger.deleting_bytes > 0
        # Half of an image is worth less than any whole one.
        excess_bytes = self._ledger.excess_bytes(self._free_bytes, wanted_bytes)
        if await self._contents.partials.shed(excess_bytes):
            return True
        evicted_keys = await self._contents.changes.carry_out(self._evict(wanted_bytes))
        await self._contents.remover.drained()
        return was_deleting or evicted_keys > 0

    async def _evict(self, wanted_bytes: int) -> int:
        async with self._contents.mutation:
            victims = self._ledger.victims(self._free_bytes, wanted_bytes, time.time())
            if victims:
                before = self._ledger.blobs
                _, freed_bytes = await self._contents.remove(victims)
                self._ledger.note_eviction(before - self._ledger.blobs, freed_bytes)
            return len(victims)

    def _has_plenty(self, size_bytes: int) -> bool:
        """Whether the last measurement still tells: asking the disk takes the way to a thread."""
        is_recent = time.monotonic() - self._measured_seconds < _MOMENT_SECONDS
        return is_recent and self._free_bytes - self._taken_bytes - size_bytes >= _PLENTY_BYTES

    async def _measure(self) -> None:
        self._taken_bytes, self._measured_seconds = 0, time.monotonic()
        room, disk = await asyncio.to_thread(self._contents.blobs.room_bytes)
        self._free_bytes = room - self._min_free.floor_bytes(disk)


class Reservation:
    """Bytes set aside for a fill. Give it back exactly once, stored or not."""

    def __init__(self, store: _Keeper) -> None:
        self._store = store
        self.size_bytes = 0

    async def grow(self, size_bytes: int) -> bool:
        """Set more aside; False when it can never fit, or nothing may be written now."""
        return await self._store.set_aside(self, size_bytes)

    def release(self) -> None:
        self._store.release(self.size_bytes)
        self.size_bytes = 0


class _Keeper(Protocol):
    async def set_aside(self, reservation: Reservation, size_bytes: int) -> bool: ...

    def release(self, size_bytes: int) -> None: ...
