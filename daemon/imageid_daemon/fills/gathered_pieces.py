"""Bytes that are received while those before them are written.

An origin's bytes come in pieces of some kilobytes, and each write costs the way to a thread
and back, as does each message to a caller. So pieces that come close together are written
together.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import NoReturn

# How long a first byte may lie here: shorter than anybody notices, longer than a burst's gaps.
_GATHERED_SECONDS = 0.001
_GATHERED_BYTES = 512 * 1024
# An origin that is faster than the disk waits.
_MOST_AHEAD_BYTES = 1024 * 1024


@asynccontextmanager
async def gathered_pieces(
    chunks: AsyncIterator[bytes],
) -> AsyncIterator[AsyncIterator[list[bytes]]]:
    """The same chunks, several at a time; nobody reads `chunks` any more when the context is left.

    What had come before an error of `chunks` is given before it is raised.
    """
    ahead = _Ahead()
    reading = asyncio.create_task(ahead.receive(chunks))
    try:
        yield ahead
    finally:
        reading.cancel()
        await asyncio.wait([reading])
        ahead.forget()


class _Ahead:
    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._size_bytes = 0
        self._is_over = False
        self._error: BaseException | None = None
        self._is_ready = asyncio.Event()
        self._has_room = asyncio.Event()
        self._due: asyncio.TimerHandle | None = None

    async def receive(self, chunks: AsyncIterator[bytes]) -> None:
        """Read them all."""
        try:
            async for chunk in chunks:
                if chunk:
                    self._add(chunk)
                if self._size_bytes >= _MOST_AHEAD_BYTES:
                    self._has_room.clear()
                    await self._has_room.wait()
        except BaseException as error:
            # A source that is cancelled beneath us has not ended: what came is not all of it.
            self._error = error
            if isinstance(error, asyncio.CancelledError):
                raise
        finally:
            self._is_over = True
            self._make_ready()

    def forget(self) -> None:
        """Nobody reads on."""
        self._pieces.clear()
        self._error = None

    def __aiter__(self) -> AsyncIterator[list[bytes]]:
        return self

    async def __anext__(self) -> list[bytes]:
        await self._is_ready.wait()
        pieces, self._pieces, self._size_bytes = self._pieces, [], 0
        self._has_room.set()
        if not self._is_over:
            self._is_ready.clear()
        elif not pieces:
            self._end()
        return pieces

    def _end(self) -> NoReturn:
        # An error that is kept leads by its traceback to whoever read, and so to what was read
        # and back here: megabytes that would wait for the next search for such circles.
        error, self._error = self._error, None
        try:
            raise error or StopAsyncIteration
        finally:
            del error

    def _add(self, chunk: bytes) -> None:
        self._pieces.append(chunk)
        self._size_bytes += len(chunk)
        if self._size_bytes >= _GATHERED_BYTES:
            self._make_ready()
        elif self._due is None:
            loop = asyncio.get_running_loop()
            self._due = loop.call_later(_GATHERED_SECONDS, self._make_ready)

    def _make_ready(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        self._is_ready.set()
