"""One HTTP/2 connection that any number of requests share.

httpcore has one too, but in it whoever waits for his own answer reads for all: one that is silent
takes the others with it, one that is given up is not reset and keeps its share of the connection's
window for ever, a slow reader stops everybody, and a GOAWAY breaks what the server still delivers.
Here a task of the connection's own reads, and each request waits for its own.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, AsyncIterator

import httpcore

from imageid_daemon.origins.http2_session import CONNECTION_WINDOW_BYTES, Session
from imageid_daemon.origins.http2_stream import Http2Stream, NotProcessed
from imageid_daemon.origins.network_stream import NetworkStream

# Its end is seen when it comes, so that it may be kept longer than one of HTTP/1.1; firewalls
# forget a silent connection after a minute, some of them.
_IDLE_SECONDS = 30.0
_READ_BYTES = 64 * 1024


class Http2Connection(httpcore.AsyncConnectionInterface):
    """
    Args:
        network: a connection that has agreed on h2; it belongs to this one now.
        window_bytes: of the whole connection (RFC 9113 section 6.9).
        idle_seconds: that it is kept without a request.
    """

    def __init__(
        self,
        origin: httpcore.Origin,
        network: NetworkStream,
        *,
        window_bytes: int = CONNECTION_WINDOW_BYTES,
        idle_seconds: float = _IDLE_SECONDS,
    ) -> None:
        self._origin = origin
        self._network = network
        self._session = Session(window_bytes)
        self._over: Exception | None = None
        self._idle_seconds = idle_seconds
        self._idle_since = time.monotonic()
        self._write_seconds: float | None = None
        self._receiving = asyncio.create_task(self._receive())

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        """
        Raises:
            httpcore.ConnectionNotAvailable: another connection has to be taken.
            httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError: no answer.
        """
        timeouts = request.extensions.get("timeout", {})
        silence, self._write_seconds = timeouts.get("read"), timeouts.get("write")
        content = b"".join([part async for part in _parts(request)])
        self._check_available()
        stream = self._session.open(request, is_whole=not content)
        try:
            await self._flush()
            await self._send(stream, content)
            head = await stream.head(silence)
        except BaseException as error:
            self.close(stream, error)
            if isinstance(error, NotProcessed) and self._session.has_answered:
                raise httpcore.ConnectionNotAvailable from error
            raise
        return httpcore.Response(
            head.status,
            headers=head.fields,
            content=_Body(self, stream, silence),
            extensions={"http_version": b"HTTP/2"},
        )

    async def read(self, stream: Http2Stream, silence_seconds: float | None) -> bytes:
        """The next piece of a body; b"" at its end."""
        piece = await stream.read(silence_seconds)
        self._session.give_back(stream)
        self._flush_soon()
        return piece

    def close(self, stream: Http2Stream, error: BaseException | None = None) -> None:
        """End one stream, without a wait: the server may stop sending it; others go on.

        Args:
            error: why, where something went wrong.
        """
        if isinstance(error, httpcore.TimeoutException):
            self._session.retire()  # it may be that nothing comes over it any more
        if self._over is None:
            self._session.close(stream)
            self._idle_since = time.monotonic()
            self._flush_soon()
            self._end_if_done()

    # As httpcore's pool asks

    async def aclose(self) -> None:
        if self._over is None:
            self._session.go_away()
            self._flush_soon()
        self._end(httpcore.ReadError("the connection was closed"))
        self._receiving.cancel()
        await asyncio.wait([self._receiving])

    def can_handle_request(self, origin: httpcore.Origin) -> bool:
        return origin == self._origin

    def is_available(self) -> bool:
        return self._over is None and self._session.takes_requests

    def has_expired(self) -> bool:
        return self.is_idle() and time.monotonic() > self._idle_since + self._idle_seconds

    def is_idle(self) -> bool:
        return self._over is None and not self._session.streams

    def is_closed(self) -> bool:
        return self._over is not None

    def info(self) -> str:
        return f"HTTP/2, {len(self._session.streams)} requests"

    # Sending

    def _check_available(self) -> None:
        if self.is_available():
            return
        if self._session.has_begun:
            raise httpcore.ConnectionNotAvailable
        # Another new connection would be no better.
        raise self._over or httpcore.RemoteProtocolError("a new connection takes no requests")

    async def _send(self, stream: Http2Stream, content: bytes) -> None:
        """Send a request's body, unless the answer comes before."""

        def may_go_on() -> bool:
            return stream.has_answer or self._session.room_bytes(stream) > 0

        while content:
            await stream.wait(may_go_on, self._write_seconds)
            if stream.has_answer:
                return
            room_bytes = self._session.room_bytes(stream)
            piece, content = content[:room_bytes], content[room_bytes:]
            self._session.send(stream, piece, is_last=not content)
            await self._flush()

    async def _flush(self) -> None:
        if self._over is None and (data := self._session.to_send()):
            await self._network.write(data, self._write_seconds)

    def _flush_soon(self) -> None:
        if self._over is None and (data := self._session.to_send()):
            self._network.write_soon(data)

    # Receiving

    async def _receive(self) -> None:
        error: Exception = httpcore.ReadError("the connection was closed")
        try:
            await self._flush()
            while data := await self._network.read(_READ_BYTES):
                self._session.feed(data)
                await self._flush()
                self._end_if_done()
            error = httpcore.RemoteProtocolError("the server ended the connection")
        except (httpcore.NetworkError, httpcore.TimeoutException) as broken:
            error = broken
        except httpcore.RemoteProtocolError as broken:
            self._flush_soon()  # h2 has written a GOAWAY that says why
            error = broken
        finally:
            self._end(error)

    def _end_if_done(self) -> None:
        if self._session.is_done:
            self._end(httpcore.ReadError("the connection was closed"))

    def _end(self, error: Exception) -> None:
        if self._over is None:
            self._over = error
            self._session.fail(error)
            self._network.abort()


class _Body:
    def __init__(
        self, connection: Http2Connection, stream: Http2Stream, silence_seconds: float | None
    ) -> None:
        self._connection = connection
        self._stream = stream
        self._silence_seconds = silence_seconds

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            while piece := await self._connection.read(self._stream, self._silence_seconds):
                yield piece
        except BaseException as error:
            self._connection.close(self._stream, error)
            raise

    async def aclose(self) -> None:
        self._connection.close(self._stream)


async def _parts(request: httpcore.Request) -> AsyncIterator[bytes]:
    assert isinstance(request.stream, AsyncIterable)  # noqa: S101 - of an asynchronous pool
    async for part in request.stream:
        yield part
