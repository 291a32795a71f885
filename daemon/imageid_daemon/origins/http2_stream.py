"""One answer over HTTP/2, as far as it has come and was not read yet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpcore

from imageid_daemon.origins.http2_fields import Head

# Most that is held of one answer that nobody reads, and most that is on its way: at 100 ms to the
# server and back, 40 MB/s. Go's client takes the same.
WINDOW_BYTES = 4 * 1024 * 1024
# A piece that whoever reads gets at a time: as much as asyncio reads at a time.
_PIECE_BYTES = 256 * 1024


class NotProcessed(httpcore.RemoteProtocolError):
    """The server has done nothing for the request; it may be sent again (RFC 9113 8.7)."""


class Http11Required(httpcore.RemoteProtocolError):
    """The server wants the request over HTTP/1.1."""


class TooLong(httpcore.RemoteProtocolError):
    """The body goes on beyond its Content-Length."""


class Http2Stream:
    """What the connection receives for one request.

    Bytes are held in one buffer: as many objects as a server sends frames of one byte would take
    far more than the flow-control window says.
    """

    def __init__(self, stream_id: int) -> None:
        self.stream_id = stream_id
        self.is_ended = False
        self._head: Head | None = None
        self._held = bytearray()
        self._owed_bytes = 0
        self._received_bytes = 0
        self._error: Exception | None = None
        self._changed = asyncio.Event()

    @property
    def has_answer(self) -> bool:
        """Whether its head has come, or none will."""
        return self._head is not None or self.is_ended

    async def head(self, silence_seconds: float | None) -> Head:
        """
        Raises:
            httpcore.ReadTimeout: it does not come.
            httpcore.RemoteProtocolError, httpcore.NetworkError: it will not come.
        """
        await self.wait(lambda: self.has_answer, silence_seconds)
        if self._head is not None:
            return self._head
        raise self._error or httpcore.RemoteProtocolError("the stream ended before its answer")

    async def read(self, silence_seconds: float | None) -> bytes:
        """Give the next piece; b"" at the end.

        Raises:
            httpcore.ReadTimeout: it does not come.
            httpcore.RemoteProtocolError, httpcore.NetworkError: the body broke off.
        """
        await self.wait(lambda: bool(self._held) or self.is_ended, silence_seconds)
        if not self._held and self._error is not None:
            raise self._error
        piece = bytes(self._held[:_PIECE_BYTES])
        del self._held[:_PIECE_BYTES]
        self._owed_bytes += len(piece)
        return piece

    def returned_bytes(self) -> int:
        """How much of its window the server may have again now; not each little piece of it."""
        if self.is_ended or self._owed_bytes < WINDOW_BYTES // 2:
            return 0
        owed, self._owed_bytes = self._owed_bytes, 0
        return owed

    async def wait(self, condition: Callable[[], bool], silence_seconds: float | None) -> None:
        """Wait for what arrives, until the condition holds.

        Raises:
            httpcore.ReadTimeout: it does not hold in time.
        """
        if condition():
            return
        try:
            async with asyncio.timeout(silence_seconds):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError as error:
            raise httpcore.ReadTimeout(error) from error

    # Called by the connection

    def begin(self, head: Head) -> None:
        self._head = head
        self._changed.set()

    def add(self, data: bytes, flow_bytes: int) -> None:
        if self.is_ended:
            return
        self._owed_bytes += flow_bytes - len(data)
        self._received_bytes += len(data)
        announced = None if self._head is None else self._head.body_bytes
        if self._head is None:
            self.fail(httpcore.RemoteProtocolError("a body came before its head"))
        elif len(self._held) + len(data) + self._owed_bytes > WINDOW_BYTES:
            self.fail(httpcore.RemoteProtocolError("more came than the flow control allows"))
        elif announced is not None and self._received_bytes > announced:
            self.fail(TooLong("the body goes on beyond its Content-Length"))
        elif data:
            self._held += data
            self._changed.set()

    def end(self) -> None:
        announced = self._head.body_bytes if self._head is not None else None
        if announced is not None and self._received_bytes < announced:
            self.fail(httpcore.RemoteProtocolError("the body is shorter than its Content-Length"))
        self.is_ended = True
        self._changed.set()

    def fail(self, error: Exception) -> None:
        """What has come can still be read."""
        if not self.is_ended:
            self._error = error
            self.is_ended = True
        self._changed.set()

    def wake(self) -> None:
        """Something else has changed that it may wait for."""
        self._changed.set()
