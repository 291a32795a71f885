"""JPEG XL (ISO 18181): its size is read before its decoder takes memory for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from imageid_daemon.pixels import limits
from imageid_daemon.pixels.image_pixel import check_frame_number
from imageid_daemon.pixels.page import Page
from imageid_loaders.errors import Undecodable, Unsupported

Samples = NDArray[Any]

_SIGNATURE = b"\xff\x0a"
_HEADER_BYTES = 64
# Width to height where the width is not written (18181-1 annex D.2).
_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
# What a pixel may take: RGBA of 16 bits. What takes more, float32, is checked when it is there.
_PIXEL_BYTES = 8


def read(stream: BinaryIO, frame: int | None) -> Page:
    """Decode a picture whose size is within the limit; it comes upright from its decoder.

    Its header does not say in one place how many samples there are, so that even a
    description takes the decoding.

    Raises:
        Undecodable: it is broken.
        Unsupported: it is an animation, whose frames the decoder does not count.
        NotFound: another frame than the only one is wanted.
        TooLarge: it exceeds the limit.
    """
    data = stream.read()
    header = read_header(data)
    if header.animated:
        raise Unsupported(
            "the picture cannot be decoded because it is a JPEG XL animation; ask for ENCODED"
        )
    check_frame_number(frame, 1)
    limits.check_frame(header.rows * header.columns * _PIXEL_BYTES)
    array = np.asarray(imagecodecs.jpegxl_decode(data, index=0))
    if sorted(array.shape[:2]) != sorted((header.rows, header.columns)):
        raise _broken()
    if array.dtype == np.float16:
        array = array.astype(np.float32)
    samples = array.shape[2] if array.ndim == 3 else 1
    return Page(
        array.shape[0],
        array.shape[1],
        samples,
        array.dtype.name,
        lambda: array,
        bits_stored=header.bits if array.dtype.kind == "u" else None,
    )


@dataclass(frozen=True, slots=True)
class Header:
    """As stored, before its orientation is applied; `bits` of each colour sample."""

    rows: int
    columns: int
    bits: int
    animated: bool


def read_header(data: bytes) -> Header:
    """Read the headers of size and metadata (18181-1 annex D).

    Raises:
        Undecodable: the header is broken.
    """
    head = _codestream_head(data)
    if not head.startswith(_SIGNATURE):
        raise _broken()
    bits = _Bits(head[2:])
    rows, columns = _size(bits)
    if bits.take(1):  # all is as it is by default
        return Header(rows, columns, 8, animated=False)
    animated = bool(bits.take(1)) and _is_animated(bits)
    # Behind the flag of an animation stands its clock, and the depth no longer matters.
    return Header(rows, columns, 8 if animated else _depth(bits), animated)


def _broken() -> Undecodable:
    return Undecodable(
        "the picture cannot be decoded because its JPEG XL header is broken; "
        "ask for ENCODED to get it as it is"
    )


def _codestream_head(data: bytes) -> bytes:
    """The codestream's beginning, bare or from the boxes jxlc or jxlp (18181-2)."""
    if data.startswith(_SIGNATURE):
        return data[:_HEADER_BYTES]
    # The first part may be as short as its writer likes; the header goes on in the next.
    head = b""
    for kind, body in _boxes(data):
        if kind == b"jxlc":
            return body[:_HEADER_BYTES]
        if kind == b"jxlp":
            head += body[4 : 4 + _HEADER_BYTES]
        if len(head) >= _HEADER_BYTES:
            break
    return head


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """ISO 14496-12 section 4.2: length 0 reaches to the end, 1 says that 64 bits follow."""
    position = 0
    while position + 8 <= len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        header = 8
        if size == 1:
            header, size = 16, int.from_bytes(data[position + 8 : position + 16], "big")
        end = len(data) if size == 0 else position + size
        if end < position + header:
            raise _broken()
        start = position + header
        yield data[position + 4 : position + 8], data[start : min(end, start + 2 * _HEADER_BYTES)]
        position = end


class _Bits:
    """Bits from the lowest of each byte upwards (18181-1 annex B)."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "little")
        self._left = len(data) * 8

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise _broken()
        taken = self._value & ((1 << count) - 1)
        self._value >>= count
        return taken

    def chosen(self, *widths: int) -> int:
        """A number whose width is one of four."""
        return self.take(widths[self.take(2)])


def _size(bits: _Bits) -> tuple[int, int]:
    small = bits.take(1)
    rows = (bits.take(5) + 1) * 8 if small else 1 + bits.chosen(9, 13, 18, 30)
    ratio = _RATIOS.get(bits.take(3))
    if ratio is not None:
        return rows, rows * ratio[0] // ratio[1]
    return rows, (bits.take(5) + 1) * 8 if small else 1 + bits.chosen(9, 13, 18, 30)


def _is_animated(bits: _Bits) -> bool:
    bits.take(3)  # orientation
    if bits.take(1):
        _size(bits)  # of the picture as it wants to be shown
    if bits.take(1):
        _skip_preview(bits)
    return bool(bits.take(1))


def _depth(bits: _Bits) -> int:
    is_float, choice = bits.take(1), bits.take(2)
    if choice == 3:
        return bits.take(6) + 1
    return (32, 16, 24)[choice] if is_float else (8, 10, 12)[choice]


def _skip_preview(bits: _Bits) -> None:
    in_eights = bits.take(1)
    widths = (4, 4, 5, 9) if in_eights else (6, 8, 10, 12)
    _length(bits, widths, in_eights)
    if bits.take(3) == 0:
        _length(bits, widths, in_eights)


def _length(bits: _Bits, widths: tuple[int, ...], in_eights: int) -> None:
    # div8 lengths 16 and 32 are written as two values without further bits.
    choice = bits.take(2)
    if in_eights and choice < 2:
        return
    bits.take(widths[choice])
