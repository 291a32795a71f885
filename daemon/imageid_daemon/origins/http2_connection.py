"""One HTTP/2 connection that any number of requests share (RFC 9113), over the h2 library.

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
from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings

from imageid_daemon.origins.http2_fields import head_of, request_fields
from imageid_daemon.origins.http2_frames import Data, Frames, GoAway, end_of, window_update
from imageid_daemon.origins.http2_stream import (
    WINDOW_BYTES,
    Http2Stream,
    Http11Required,
    NotProcessed,
)
from imageid_daemon.origins.network_stream import NetworkStream

# More than the windows of all of its streams together: no request waits for another's reader.
_WINDOW_BYTES = 1024 * 1024 * 1024
_MOST_STREAMS = 100
_LAST_STREAM_ID = 2**30
# Its end is seen when it comes, so that it may be kept longer than one of HTTP/1.1; firewalls
# forget a silent connection after a minute, some of them.
_IDLE_SECONDS = 30.0


class Http2Connection(httpcore.AsyncConnectionInterface):
    """
    Args:
        network: a connection that has agreed on h2; it belongs to this one now.
        window_bytes: of the whole connection (RFC 9113 section 6.9).
    """

    def __init__(
        self, origin: httpcore.Origin, network: NetworkStream, window_bytes: int = _WINDOW_BYTES
    ) -> None:
        self._origin = origin
        self._network = network
        self._streams: dict[int, Http2Stream] = {}
        self._has_answered = False
        self._takes_more = True
        self._over: Exception | None = None
        self._idle_since = time.monotonic()
        self._write_seconds: float | None = None
        self._window_bytes = window_bytes
        self._h2 = _client(window_bytes)
        self._frames = Frames()
        self._owed_bytes = 0
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
        stream = self._open(request, is_whole=not content)
        try:
            await self._flush()
            await self._send(stream, content)
            head = await stream.head(silence)
        except BaseException as error:
            self.close(stream, error)
            if isinstance(error, NotProcessed) and self._has_answered:
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
        if (again_bytes := stream.returned_bytes()) and self._over is None:
            self._network.write_soon(window_update(stream.stream_id, again_bytes))
        return piece

    def close(self, stream: Http2Stream, error: BaseException | None = None) -> None:
        """End one stream, without a wait: the server may stop sending it; others go on.

        Args:
            error: why, where something went wrong.
        """
        if self._streams.pop(stream.stream_id, None) is None:
            return
        if isinstance(error, httpcore.TimeoutException):
            self._takes_more = False  # it may be that nothing comes over it any more
        if self._over is None:
            known = self._h2.streams.get(stream.stream_id)
            if known is not None and not known.closed:
                self._h2.reset_stream(stream.stream_id, ErrorCodes.CANCEL)
                self._flush_soon()
        self._idle_since = time.monotonic()
        self._end_if_done()

    # As httpcore's pool asks

    async def aclose(self) -> None:
        if self._over is None:
            self._h2.close_connection()
            self._flush_soon()
        self._end(httpcore.ReadError("the connection was closed"))
        self._receiving.cancel()
        await asyncio.wait([self._receiving])

    def can_handle_request(self, origin: httpcore.Origin) -> bool:
        return origin == self._origin

    def is_available(self) -> bool:
        limit = min(self._h2.remote_settings.max_concurrent_streams, _MOST_STREAMS)
        return (
            self._over is None
            and self._takes_more
            and self._h2.highest_outbound_stream_id < _LAST_STREAM_ID
            and self._h2.open_outbound_streams < limit
        )

    def has_expired(self) -> bool:
        return self.is_idle() and time.monotonic() > self._idle_since + _IDLE_SECONDS

    def is_idle(self) -> bool:
        return self._over is None and not self._streams

    def is_closed(self) -> bool:
        return self._over is not None

    def info(self) -> str:
        return f"HTTP/2, {len(self._streams)} requests"

    # Sending

    def _check_available(self) -> None:
        if self.is_available():
            return
        if self._h2.highest_outbound_stream_id:
            raise httpcore.ConnectionNotAvailable
        # Another new connection would be no better.
        raise self._over or httpcore.RemoteProtocolError("a new connection takes no requests")

    def _open(self, request: httpcore.Request, *, is_whole: bool) -> Http2Stream:
        fields = request_fields(request)
        stream = Http2Stream(self._h2.get_next_available_stream_id())
        self._h2.send_headers(stream.stream_id, fields, end_stream=is_whole)
        self._streams[stream.stream_id] = stream
        return stream

    async def _send(self, stream: Http2Stream, content: bytes) -> None:
        """Send a request's body, unless the answer comes before."""
        while content and not stream.has_answer:
            room = self._room_bytes(stream)
            piece, content = content[:room], content[room:]
            if piece:
                self._h2.send_data(stream.stream_id, piece, end_stream=not content)
                await self._flush()
            else:
                await stream.wait(
                    lambda: stream.has_answer or self._room_bytes(stream) > 0, self._write_seconds
                )

    def _room_bytes(self, stream: Http2Stream) -> int:
        return min(
            self._h2.local_flow_control_window(stream.stream_id), self._h2.max_outbound_frame_size
        )

    async def _flush(self) -> None:
        if self._over is None and (data := self._h2.data_to_send()):
            await self._network.write(data, self._write_seconds)

    def _flush_soon(self) -> None:
        if data := self._h2.data_to_send():
            self._network.write_soon(data)

    # Receiving

    async def _receive(self) -> None:
        error: Exception = httpcore.ReadError("the connection was closed")
        try:
            await self._flush()
            while data := await self._network.read(0):
                for part in self._frames.feed(data):
                    self._take(part)
                await self._flush()
            error = httpcore.RemoteProtocolError("the server ended the connection")
        except (httpcore.NetworkError, httpcore.TimeoutException, httpcore.ProtocolError) as broken:
            error = broken
        except ProtocolError as broken:
            self._flush_soon()  # h2 has written a GOAWAY that says why
            error = httpcore.RemoteProtocolError(broken)
        finally:
            self._end(error)

    def _take(self, part: bytes | Data | GoAway) -> None:
        match part:
            case Data():
                self._take_data(part)
            case GoAway():
                self._go_away(part)
            case _:
                self._take_frames(part)

    def _take_data(self, part: Data) -> None:
        self._owed_bytes += part.flow_bytes
        if self._owed_bytes > self._window_bytes // 2:
            self._network.write_soon(window_update(0, self._owed_bytes))
            self._owed_bytes = 0
        stream = self._streams.get(part.stream_id)
        if stream is None:
            return  # what was on its way when the stream was reset
        stream.add(part.data, part.flow_bytes)
        if part.is_last and not stream.is_ended:
            self._take_frames(end_of(part.stream_id))

    def _take_frames(self, part: bytes) -> None:
        for event in self._h2.receive_data(part):
            match event:
                case events.RemoteSettingsChanged() | events.WindowUpdated():
                    for stream in self._streams.values():
                        stream.wake()
                case events.ResponseReceived() | events.StreamEnded() | events.StreamReset() if (
                    event.stream_id in self._streams
                ):
                    self._hand_over(event, self._streams[event.stream_id])

    def _hand_over(self, event: events.Event, stream: Http2Stream) -> None:
        match event:
            case events.ResponseReceived():
                self._has_answered = True
                # h2 sees no body; the stream itself counts, and fails alone.
                self._h2.streams[stream.stream_id]._expected_content_length = None
                try:
                    stream.begin(head_of(event.headers))
                except httpcore.RemoteProtocolError as error:
                    stream.fail(error)
            case events.StreamEnded():
                stream.end()
            case events.StreamReset():
                stream.fail(_reset(event.error_code))

    def _go_away(self, part: GoAway) -> None:
        self._takes_more = False
        for stream_id, stream in self._streams.items():
            if part.error_code == ErrorCodes.HTTP_1_1_REQUIRED:
                stream.fail(Http11Required("the server wants HTTP/1.1"))
            elif stream_id > part.last_stream_id:
                stream.fail(NotProcessed("the server takes no more requests"))
        self._end_if_done()

    def _end_if_done(self) -> None:
        if not self._takes_more and not self._streams:
            self._end(httpcore.ReadError("the connection was closed"))

    def _end(self, error: Exception) -> None:
        if self._over is None:
            self._over = error
            for stream in self._streams.values():
                stream.fail(error)
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


def _client(window_bytes: int) -> H2Connection:
    # What is sent and what comes is checked in `http2_fields`: h2 would end the connection for it.
    checked = H2Configuration(validate_outbound_headers=False, validate_inbound_headers=False)
    client = H2Connection(checked)
    default_bytes = client.local_settings.initial_window_size
    client.local_settings = Settings(
        client=True,
        initial_values={
            SettingCodes.ENABLE_PUSH: 0,
            SettingCodes.INITIAL_WINDOW_SIZE: WINDOW_BYTES,
            SettingCodes.MAX_HEADER_LIST_SIZE: 64 * 1024,
        },
    )
    client.initiate_connection()
    client.increment_flow_control_window(window_bytes - default_bytes)
    return client


def _reset(error_code: int) -> httpcore.RemoteProtocolError:
    if error_code == ErrorCodes.HTTP_1_1_REQUIRED:
        return Http11Required("the server wants HTTP/1.1")
    return httpcore.RemoteProtocolError(f"the server reset the stream with {error_code}")


async def _parts(request: httpcore.Request) -> AsyncIterator[bytes]:
    assert isinstance(request.stream, AsyncIterable)  # noqa: S101 - of an asynchronous pool
    async for part in request.stream:
        yield part
