"""What a codestream says of itself, read before any codec takes memory for it."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from imageid_loaders.errors import Undecodable

_JPEG = b"\xff\xd8"
_JPEG_2000 = b"\xff\x4f\xff\x51"
_FRAME_HEADERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_LOSSLESS_JPEG = 0xC3
_JPEG_LS = 0xF7
_REVERSIBLE = 1


@dataclass(frozen=True, slots=True)
class Codestream:
    """The frame header of a codestream.

    Args:
        family: "jpeg" (DCT), "jpeg-lossless", "jpeg-ls" or "jpeg-2000" (HTJ2K too).
        precision: bits of each sample.
        signed: only JPEG 2000 can be.
        exact: the samples are those that were encoded; a lossy codec may overshoot.
        says_rgb: its component identifiers are "RGB".
        says_ybr: it is a JFIF file.
    """

    family: str
    rows: int
    columns: int
    samples_per_pixel: int
    precision: int
    signed: bool = False
    exact: bool = False
    says_rgb: bool = False
    says_ybr: bool = False


def read(data: bytes) -> Codestream | None:
    """Read the header of a JPEG, JPEG-LS or JPEG 2000 codestream, in JP2 or bare.

    Returns:
        None where the bytes begin with none of them.

    Raises:
        Undecodable: the header is broken.
    """
    try:
        if data[:2] == _JPEG:
            return _read_jpeg(data)
        if data[:4] == _JPEG_2000 or data[4:8] == b"jP  ":
            return _read_jpeg_2000(data)
    except (struct.error, IndexError) as error:
        raise _broken() from error
    return None


def _broken() -> Undecodable:
    return Undecodable(
        "the image cannot be decoded because the header of its codestream is broken; "
        "ask for ENCODED to get it as it is"
    )


def _read_jpeg(data: bytes) -> Codestream:
    """ISO 10918-1 B.2, ISO 14495-1 C.2: markers up to the frame header."""
    position, jfif = 2, False
    while True:
        while data[position] == 0xFF and data[position + 1] == 0xFF:
            position += 1  # fill bytes
        if data[position] != 0xFF:
            raise _broken()
        marker = data[position + 1]
        (length,) = struct.unpack_from(">H", data, position + 2)
        if marker in _FRAME_HEADERS:
            return _jpeg_frame(marker, data[position + 4 : position + 2 + length], jfif)
        jfif = jfif or (marker == 0xE0 and data[position + 4 : position + 8] == b"JFIF")
        position += 2 + length


def _jpeg_frame(marker: int, header: bytes, jfif: bool) -> Codestream:
    precision, rows, columns, components = struct.unpack_from(">BHHB", header)
    identifiers = bytes(header[6 + 3 * index] for index in range(components))
    family = {_LOSSLESS_JPEG: "jpeg-lossless", _JPEG_LS: "jpeg-ls"}.get(marker, "jpeg")
    return Codestream(
        family,
        rows,
        columns,
        components,
        precision,
        exact=family == "jpeg-lossless",
        says_rgb=identifiers in (b"RGB", b"rgb"),
        says_ybr=jfif and family == "jpeg",
    )


def _read_jpeg_2000(data: bytes) -> Codestream:
    """ISO 15444-1 A.5.1 (SIZ) and A.6.1 (COD)."""
    start = data.index(_JPEG_2000) if _JPEG_2000 in data else -1
    if start < 0:
        raise _broken()
    siz = start + 4
    right, bottom, left, top = struct.unpack_from(">IIII", data, siz + 4)
    (components,) = struct.unpack_from(">H", data, siz + 36)
    sizes = {data[siz + 38 + 3 * index] for index in range(components)}
    if len(sizes) != 1:
        raise Undecodable(
            "the image cannot be decoded because the components of its codestream differ in "
            "precision; ask for ENCODED to get it as it is"
        )
    size = sizes.pop()
    return Codestream(
        "jpeg-2000",
        max(bottom - top, 0),
        max(right - left, 0),
        components,
        (size & 0x7F) + 1,
        signed=bool(size & 0x80),
        exact=_is_reversible(data, siz),
    )


def _is_reversible(data: bytes, position: int) -> bool:
    """Look for the wavelet in COD, between SIZ and the first tile-part."""
    while True:
        (length,) = struct.unpack_from(">H", data, position)
        position += length
        marker = data[position : position + 2]
        if marker == b"\xff\x52":
            return data[position + 13] == _REVERSIBLE
        if marker[:1] != b"\xff" or marker == b"\xff\x90":
            raise _broken()
        position += 2
