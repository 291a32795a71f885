"""What is said on one HTTP/2 connection (RFC 9113), without I/O: the h2 library, and its streams.

h2 sees no body (`http2_frames`), so flow control is kept here, with two windows. A stream's is what
may be held of an answer that nobody reads. The connection's is given back as soon as something
comes and is larger than all of its streams' together: no request waits for another one's reader.
"""

from __future__ import annotations

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

CONNECTION_WINDOW_BYTES = 1024 * 1024 * 1024
_MOST_STREAMS = 100
_LAST_STREAM_ID = 2**30


class Session:
    """The client's side. What is to be sent then waits in `to_send`.

    Args:
        window_bytes: of the whole connection.
    """

    def __init__(self, window_bytes: int = CONNECTION_WINDOW_BYTES) -> None:
        self.streams: dict[int, Http2Stream] = {}
        self.has_answered = False
        self._window_bytes = window_bytes
        self._owed_bytes = 0
        self._is_retired = False
        self._frames = Frames()
        self._h2 = _client(window_bytes)
        self._updates = b""

    @property
    def has_begun(self) -> bool:
        """Whether there was any request."""
        return self._h2.highest_outbound_stream_id > 0

    @property
    def is_done(self) -> bool:
        return self._is_retired and not self.streams

    @property
    def takes_requests(self) -> bool:
        limit = min(self._h2.remote_settings.max_concurrent_streams, _MOST_STREAMS)
        return (
            not self._is_retired
            and self._h2.highest_outbound_stream_id < _LAST_STREAM_ID
            and self._h2.open_outbound_streams < limit
        )

    def to_send(self) -> bytes:
        data, self._updates = self._updates + self._h2.data_to_send(), b""
        return data

    def retire(self) -> None:
        """Take no more requests."""
        self._is_retired = True

    def open(self, request: httpcore.Request, *, is_whole: bool) -> Http2Stream:
        """Begin a request.

        Args:
            is_whole: no body follows.

        Raises:
            httpcore.LocalProtocolError: it cannot be written.
        """
        fields = request_fields(request)
        stream = Http2Stream(self._h2.get_next_available_stream_id())
        self._h2.send_headers(stream.stream_id, fields, end_stream=is_whole)
        self.streams[stream.stream_id] = stream
        return stream

    def room_bytes(self, stream: Http2Stream) -> int:
        """How much of a request's body may be sent now."""
        window_bytes = self._h2.local_flow_control_window(stream.stream_id)
        return min(window_bytes, self._h2.max_outbound_frame_size)

    def send(self, stream: Http2Stream, piece: bytes, *, is_last: bool) -> None:
        """Send a piece of a request's body."""
        self._h2.send_data(stream.stream_id, piece, end_stream=is_last)

    def give_back(self, stream: Http2Stream) -> None:
        """To be called after something was read: the server may send that much more."""
        if returned_bytes := stream.returned_bytes():
            self._updates += window_update(stream.stream_id, returned_bytes)

    def close(self, stream: Http2Stream) -> None:
        """Forget a stream; one that has not ended is reset."""
        if self.streams.pop(stream.stream_id, None) is not None:
            known = self._h2.streams.get(stream.stream_id)
            if known is not None and not known.closed:
                self._h2.reset_stream(stream.stream_id, ErrorCodes.CANCEL)

    def go_away(self) -> None:
        self._h2.close_connection()

    def fail(self, error: Exception) -> None:
        """Nothing comes any more."""
        self._is_retired = True
        for stream in self.streams.values():
            stream.fail(error)

    def feed(self, data: bytes) -> None:
        """Hand what came to its streams.

        Raises:
            httpcore.RemoteProtocolError: the connection cannot go on.
        """
        try:
            for part in self._frames.feed(data):
                match part:
                    case Data():
                        self._take_data(part)
                    case GoAway():
                        self._take_goodbye(part)
                    case _:
                        self._take_frames(part)
        except ProtocolError as error:
            raise httpcore.RemoteProtocolError(error) from error

    def _take_data(self, part: Data) -> None:
        self._owed_bytes += part.flow_bytes
        if self._owed_bytes > self._window_bytes // 2:
            self._updates += window_update(0, self._owed_bytes)
            self._owed_bytes = 0
        stream = self.streams.get(part.stream_id)
        if stream is None:
            return  # what was on its way when the stream was reset
        stream.add(part.data, part.flow_bytes)
        if part.is_last and not stream.is_ended:
            self._take_frames(end_of(part.stream_id))

    def _take_goodbye(self, part: GoAway) -> None:
        self._is_retired = True
        for stream_id, stream in self.streams.items():
            if part.error_code == ErrorCodes.HTTP_1_1_REQUIRED:
                stream.fail(Http11Required("the server wants HTTP/1.1"))
            elif stream_id > part.last_stream_id:
                stream.fail(NotProcessed("the server takes no more requests"))

    def _take_frames(self, part: bytes) -> None:
        for event in self._h2.receive_data(part):
            match event:
                case events.RemoteSettingsChanged() | events.WindowUpdated():
                    for stream in self.streams.values():
                        stream.wake()
                case events.ResponseReceived() | events.StreamEnded() | events.StreamReset() if (
                    event.stream_id in self.streams
                ):
                    self._hand_over(event, self.streams[event.stream_id])

    def _hand_over(self, event: events.Event, stream: Http2Stream) -> None:
        match event:
            case events.ResponseReceived():
                self.has_answered = True
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
