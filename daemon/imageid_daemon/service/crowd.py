"""How many bodies are being sent, and how large their chunks may be for all that.

gRPC holds two or three chunks of a stream whose reader is slow. So chunks get smaller as streams
get more, and stay so until a stream's reader has shown that it reads: a thousand callers of which
most have stopped take little more memory than ten, and those who go on are not slowed by them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

# Of all streams together: those whose readers have shown it, and those at their beginning.
_READ_CHUNKS_BYTES = 1024 * 1024
_FIRST_CHUNKS_BYTES = 2 * 1024 * 1024
# Below, messages cost more than what they carry.
_LEAST_BYTES = 2 * 1024
# More than gRPC's windows and buffers take of a stream that nobody reads.
_SHOWN_BYTES = 256 * 1024


class Crowd:
    """All streams of one daemon."""

    def __init__(self) -> None:
        self._streams = 0
        self._read = 0

    @contextmanager
    def joined(self) -> Iterator[Member]:
        """While one more body is sent."""
        member = Member(self)
        self._streams += 1
        try:
            yield member
        finally:
            self._streams -= 1
            self._read -= member.is_read

    def note_read(self) -> None:
        """One more of the streams has a reader who reads."""
        self._read += 1

    def share_bytes(self, *, is_read: bool) -> int:
        """What a chunk of one stream may have."""
        together, streams = (
            (_READ_CHUNKS_BYTES, self._read) if is_read else (_FIRST_CHUNKS_BYTES, self._streams)
        )
        return max(_LEAST_BYTES, together // max(1, streams))


class Member:
    """One stream."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self.is_read = False

    def chunk_bytes(self, wanted_bytes: int, sent_bytes: int) -> int:
        """Of the next chunk: what is wanted, or the stream's share if that is less."""
        if not self.is_read and sent_bytes >= _SHOWN_BYTES:
            self.is_read = True
            self._crowd.note_read()
        return min(wanted_bytes, self._crowd.share_bytes(is_read=self.is_read))
