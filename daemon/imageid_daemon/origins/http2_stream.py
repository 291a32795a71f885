"""One answer over HTTP/2, as far as it has come and was not read yet."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpcore

from imageid_daemon.origins.http2_fields import Head

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
    far more than the flow-control window says. Which frames they came in tells `unread_bytes`.
    """

    def __init__(self, stream_id: int) -> None:
        self.stream_id = stream_id
        self.is_ended = False
        self._head: Head | None = None
        self._held = bytearray()
        self._flow_bytes = 0
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

    async def read(self, silence_seconds: float | None) -> tuple[bytes, int]:
        """Give the next piece, b"" at the end, and what it took of the flow-control window.

        Raises:
            httpcore.ReadTimeout: it does not come.
            httpcore.RemoteProtocolError, httpcore.NetworkError: the body broke off.
        """
        await self.wait(lambda: bool(self._held) or self.is_ended, silence_seconds)
        if not self._held and self._error is not None:
            raise self._error
        piece = bytes(self._held[:_PIECE_BYTES])
        del self._held[:_PIECE_BYTES]
        # Padding counts too; it goes with the last byte.
        taken = min(len(piece), self._flow_bytes) if self._held else self._flow_bytes
        self._flow_bytes -= taken
        return piece, taken

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
        self._flow_bytes += flow_bytes
        if self.is_ended or not data:
            return
        self._received_bytes += len(data)
        announced = self._head.body_bytes if self._head is not None else None
        if announced is not None and self._received_bytes > announced:
            self.fail(TooLong("the body goes on beyond its Content-Length"))
            return
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

    def unread_bytes(self) -> int:
        """What of the flow-control window nobody will read any more."""
        self._held.clear()
        unread, self._flow_bytes = self._flow_bytes, 0
        return unread
