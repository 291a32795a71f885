"""Undoes a Content-Encoding that nobody asked for, a bounded piece at a time. No I/O."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping

from imageid_loaders.errors import Corrupt, Unsupported

# About a millisecond of work on the event loop, and all the memory a bomb can take.
_PIECE_BYTES = 256 * 1024
_GZIP_WINDOW = 16 + zlib.MAX_WBITS


def coding(headers: Mapping[str, str]) -> str:
    """Give the content coding of a response (RFC 9110 section 8.4), "identity" for none."""
    return headers.get("content-encoding", "").strip().lower() or "identity"


class Inflater:
    """Undoes gzip or deflate.

    Raises:
        Unsupported: another coding.
    """

    def __init__(self, name: str) -> None:
        if name not in ("gzip", "x-gzip", "deflate"):
            raise Unsupported(
                "the origin answered with a content coding that was not asked for and is"
                " not known; ask its administrator to switch it off"
            )
        self._is_gzip = name != "deflate"
        self._has_data = False  # an answer without a body may still name a coding
        self._stream = zlib.decompressobj(_GZIP_WINDOW) if self._is_gzip else None

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Give what these bytes unpack to, in pieces of bounded size.

        Raises:
            Corrupt: they are not what the header says.
        """
        self._has_data = self._has_data or bool(data)
        while data:
            stream = self._current(data)
            try:
                piece = stream.decompress(data, _PIECE_BYTES)
            except zlib.error:
                raise Corrupt("the origin's compressed body is damaged; load it again") from None
            if piece:
                yield piece
            data = stream.unconsumed_tail or stream.unused_data

    def finish(self) -> Iterator[bytes]:
        """Say that the body is over, and give what was still held back.

        Raises:
            Corrupt: it stopped in the middle.
        """
        if not self._has_data or self._stream is None:
            return
        # A bare deflate stream can have its last input taken before its last output is given.
        while piece := self._stream.decompress(b"", _PIECE_BYTES):
            yield piece
        if not self._stream.eof:
            raise Corrupt("the origin's compressed body ended early; load it again")

    def _current(self, data: bytes) -> zlib._Decompress:
        if self._stream is None:
            # "deflate" means the zlib format; many servers send the bare stream.
            bare = data[0] & 0x0F != zlib.DEFLATED
            self._stream = zlib.decompressobj(-zlib.MAX_WBITS if bare else zlib.MAX_WBITS)
        elif self._stream.eof:
            if not self._is_gzip:
                raise Corrupt("the origin's compressed body goes on after its end; load it again")
            # A gzip body may have several members (RFC 1952 section 2.2).
            self._stream = zlib.decompressobj(_GZIP_WINDOW)
        return self._stream
