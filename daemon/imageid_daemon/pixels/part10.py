"""Open a Part 10 file (PS3.10), or a data set without its preamble, up to the pixel data."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydicom import Dataset
from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from imageid_daemon.pixels import limits, transfer_syntax
from imageid_daemon.pixels.byte_source import ByteSource, FileBytes, MemoryBytes, ReadAt, Window
from imageid_daemon.pixels.data_elements import PIXEL_KEYWORDS, Element, Scanner
from imageid_daemon.pixels.data_set import (
    PER_FRAME_GROUPS,
    Attribute,
    Items,
    build,
    is_long,
    read_long,
    read_values,
)
from imageid_daemon.pixels.encoded_frame import Instance
from imageid_daemon.pixels.frame_table import FramePlaces, FrameTable
from imageid_loaders.errors import TooLarge, Undecodable

_PREAMBLE_BYTES = 132
_PIECE_BYTES = 1 << 20
_STORED_BLOCK_BYTES = 5
_TRANSFER_SYNTAX = 0x00020010


@dataclass(frozen=True, slots=True)
class PixelElement:
    """Where the pixel data are.

    Args:
        vr: None in implicit VR.
        value_offset: in bytes from the start of the source.
        value_length: in bytes; None is undefined length, that is encapsulated.
    """

    keyword: str
    vr: str | None
    value_offset: int
    value_length: int | None


@dataclass(frozen=True, slots=True)
class Header:
    """What stands before the pixel data, and where they are.

    Args:
        source: where every offset counts: the file, or its inflated data set.
        attributes: without bulk data and without what there is one of for each frame.
        items: place and length of each item of the Per-Frame Functional Groups Sequence.
        long: bulk data that are attributes nevertheless.
    """

    source: ByteSource
    transfer_syntax_uid: str
    implicit: bool
    little_endian: bool
    attributes: list[Attribute]
    pixel_element: PixelElement | None
    items: list[tuple[int, int]]
    long: list[Element]


@dataclass(frozen=True, slots=True)
class Part10:
    """A header, and where its pixel data are.

    Args:
        source: where every offset counts: the file, or its inflated data set.
        attributes: what stands before the pixel data.
        places: where each of the frames is that are to be read, if an index has told it.
        frame_tables: those that were made for other frames, by the number of all frames.
    """

    source: ByteSource
    attributes: Dataset
    transfer_syntax_uid: str
    pixel_element: PixelElement | None
    places: dict[int, FramePlaces] | None = None
    frame_tables: dict[int, FrameTable] = field(default_factory=dict, compare=False)


def instance_of(
    attributes: Dataset, transfer_syntax_uid: str, pixel_element: PixelElement | None
) -> Instance:
    """What decoding and describing need of a header."""
    return Instance(
        attributes,
        transfer_syntax_uid,
        little_endian=transfer_syntax_uid != ExplicitVRBigEndian,
        pixel_keyword=pixel_element.keyword if pixel_element else None,
    )


def read(path: str) -> Part10:
    """Read everything before the pixel data.

    Raises:
        Undecodable: a deflated data set is broken, or sequences lie too deep.
        TooLarge: the header, or a deflated data set, exceeds the limit.
    """
    return assemble(read_header(path))


def assemble(header: Header) -> Part10:
    """Make a header's attributes readable."""
    items = Items(header.source, len(header.items), dict(enumerate(header.items)))
    attributes = build(
        header.attributes + read_long(header.source, header.long),
        implicit=header.implicit,
        little_endian=header.little_endian,
        items=items,
    )
    return Part10(
        header.source,
        attributes,
        header.transfer_syntax_uid,
        header.pixel_element,
    )


def read_header(path: str) -> Header:
    """Read everything before the pixel data, as bytes.

    Raises:
        Undecodable, TooLarge: as `read`.
    """
    source = FileBytes(path)
    with source.reading() as read:
        size_bytes = source.size_bytes
        stated, begin = _meta(read, size_bytes)
        if stated not in transfer_syntax.DEFLATED:
            return _read_data_set(source, read, begin, stated)
        inflated = MemoryBytes(_inflate_from(read, begin))
    with inflated.reading() as read:
        return _read_data_set(inflated, read, 0, stated)


def _meta(read: ReadAt, size_bytes: int) -> tuple[str | None, int]:
    """The transfer syntax of the File Meta Information, and where that ends (PS3.10 7.1)."""
    begin = _PREAMBLE_BYTES if read(128, 4) == b"DICM" else 0
    window = Window(read, size_bytes)
    scanner = Scanner(window, size_bytes, little_endian=True)
    implicit = scanner.is_implicit(begin, assumed=False)
    stated, end = None, begin
    for tag, _, offset, length in scanner.elements(begin, implicit=implicit):
        # Group 0000 is left of network messages that were written as they came.
        if tag >> 16 not in (0, 2) or length is None:
            break
        end = offset + length
        if tag == _TRANSFER_SYNTAX and length <= limits.UID_BYTES:
            stated = window.bytes_at(offset, length).decode("latin-1").strip("\0 ")
    return stated or None, end


def _read_data_set(source: ByteSource, read: ReadAt, begin: int, stated: str | None) -> Header:
    size_bytes = source.size_bytes
    window = Window(read, size_bytes)
    implicit, little_endian = _encoding(read(begin, 6), stated)
    scanner = Scanner(window, size_bytes, little_endian=little_endian)
    elements = list(_bounded(scanner.elements(begin, implicit=implicit)))
    groups = next((each for each in elements if each.tag == PER_FRAME_GROUPS), None)
    return Header(
        source,
        stated or _guessed(implicit, little_endian),
        implicit,
        little_endian,
        read_values(scanner, Window(read, size_bytes), elements, implicit=implicit),
        _pixel_element(elements),
        list(scanner.items(groups, implicit=implicit)) if groups else [],
        [element for element in elements if is_long(element)],
    )


def _bounded(elements: Iterator[Element]) -> Iterator[Element]:
    for number, element in enumerate(elements):
        if number >= limits.HEADER_ATTRIBUTES:
            raise TooLarge(
                f"the image was not decoded because its header has more than "
                f"{limits.HEADER_ATTRIBUTES} attributes; ask for ENCODED and decode it elsewhere"
            )
        yield element


def _encoding(head: bytes, stated: str | None) -> tuple[bool, bool]:
    """Implicit VR, little endian: what is stated, corrected by what is there."""
    has_vr = len(head) == 6 and head[4:].isalpha() and head[4:].isupper()
    if stated is None and has_vr:
        # Groups are below 1024 at the beginning; read the wrong way round they are above.
        return False, struct.unpack("<H", head[:2])[0] < 1024
    return not has_vr, stated != ExplicitVRBigEndian


def _guessed(implicit: bool, little_endian: bool) -> str:
    if implicit:
        return str(ImplicitVRLittleEndian)
    return str(ExplicitVRLittleEndian if little_endian else ExplicitVRBigEndian)


def _pixel_element(elements: list[Element]) -> PixelElement | None:
    if not elements or elements[-1].tag not in PIXEL_KEYWORDS:
        return None
    tag, vr, offset, length = elements[-1]
    return PixelElement(PIXEL_KEYWORDS[tag], vr, offset, length)


def _inflate_from(read: ReadAt, offset: int) -> bytearray:
    """Undo the deflate of a data set (PS3.5 A.5), which a file may be too large to hold."""
    beginning = read(offset, _STORED_BLOCK_BYTES)
    inflation, found = _Inflation(beginning, limits.INFLATED_LIMIT_BYTES), bytearray()
    while not inflation.ended and (piece := read(offset, _PIECE_BYTES)):
        found += inflation.inflate(piece)
        offset += len(piece)
    inflation.check_end()
    return found


def inflate(data: bytes, limit_bytes: int) -> bytes:
    """Undo deflate (RFC 1951), raw or in a zlib wrap, which grows a thousandfold at worst.

    Raises:
        TooLarge: more than `limit_bytes` come out.
        Undecodable: the stream breaks off.
    """
    inflation = _Inflation(data, limit_bytes)
    inflated = inflation.inflate(data)
    inflation.check_end()
    return inflated


def _is_zlib(beginning: bytes) -> bool:
    """Whether the deflate is wrapped (RFC 1950 2.2), as some writers do against PS3.5 A.5.

    To raw deflate such bytes are a stored block, whose length is followed by its complement.
    """
    if len(beginning) < _STORED_BLOCK_BYTES:
        return False
    header, length, complement = struct.unpack_from(">H", beginning) + struct.unpack(
        "<xHH", beginning[:_STORED_BLOCK_BYTES]
    )
    is_stored = length ^ complement == 0xFFFF
    return header & 0x8F00 == 0x0800 and header % 31 == 0 and not is_stored


class _Inflation:
    """Stops before what comes out is more than the limit."""

    def __init__(self, beginning: bytes, limit_bytes: int) -> None:
        wrapped = _is_zlib(beginning)
        self._machine = zlib.decompressobj(zlib.MAX_WBITS if wrapped else -zlib.MAX_WBITS)
        self._limit_bytes = self._left_bytes = limit_bytes

    @property
    def ended(self) -> bool:
        return self._machine.eof

    def inflate(self, data: bytes) -> bytes:
        # One more than what is left tells too much from exactly enough; 0 would be no limit.
        inflated = self._machine.decompress(data, self._left_bytes + 1)
        self._left_bytes -= len(inflated)
        if self._left_bytes < 0:
            raise TooLarge(
                f"the image was not decoded because it inflates to more than {self._limit_bytes} "
                "bytes; ask for ENCODED and decode it elsewhere"
            )
        return inflated

    def check_end(self) -> None:
        if not self._machine.eof:
            raise Undecodable("the image cannot be decoded because its deflated data break off")
