"""Where frames begin and end in what arrives over HTTP/2 (RFC 9113 section 4.1). Pure.

The h2 library takes nothing more after a GOAWAY, though the server goes on with what it has begun
(section 6.8), and drops the frames that came with one that it refuses. So it is given them in
portions, and never sees a GOAWAY.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import httpcore

_HEAD_BYTES = 9
_LONGEST_BYTES = 16 * 1024  # SETTINGS_MAX_FRAME_SIZE as it is where nobody changes it
_HEADERS, _GOAWAY, _CONTINUATION = 1, 7, 9


@dataclass(frozen=True, slots=True)
class GoAway:
    """Args: last_stream_id: nothing was done for streams beyond it."""

    last_stream_id: int
    error_code: int


class Frames:
    """Cuts what arrives behind each block of fields, and takes each GOAWAY out."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes | GoAway]:
        """Give whole frames, some at a time; what is left waits for more.

        Raises:
            httpcore.RemoteProtocolError: a frame is longer than it may be.
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
            if kind == _GOAWAY and size_bytes >= 8:
                if at > begun:
                    yield data[begun:at]
                yield _goaway(data[at + _HEAD_BYTES : end])
                begun = end
            elif kind in (_HEADERS, _CONTINUATION):
                yield data[begun:end]
                begun = end
            at = end
        self._rest = data[at:]
        if at > begun:
            yield data[begun:at]


def _goaway(payload: bytes) -> GoAway:
    last_stream_id = int.from_bytes(payload[:4]) & 0x7FFFFFFF
    return GoAway(last_stream_id, int.from_bytes(payload[4:8]))
