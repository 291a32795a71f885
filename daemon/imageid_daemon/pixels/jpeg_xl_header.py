"""The image header of JPEG XL (ISO 18181-1 D), bare or in the boxes of ISO 18181-2."""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """Size and metadata, before the orientation is applied.

    Args:
        precision: bits of each colour sample.
        channels: colours and extra channels.
        orientation: as EXIF's, 1 to 8; decoders apply it.
        is_float: the samples are floating point numbers.
        xyb: the colours were transformed, lossily.
        animated: it moves; what stands behind this fact is not read then.
    """

    rows: int
    columns: int
    precision: int = 8
    channels: int = 3
    orientation: int = 1
    is_float: bool = False
    xyb: bool = True
    preview: bool = False
    animated: bool = False


def read(data: bytes) -> Codestream:
    """Read the size and the metadata that stand before the first frame.

    Raises:
        Undecodable: they are broken, or the image moves or has floating point samples.
    """
    found = read_image_header(data)
    if found.preview or found.animated:
        raise broken("has a preview or an animation")
    if found.is_float:
        raise broken("promises floating point samples")
    return Codestream(
        "jpeg-xl",
        found.rows,
        found.columns,
        found.channels,
        found.precision,
        exact=not found.xyb,
        # libjxl turns XYB back into the RGB that it was made of.
        colors="rgb" if found.xyb and found.channels > 1 else None,
        holds_jpeg=data.startswith(_BOXES) and any(name == _JPEG for name, _ in _boxes(data)),
    )


def read_image_header(data: bytes) -> ImageHeader:
    """Read the same of whatever JPEG XL there is.

    Raises:
        Undecodable: it is broken.
    """
    head = _codestream_head(data) if data.startswith(_BOXES) else data[:_HEADER_BYTES]
    if not head.startswith(_START):
        raise broken()
    return _header(_Bits(head))


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and beginnings; a length of 0 reaches to the end, one of 1 is written in 64 bits."""
    position = len(_BOXES)
    while position + 8 <= len(data):
        head, length = 8, int.from_bytes(data[position : position + 4], "big")
        if length == 1:
            head, length = 16, int.from_bytes(data[position + 8 : position + 16], "big")
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


def _header(bits: _Bits) -> ImageHeader:
    rows, columns = _size(bits)
    if bits.flag():  # everything as by default
        return ImageHeader(rows, columns)
    orientation, preview, animated = _extra_fields(bits) if bits.flag() else (1, False, False)
    if animated:
        return ImageHeader(rows, columns, orientation=orientation, preview=preview, animated=True)
    is_float, precision = _depth(bits)
    bits.flag()  # 16 bits suffice inside the decoder
    extra = bits.choose((0, 0), (1, 0), (2, 4), (1, 12))
    for _ in range(extra):
        _skip_extra_channel(bits)
    xyb = bits.flag()
    channels = _colours(bits) + extra
    return ImageHeader(rows, columns, precision, channels, orientation, is_float, xyb, preview)


def _size(bits: _Bits) -> tuple[int, int]:
    """Rows and columns."""
    small = bits.flag()
    rows = _side(bits, small)
    ratio = bits.take(3)
    if ratio == 0:
        return rows, _side(bits, small)
    across, down = _RATIOS[ratio]
    return rows, rows * across // down


def _side(bits: _Bits, small: bool) -> int:
    if small:
        return 8 * (bits.take(5) + 1)
    return bits.choose((1, 9), (1, 13), (1, 18), (1, 30))


def _extra_fields(bits: _Bits) -> tuple[int, bool, bool]:
    """Orientation, whether there is a preview, and whether the picture moves."""
    orientation = bits.take(3) + 1
    if bits.flag():
        _size(bits)  # intrinsic
    preview = bits.flag()
    if preview:
        _skip_preview(bits)
    return orientation, preview, bits.flag()


def _skip_preview(bits: _Bits) -> None:
    in_eights = bits.flag()
    _preview_side(bits, in_eights)
    if bits.take(3) == 0:
        _preview_side(bits, in_eights)


def _preview_side(bits: _Bits, in_eights: bool) -> int:
    if in_eights:
        return 8 * bits.choose((16, 0), (32, 0), (1, 5), (33, 9))
    return bits.choose((1, 6), (65, 8), (321, 10), (1345, 12))


def _depth(bits: _Bits) -> tuple[bool, int]:
    """Whether samples are floating point numbers, and of how many bits they are."""
    if bits.flag():
        precision = bits.choose((32, 0), (16, 0), (24, 0), (1, 6))
        bits.take(4)  # of them for the exponent
        return True, precision
    return False, bits.choose((8, 0), (10, 0), (12, 0), (1, 6))


def _skip_extra_channel(bits: _Bits) -> None:
    if bits.flag():  # alpha of 8 bits
        return
    kind = bits.enumerated()
    _depth(bits)
    bits.choose((0, 0), (3, 0), (4, 0), (1, 3))
    bits.take(8 * bits.choose((0, 0), (0, 4), (16, 5), (48, 10)))
    if kind == _ALPHA:
        bits.flag()
    elif kind == _SPOT_COLOUR:
        bits.take(4 * 16)
    elif kind == _FILTER_ARRAY:
        bits.choose((1, 0), (0, 2), (3, 4), (19, 8))


def _colours(bits: _Bits) -> int:
    if bits.flag():  # sRGB
        return 3
    bits.flag()  # an ICC profile follows
    return 1 if bits.enumerated() == _GREY else 3
