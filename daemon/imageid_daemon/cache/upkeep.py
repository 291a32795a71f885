"""What is done behind everybody's back: flushing, sweeping, keeping to the limit."""

from __future__ import annotations

import asyncio
import contextlib
import time

import structlog

from imageid_daemon.cache import rows
from imageid_daemon.cache.contents import Contents
from imageid_daemon.cache.disk_watch import DiskWatch
from imageid_daemon.cache.index import IndexDamaged
from imageid_daemon.cache.room import Room

_TURN_SECONDS = 2.0

log = structlog.get_logger("imageid.cache")


class Upkeep:
    def __init__(self, contents: Contents, room: Room, disk: DiskWatch) -> None:
        self._contents = contents
        self._room = room
        self._disk = disk
        self._sweeping: asyncio.Task[None] | None = None
        self._turning: asyncio.Task[None] | None = None

    def begin(self) -> None:
        """Start, once the books are filled."""
        self._sweeping = asyncio.create_task(self._sweep())
        self._turning = asyncio.create_task(self._turn_for_ever())

    async def swept(self) -> None:
        """Wait until what an earlier boot left behind is gone."""
        if self._sweeping is not None:
            await self._sweeping

    async def close(self) -> None:
        """Flush what is stored, so that the next start need not check it."""
        tasks = [task for task in (self._sweeping, self._turning) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if tasks:
            await self._contents.write_renewed()
            await self._try_to_flush()
            # A hint alone, so not worth a row at every flush.
            ghosts = rows.ghosts_row(self._contents.ledger.eviction.ghosts)
            with contextlib.suppress(OSError):
                await self._contents.index.write(put=[ghosts])

    async def turn(self) -> None:
        """Do what is due."""
        contents = self._contents
        if not self._disk.is_writable:
            return
        await contents.partials.expire(time.time())
        with contextlib.suppress(OSError):
            await self._room.keep_to_limit()
            await asyncio.to_thread(contents.ballast.take)
        if contents.renewed:
            await contents.write_renewed()
        if expired := contents.ledger.expired_pins(time.time()):
            await contents.unpin(expired)
        if contents.unflushed or contents.ledger.eviction.has_moved:
            await self._try_to_flush()

    async def _turn_for_ever(self) -> None:
        while True:
            await self.turn()
            await asyncio.sleep(_TURN_SECONDS)

    async def _sweep(self) -> None:
        contents = self._contents
        removed = await asyncio.to_thread(contents.blobs.sweep, contents.ledger.holds)
        async with contents.mutation:
            # Facts come before their blob: what is just being published has the lock.
            removed += await asyncio.to_thread(contents.facts.sweep, contents.ledger.digests())
        if removed:
            log.info("leftovers of an earlier run removed", files=removed)

    async def _try_to_flush(self) -> None:
        try:
            await self._contents.flush()
        except (OSError, IndexDamaged) as error:
            log.warning("cache could not be flushed", reason=type(error).__name__)
            self._disk.refused(error)
