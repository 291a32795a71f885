"""The elements of a data set (PS3.5 7.1), found without reading their values.

Every length, depth and count is checked before it is followed: a hostile header costs no
more than a walk over its own bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final, NamedTuple

from pydicom.datadict import dictionary_VR

from imageid_daemon.pixels import limits
from imageid_daemon.pixels.byte_source import Window
from imageid_loaders.errors import TooLarge, Undecodable

PIXEL_KEYWORDS: Final = {
    0x7FE00008: "FloatPixelData",
    0x7FE00009: "DoubleFloatPixelData",
    0x7FE00010: "PixelData",
}
ITEM, ITEM_END, SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
UNDEFINED_LENGTH = 0xFFFFFFFF
_PIXEL_GROUP = 0x7FE0
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
_SHORT = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())


class Element(NamedTuple):
    """One element, its value not read.

    Args:
        vr: None where it is not written.
        value_length: in bytes, without a delimiter; None where it is not known, as that of
            encapsulated pixel data.
    """

    tag: int
    vr: str | None
    value_offset: int
    value_length: int | None


class _Open(NamedTuple):
    """A sequence or item whose end is to be found; `end` is None where that is marked."""

    end: int | None
    is_item: bool
    implicit: bool


class _BrokenError(Exception):
    """What is nested does not add up."""


class Scanner:
    """Walks through the elements of one data set, and counts what it sees.

    Args:
        window: over what holds the data set.
        stop: where the data set ends at the latest.
    """

    def __init__(self, window: Window, stop: int, *, little_endian: bool) -> None:
        order = "<" if little_endian else ">"
        self._window = window
        self._stop = stop
        self._tag_and_length = struct.Struct(f"{order}HHI").unpack_from
        self._tag_vr_length = struct.Struct(f"{order}HH2sH").unpack_from
        self._length = struct.Struct(f"{order}I").unpack_from
        self._item_mark = struct.pack(f"{order}HH", ITEM >> 16, ITEM & 0xFFFF)
        self._seen = 0

    def elements(self, offset: int, *, implicit: bool) -> Iterator[Element]:
        """The elements from `offset` on, up to and with the pixel data.

        An element that is not whole is not there, nor is what would follow it.

        Raises:
            Undecodable: sequences lie too deep within each other.
            TooLarge: there are too many elements.
        """
        while (element := self._element(offset, implicit)) is not None:
            if element.value_length is not None:
                offset = element.value_offset + element.value_length
            elif element.tag not in PIXEL_KEYWORDS:
                try:
                    element, offset = self._delimited(element, implicit)
                except _BrokenError:
                    return
            if offset > self._stop and element.tag not in PIXEL_KEYWORDS:
                return
            yield element
            if element.tag in PIXEL_KEYWORDS:
                return

    def items(self, sequence: Element, *, implicit: bool) -> Iterator[tuple[int, int]]:
        """The whole items of a sequence: where each begins, and its length in bytes.

        Raises:
            Undecodable, TooLarge: as `elements`.
        """
        offset = sequence.value_offset
        stop = offset + (sequence.value_length or 0)
        while offset + 8 <= stop:
            tag, length = self._header(offset)
            if tag != ITEM:
                return
            offset += 8
            if length == UNDEFINED_LENGTH:
                try:
                    after = self._skip(offset, [self._item(offset, None, implicit)], enter=False)
                except _BrokenError:
                    return
                length = after - 8 - offset
            else:
                after = offset + length
            if after > stop:
                return
            yield offset, length
            offset = after

    def is_shallow(self, offset: int, value: bytes, *, implicit: bool) -> bool:
        """Whether a sequence can be handed to a parser that recurses; not where it is broken.

        Raises:
            Undecodable: it holds sequences too deep within each other.
        """
        # Each level has an item of its own, so that few of them cannot lie deep.
        if value.count(self._item_mark) <= limits.SEQUENCE_DEPTH:
            return True
        try:
            self._skip(offset, [_Open(offset + len(value), False, implicit)], enter=True)
        except _BrokenError:
            return False
        return True

    def is_implicit(self, offset: int, *, assumed: bool) -> bool:
        """Whether the element at `offset` is without a VR, whatever it should be.

        PS3.5 6.2.2 has implicit VR inside of UN; some writers have it elsewhere too.
        """
        index = self._window.index(offset, 6)
        vr = self._window.data[index + 4 : index + 6]
        return assumed if len(vr) < 2 else not (vr.isalpha() and vr.isupper())

    def _element(self, offset: int, implicit: bool) -> Element | None:
        """Read one header; None at the end of the data set."""
        index = self._window.index(offset, 12)
        data = self._window.data
        if len(data) - index < 8 or offset + 8 > self._stop:
            return None
        self._count()
        vr, head = None, 8
        if implicit:
            group, number, length = self._tag_and_length(data, index)
        else:
            group, number, code, length = self._tag_vr_length(data, index)
            if code in _LONG:
                if len(data) - index < 12:
                    return None
                vr, head, (length,) = code.decode(), 12, self._length(data, index + 8)
            elif code in _SHORT or (code.isalpha() and code.isupper()):
                vr = code.decode()
            else:
                # Some writers leave out the VR although their transfer syntax demands it.
                (length,) = self._length(data, index + 4)
            if group == _PIXEL_GROUP and head == 8 and self._reaches_end(offset, index):
                head, (length,) = 12, self._length(data, index + 8)
        tag = group << 16 | number
        if tag == ITEM_END:
            return None
        known = None if length == UNDEFINED_LENGTH else length
        return Element(tag, vr, offset + head, known)

    def _reaches_end(self, offset: int, index: int) -> bool:
        """Whether pixel data of a VR that there is not have the long form of those there are.

        Read otherwise, every sample would be that of its neighbour.
        """
        data = self._window.data
        if data[index + 6 : index + 8] != b"\0\0" or len(data) - index < 12:
            return False
        (length,) = self._length(data, index + 8)
        return length in (UNDEFINED_LENGTH, self._stop - offset - 12)

    def _header(self, offset: int) -> tuple[int, int]:
        """Tag and length of an item or delimiter."""
        index = self._window.index(offset, 8)
        if offset + 8 > self._stop or len(self._window.data) - index < 8:
            raise _BrokenError
        self._count()
        group, number, length = self._tag_and_length(self._window.data, index)
        return group << 16 | number, length

    def _delimited(self, element: Element, implicit: bool) -> tuple[Element, int]:
        """Measure a value whose end is marked; give also what is behind the mark."""
        begin = element.value_offset
        if self._is_sequence(element):
            after = self._skip(begin, [_Open(None, False, implicit)], enter=False)
            return element._replace(vr="SQ", value_length=after - 8 - begin), after
        tag, after = ITEM, begin
        while tag != SEQUENCE_END:  # fragments, as of pixel data
            tag, length = self._header(after)
            after += 8 + length
            if tag not in (ITEM, SEQUENCE_END):
                raise _BrokenError
        return element, after

    def _is_sequence(self, element: Element) -> bool:
        if element.vr is not None:
            return element.vr in ("SQ", "UN")
        try:
            return dictionary_VR(element.tag) == "SQ"
        except KeyError:
            return self._header(element.value_offset)[0] == ITEM

    def _skip(self, offset: int, opened: list[_Open], *, enter: bool) -> int:
        """Go behind the end of everything that is open, the outermost first in `opened`.

        Args:
            enter: look also into sequences whose length is known.
        """
        while opened:
            end, is_item, implicit = opened[-1]
            if end is not None and offset >= end:
                if offset > end:
                    raise _BrokenError
                opened.pop()
            elif is_item:
                offset = self._skip_in_item(offset, opened, enter)
            else:
                tag, length = self._header(offset)
                offset += 8
                if tag == SEQUENCE_END and end is None:
                    opened.pop()
                elif tag == ITEM:
                    bound = None if length == UNDEFINED_LENGTH else offset + length
                    opened.append(self._item(offset, bound, implicit))
                else:
                    raise _BrokenError
            _check_depth(len(opened))
        return offset

    def _skip_in_item(self, offset: int, opened: list[_Open], enter: bool) -> int:
        end, _, implicit = opened[-1]
        element = self._element(offset, implicit)
        if element is None:
            if end is not None or self._header(offset)[0] != ITEM_END:
                raise _BrokenError
            opened.pop()
            return offset + 8
        offset, length = element.value_offset, element.value_length
        if length is None and not self._is_sequence(element):
            return self._delimited(element, implicit)[1]
        if length is None or (enter and _is_taken_for_sequence(element)):
            bound = None if length is None else offset + length
            opened.append(_Open(bound, False, implicit))
            return offset
        return offset + length

    def _item(self, offset: int, end: int | None, implicit: bool) -> _Open:
        return _Open(end, True, implicit or self.is_implicit(offset, assumed=implicit))

    def _count(self) -> None:
        self._seen += 1
        if self._seen > limits.HEADER_ELEMENTS:
            raise TooLarge(
                f"the image was not decoded because its header has more than "
                f"{limits.HEADER_ELEMENTS} elements; ask for ENCODED and decode it elsewhere"
            )


def _is_taken_for_sequence(element: Element) -> bool:
    """Whether pydicom will read items in it, as far as its dictionary tells."""
    if element.vr is not None and element.vr != "UN":
        return element.vr == "SQ"
    try:
        return dictionary_VR(element.tag) == "SQ"
    except KeyError:
        return False


def _check_depth(opened: int) -> None:
    # A sequence and its item are one level.
    if opened > 2 * limits.SEQUENCE_DEPTH:
        raise Undecodable(
            "the image cannot be decoded because the sequences of its header lie more than "
            f"{limits.SEQUENCE_DEPTH} deep; ask for ENCODED to get it as it is"
        )
