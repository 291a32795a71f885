"""Frames in what arrives over HTTP/2 (RFC 9113 section 4.1): which are whose. Pure.

The h2 library is given all but two kinds of them. After a GOAWAY it takes nothing more, though the
server goes on with what it has begun (section 6.8). And a DATA frame costs it 20 µs, for bytes that
nobody has to understand: bodies came at less than half the speed of HTTP/1.1. What it must know of
those is where they end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import httpcore

_HEAD_BYTES = 9
_LONGEST_BYTES = 16 * 1024  # SETTINGS_MAX_FRAME_SIZE as it is where nobody changes it
_DATA, _HEADERS, _GOAWAY, _WINDOW_UPDATE, _CONTINUATION = 0, 1, 7, 8, 9
_END_STREAM, _PADDED = 0x1, 0x8


class Data(NamedTuple):
    """A piece of a body. Args: flow_bytes: what it takes of the windows, padding included."""

    stream_id: int
    data: bytes
    flow_bytes: int
    is_last: bool


class GoAway(NamedTuple):
    """Args: last_stream_id: nothing was done for streams beyond it."""

    last_stream_id: int
    error_code: int


class Frames:
    """Cuts what arrives into pieces of bodies, GOAWAYs, and whole frames for h2.

    h2 forgets what came with a frame that it refuses; so it gets what comes in portions that end
    behind each block of fields.
    """

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes | Data | GoAway]:
        """Give what is there of whole frames; what is left waits for more.

        Raises:
            httpcore.RemoteProtocolError: a frame is longer than it may be, or malformed.
        """
        data = self._rest + data if self._rest else data
        self._rest = b""
        begun = at = 0
        while len(data) - at >= _HEAD_BYTES:
            size_bytes, kind = int.from_bytes(data[at : at + 3]), data[at + 3]
            if size_bytes > _LONGEST_BYTES:
                raise httpcore.RemoteProtocolError("an HTTP/2 frame is longer than it may be")
            end = at + _HEAD_BYTES + size_bytes
            if end > len(data):
                break
            if kind in (_DATA, _GOAWAY):
                if at > begun:
                    yield data[begun:at]
                payload = data[at + _HEAD_BYTES : end]
                stream_id = int.from_bytes(data[at + 5 : at + 9]) & 0x7FFFFFFF
                yield (
                    _goaway(payload) if kind == _GOAWAY else _data(stream_id, data[at + 4], payload)
                )
                begun = end
            elif kind in (_HEADERS, _CONTINUATION):
                yield data[begun:end]
                begun = end
            at = end
        self._rest = data[at:]
        if at > begun:
            yield data[begun:at]


def end_of(stream_id: int) -> bytes:
    """A DATA frame that tells h2 of a body's end and nothing else."""
    return _frame(_DATA, _END_STREAM, stream_id, b"")


def window_update(stream_id: int, increment_bytes: int) -> bytes:
    """Lets the server send so much more (section 6.9); stream 0 is the connection."""
    return _frame(_WINDOW_UPDATE, 0, stream_id, increment_bytes.to_bytes(4))


def _frame(kind: int, flags: int, stream_id: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream_id.to_bytes(4) + payload


def _goaway(payload: bytes) -> GoAway:
    if len(payload) < 8:
        raise httpcore.RemoteProtocolError("a GOAWAY frame is too short")
    last_stream_id = int.from_bytes(payload[:4]) & 0x7FFFFFFF
    return GoAway(last_stream_id, int.from_bytes(payload[4:8]))


def _data(stream_id: int, flags: int, payload: bytes) -> Data:
    flow_bytes, is_last = len(payload), bool(flags & _END_STREAM)
    if flags & _PADDED:
        if not payload or payload[0] >= len(payload):
            raise httpcore.RemoteProtocolError("a DATA frame has more padding than bytes")
        payload = payload[1 : len(payload) - payload[0]]
    return Data(stream_id, payload, flow_bytes, is_last)
