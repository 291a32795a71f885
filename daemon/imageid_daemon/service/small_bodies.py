"""The bodies of small images that are asked for all the time: opening a file costs more than they.

Kept by digest, so what is here can never be another image's; whether it is the answer is decided
elsewhere.
"""

from __future__ import annotations

from collections import OrderedDict

from imageid_daemon.service.wire import Chunk

_BODY_BYTES = 32 * 1024
_ALL_BYTES = 16 * 1024 * 1024


class SmallBodies:
    """Whole ones, each as one chunk; the one that was used least lately goes first."""

    def __init__(self) -> None:
        self._chunks: OrderedDict[str, Chunk] = OrderedDict()
        self._size_bytes = 0

    def find(self, digest: str) -> Chunk | None:
        chunk = self._chunks.get(digest)
        if chunk is not None:
            self._chunks.move_to_end(digest)
        return chunk

    def keep(self, digest: str, chunk: Chunk) -> None:
        """Keep a body, unless it is not small; it must not be there."""
        if len(chunk.data) > _BODY_BYTES:
            return
        self._chunks[digest] = chunk
        self._size_bytes += len(chunk.data)
        while self._size_bytes > _ALL_BYTES:
            _, gone = self._chunks.popitem(last=False)
            self._size_bytes -= len(gone.data)
