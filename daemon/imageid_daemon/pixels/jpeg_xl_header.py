"""The image header of JPEG XL (ISO 18181-1 D), bare or in the boxes of ISO 18181-2."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

from imageid_daemon.pixels.codestream import Codestream, broken

_START = b"\xff\x0a"
_BOXES = b"\0\0\0\x0cJXL \r\n\x87\n"
_WHOLE, _PART, _JPEG = b"jxlc", b"jxlp", b"jbrd"
# Enough for an image header with the names of some extra channels.
_HEADER_BYTES = 4096
_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_GREY = 1
_ALPHA, _SPOT_COLOUR, _FILTER_ARRAY = 0, 2, 5


def begins(data: bytes) -> bool:
    """Whether the bytes are a codestream, or a file around one."""
    return data.startswith((_START, _BOXES))


def read(data: bytes) -> Codestream:
    """Read the size and the metadata that stand before the first frame.

    Raises:
        Undecodable: they are broken, or the image moves or has floating point samples.
    """
    boxed = data.startswith(_BOXES)
    names = {name for name, _ in _boxes(data)} if boxed else set()
    header = _Header(_Bits(_codestream_head(data) if boxed else data[:_HEADER_BYTES]))
    found = header.read()
    return Codestream(
        "jpeg-xl",
        found.rows,
        found.columns,
        found.channels,
        found.precision,
        exact=not found.xyb,
        # libjxl turns XYB back into the RGB that it was made of.
        colors="rgb" if found.xyb and found.channels > 1 else None,
        holds_jpeg=_JPEG in names,
    )


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and beginnings; a length of 0 reaches to the end, one of 1 is written in 64 bits."""
    position = len(_BOXES)
    while position + 8 <= len(data):
        (length,) = struct.unpack_from(">I", data, position)
        head = 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, position + 8)
            head = 16
        end = position + length if length else len(data)
        if end < position + head:
            raise broken()
        start = position + head
        yield data[position + 4 : position + 8], data[start : min(end, start + _HEADER_BYTES)]
        position = end


def _codestream_head(data: bytes) -> bytes:
    """The first part may be as short as its writer likes; the header goes on in the next."""
    head = b""
    for name, body in _boxes(data):
        if name == _WHOLE:
            return body
        if name == _PART and len(head) < _HEADER_BYTES:
            head += body[4:]  # behind its number
    return head


class _Bits:
    """ISO 18181-1 B: from the least significant bit of each byte on."""

    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data[2:], "little")
        self._left = 8 * (len(data) - 2)

    def take(self, count: int) -> int:
        if count > self._left:
            raise broken("breaks off")
        value = self._value & ((1 << count) - 1)
        self._value >>= count
        self._left -= count
        return value

    def flag(self) -> bool:
        return self.take(1) == 1

    def choose(self, *choices: tuple[int, int]) -> int:
        """U32: one of four (offset, further bits)."""
        offset, count = choices[self.take(2)]
        return offset + self.take(count)

    def enumerated(self) -> int:
        return self.choose((0, 0), (1, 0), (2, 4), (18, 6))


@dataclass(frozen=True, slots=True)
class _Image:
    rows: int
    columns: int
    precision: int = 8
    channels: int = 3
    xyb: bool = True


class _Header:
    def __init__(self, bits: _Bits) -> None:
        self._bits = bits

    def read(self) -> _Image:
        rows, columns = self._size()
        if self._bits.flag():  # everything as by default
            return _Image(rows, columns)
        if self._bits.flag():
            self._extra_fields()
        precision = self._depth()
        self._bits.flag()  # 16 bits suffice inside the decoder
        extra = self._bits.choose((0, 0), (1, 0), (2, 4), (1, 12))
        for _ in range(extra):
            self._extra_channel()
        xyb = self._bits.flag()
        return _Image(rows, columns, precision, self._colours() + extra, xyb)

    def _size(self) -> tuple[int, int]:
        small = self._bits.flag()
        rows = self._side(small)
        ratio = self._bits.take(3)
        if ratio == 0:
            return rows, self._side(small)
        across, down = _RATIOS[ratio]
        return rows, rows * across // down

    def _side(self, small: bool) -> int:
        if small:
            return 8 * (self._bits.take(5) + 1)
        return self._bits.choose((1, 9), (1, 13), (1, 18), (1, 30))

    def _extra_fields(self) -> None:
        self._bits.take(3)  # orientation
        if self._bits.flag():
            self._size()  # intrinsic
        if self._bits.flag() or self._bits.flag():
            raise broken("has a preview or an animation")

    def _depth(self) -> int:
        if self._bits.flag():
            raise broken("promises floating point samples")
        return self._bits.choose((8, 0), (10, 0), (12, 0), (1, 6))

    def _extra_channel(self) -> None:
        if self._bits.flag():  # alpha of 8 bits
            return
        kind = self._bits.enumerated()
        self._depth()
        self._bits.choose((0, 0), (3, 0), (4, 0), (1, 3))
        self._bits.take(8 * self._bits.choose((0, 0), (0, 4), (16, 5), (48, 10)))
        if kind == _ALPHA:
            self._bits.flag()
        elif kind == _SPOT_COLOUR:
            self._bits.take(4 * 16)
        elif kind == _FILTER_ARRAY:
            self._bits.choose((1, 0), (0, 2), (3, 4), (19, 8))

    def _colours(self) -> int:
        if self._bits.flag():  # sRGB
            return 3
        self._bits.flag()  # an ICC profile follows
        return 1 if self._bits.enumerated() == _GREY else 3
