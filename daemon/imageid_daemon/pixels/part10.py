"""Open a Part 10 file (PS3.10), or a data set without its preamble, up to the pixel data."""

from __future__ import annotations

import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydicom import Dataset
from pydicom.filereader import read_dataset, read_partial
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from imageid_daemon.pixels import limits, transfer_syntax
from imageid_loaders.errors import TooLarge, Undecodable

_PIXEL_KEYWORDS = {
    0x7FE00008: "FloatPixelData",
    0x7FE00009: "DoubleFloatPixelData",
    0x7FE00010: "PixelData",
}
_UNDEFINED_LENGTH = 0xFFFFFFFF
_LONG_VRS = (b"OB", b"OW", b"OF", b"OD", b"OL", b"OV", b"UN")


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Where the pixel data are.

    Args:
        vr: None in implicit VR.
        value_offset: in bytes from the start of the file, or of the inflated data set.
        value_length: in bytes; None is undefined length, that is encapsulated.
    """

    keyword: str
    vr: str | None
    value_offset: int
    value_length: int | None


@dataclass(frozen=True, slots=True)
class Part10:
    """A header, and where its pixel data are.

    Args:
        attributes: what stands before the pixel data.
        inflated: the data set of a deflated file, where `value_offset` counts.
    """

    path: str
    attributes: Dataset
    transfer_syntax_uid: str
    pixel_element: PixelElement | None
    inflated: bytes | None = None

    def open(self) -> BinaryIO:
        """A stream in which `value_offset` counts."""
        return io.BytesIO(self.inflated) if self.inflated is not None else _open(self.path)


def read(path: str) -> Part10:
    """Read everything before the pixel data.

    Raises:
        Undecodable: there is no data set.
        TooLarge: a deflated data set exceeds the limit.
    """
    with _open(path) as stream:
        stated = _stated_syntax(stream)
        if stated in transfer_syntax.DEFLATED:
            return _read_deflated(path, stream, stated)
        stream.seek(0)
        attributes = read_partial(
            stream, _at_pixel_data, defer_size=limits.ATTRIBUTE_LIMIT_BYTES, force=True
        )
        implicit, little = attributes.original_encoding
        element = _pixel_element(stream, bool(implicit), bool(little))
    syntax = _syntax(attributes, bool(implicit), bool(little))
    return Part10(path, attributes, syntax, element)


def _open(path: str) -> BinaryIO:
    return Path(path).open("rb")


def _at_pixel_data(tag: int, vr: str | None, length: int) -> bool:
    return tag in _PIXEL_KEYWORDS


def _stated_syntax(stream: BinaryIO) -> str | None:
    """Leave the stream behind the File Meta Information."""
    if stream.read(132)[128:] != b"DICM":
        return None
    meta = read_dataset(stream, False, True, stop_when=lambda tag, vr, length: tag >> 16 != 2)
    stated = meta.get("TransferSyntaxUID")
    return None if stated is None else str(stated)


def _syntax(attributes: Dataset, implicit: bool, little: bool) -> str:
    stated = attributes.file_meta.get("TransferSyntaxUID")
    if stated:
        return str(stated)
    if implicit:
        return str(ImplicitVRLittleEndian)
    return str(ExplicitVRLittleEndian if little else ExplicitVRBigEndian)


def _read_deflated(path: str, stream: BinaryIO, syntax: str) -> Part10:
    inflated = inflate(stream.read(), limits.INFLATED_LIMIT_BYTES)
    body = io.BytesIO(inflated)
    attributes = read_dataset(body, False, True, stop_when=_at_pixel_data)
    element = _pixel_element(body, False, True)
    return Part10(path, attributes, syntax, element, inflated)


def inflate(data: bytes, limit_bytes: int) -> bytes:
    """Undo raw deflate (RFC 1951), which grows a thousandfold at worst.

    Raises:
        TooLarge: more than `limit_bytes` come out.
        Undecodable: the stream breaks off.
    """
    machine = zlib.decompressobj(-zlib.MAX_WBITS)
    inflated = machine.decompress(data, limit_bytes)
    if machine.unconsumed_tail:
        raise TooLarge(
            f"the image was not decoded because it inflates to more than {limit_bytes} bytes; "
            "ask for ENCODED and decode it elsewhere"
        )
    if not machine.eof:
        raise Undecodable("the image cannot be decoded because its deflated data break off")
    return inflated


def _pixel_element(stream: BinaryIO, implicit: bool, little: bool) -> PixelElement | None:
    """Read the element header at which the parser stopped."""
    order = "<" if little else ">"
    head = stream.read(8)
    if len(head) < 8:
        return None
    group, element = struct.unpack(f"{order}HH", head[:4])
    keyword = _PIXEL_KEYWORDS.get(group << 16 | element)
    if keyword is None:
        return None
    vr, length = None, head[4:]
    # Some writers leave out the VR although their transfer syntax demands it.
    if not implicit and head[4:6].isalpha():
        vr, length = head[4:6].decode("latin-1"), head[6:]
        if head[4:6] in _LONG_VRS:
            length = stream.read(4)
    (value_length,) = struct.unpack(f"{order}{'I' if len(length) == 4 else 'H'}", length)
    defined = None if value_length == _UNDEFINED_LENGTH else value_length
    return PixelElement(keyword, vr, stream.tell(), defined)
