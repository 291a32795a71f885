"""How many bodies are being sent, and how large their chunks may be for all that.

gRPC holds about two chunks of a stream whose reader is slow. Chunks get smaller as streams get
more, so that a thousand slow readers take little more memory than ten.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

_ALL_CHUNKS_BYTES = 8 * 1024 * 1024
# Below, messages cost more than what they carry.
_LEAST_BYTES = 8 * 1024


class Crowd:
    """All streams of one daemon."""

    def __init__(self) -> None:
        self._streams = 0

    @contextmanager
    def joined(self) -> Iterator[None]:
        """While one more body is sent."""
        self._streams += 1
        try:
            yield
        finally:
            self._streams -= 1

    def chunk_bytes(self, wanted_bytes: int) -> int:
        """Of the next chunk: what is wanted, or each stream's share if that is less."""
        share_bytes = _ALL_CHUNKS_BYTES // max(1, self._streams)
        return min(wanted_bytes, max(_LEAST_BYTES, share_bytes))
