"""The chunks of a body. Of a large one that is here already, the next is read, checked and put
into its message by a thread, while the last is sent.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import google_crc32c

from imageid_daemon.fills import Blob, Body
from imageid_daemon.service.wire import Chunk, written

Read = Callable[[int, int], Awaitable[Chunk]]

# Below, a thread costs more than it saves.
_WORTH_BYTES = 1024 * 1024


@asynccontextmanager
async def body_chunks(body: Body, size_bytes: int | None) -> AsyncIterator[Read]:
    """Gives what reads the body as `Body.read` does, and gives chunks; empty ones at the end.

    Args:
        size_bytes: of the body; None while it is not known.
    """
    if not isinstance(body, Blob) or size_bytes is None or size_bytes < _WORTH_BYTES:

        async def read(offset: int, limit_bytes: int) -> Chunk:
            return _chunk(offset, await body.read(offset, limit_bytes))

        yield read
        return
    ahead = _ReadingAhead(body, size_bytes)
    try:
        yield ahead.read
    finally:
        await ahead.ended()


class _ReadingAhead:
    """One thread's work ahead of who reads.

    Args:
        body: stays open until `ended` has returned.
    """

    def __init__(self, body: Blob, size_bytes: int) -> None:
        self._body = body
        self._size_bytes = size_bytes
        self._running: tuple[int, int, asyncio.Future[Chunk]] | None = None

    async def read(self, offset: int, limit_bytes: int) -> Chunk:
        expected, self._running = self._running, None
        if expected is not None and expected[:2] != (offset, limit_bytes):
            await _settled(expected[2])
            expected = None
        reading = expected[2] if expected is not None else self._start(offset, limit_bytes)
        self._running = offset, limit_bytes, reading
        try:
            chunk = await asyncio.shield(reading)
        except OSError as error:
            raise self._body.unreadable() from error
        self._running = None
        next_offset = offset + len(chunk.data)
        if offset < next_offset < self._size_bytes:
            following = self._start(next_offset, limit_bytes)
            self._running = next_offset, limit_bytes, following
        return chunk

    async def ended(self) -> None:
        """Wait for the thread: it must not read what gets the descriptor's number next."""
        if self._running is not None:
            await _settled(self._running[2])

    def _start(self, offset: int, limit_bytes: int) -> asyncio.Future[Chunk]:
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(None, self._read, offset, limit_bytes)

    def _read(self, offset: int, limit_bytes: int) -> Chunk:
        return written(_chunk(offset, os.pread(self._body.descriptor, limit_bytes, offset)))


def _chunk(offset: int, data: bytes) -> Chunk:
    return Chunk(offset, google_crc32c.value(data), data)


async def _settled(reading: asyncio.Future[Chunk]) -> None:
    while not reading.done():
        # Whoever is cancelled a second time still waits: the thread is at work.
        with suppress(asyncio.CancelledError):
            await asyncio.wait([reading])
    reading.exception()
