"""The data elements at the beginning of a Part 10 file (PS3.10 section 7.1, PS3.5 section 7).

As far as the first bytes of it go: a file that is still arriving is looked at again with
more of them. Values stay where they are; deflated data sets are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

_TRANSFER_SYNTAX_UID = 0x0002_0010
_ITEM, _END_OF_ITEM, _END_OF_SEQUENCE = 0xFFFE_E000, 0xFFFE_E00D, 0xFFFE_E0DD
_UNDEFINED = 0xFFFF_FFFF
_IMPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2"
_EXPLICIT_VR_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_DEFLATED = ("1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.8.1")
_WITH_LONG_LENGTH = frozenset(
    (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
)
_DEEPEST = 16
# Of any header that a scanner writes. A hostile one is walked on the event loop no further.
_MOST_ELEMENTS = 4096


class TooShort(Exception):
    """More bytes of the file are needed."""


class Unreadable(Exception):
    """More bytes would not help: no Part 10 file, deflated, nested too deeply, or too long."""


@dataclass(frozen=True, slots=True)
class Encoding:
    order: Literal["little", "big"] = "little"
    is_explicit: bool = True


@dataclass(frozen=True, slots=True)
class Element:
    """Where one stands.

    Args:
        tag: group and element number in one.
        begin: of its value, in the file.
        length_bytes: of its value; None where that is undefined.
    """

    tag: int
    begin: int
    length_bytes: int | None


@dataclass(frozen=True, slots=True)
class DataSet:
    """Where a data set begins, and how it is encoded."""

    transfer_syntax_uid: str
    encoding: Encoding
    begin: int


def data_set_of(head: bytes) -> DataSet:
    """What the file meta information says of the data set behind it.

    Raises:
        TooShort, Unreadable: it cannot be told.
    """
    if len(head) < 132:
        raise TooShort
    if head[128:132] != b"DICM":
        raise Unreadable
    syntax = ""
    for element in elements(head, 132, Encoding()):
        if element.tag >> 16 != 2:
            break
        if element.tag == _TRANSFER_SYNTAX_UID:
            syntax = text(head, element)
        begin = element.begin + (element.length_bytes or 0)
    if not syntax or syntax in _DEFLATED:
        raise Unreadable
    return DataSet(syntax, _encoding(syntax), begin)


def elements(head: bytes, at: int, encoding: Encoding) -> Iterator[Element]:
    """Those of a data set from `at` on, without those within sequences.

    Raises:
        TooShort, Unreadable: the next one cannot be told.
    """
    yield from _Walk(head, encoding).elements(at, 0)


def text(head: bytes, element: Element) -> str:
    """A value that is text.

    Raises:
        TooShort: it is not there yet.
    """
    # Padded to even length by NUL, and by careless writers with a space.
    return _value(head, element).decode("ascii", "replace").strip("\0 ")


def integer(head: bytes, element: Element, encoding: Encoding) -> int:
    """A value that is one number (US).

    Raises:
        TooShort: it is not there yet.
    """
    return int.from_bytes(_value(head, element)[:2], encoding.order)


def _value(head: bytes, element: Element) -> bytes:
    end = element.begin + (element.length_bytes or 0)
    if end > len(head):
        raise TooShort
    return head[element.begin : end]


def _encoding(transfer_syntax_uid: str) -> Encoding:
    if transfer_syntax_uid == _EXPLICIT_VR_BIG_ENDIAN:
        return Encoding("big")
    return Encoding(is_explicit=transfer_syntax_uid != _IMPLICIT_VR_LITTLE_ENDIAN)


class _Walk:
    """One way through a head, of so many steps at most."""

    def __init__(self, head: bytes, encoding: Encoding) -> None:
        self._head = head
        self._encoding = encoding
        self._steps_left = _MOST_ELEMENTS

    def elements(self, at: int, depth: int) -> Iterator[Element]:
        while True:
            element = self._element(at)
            yield element
            if element.length_bytes is None:
                at = self._end_of_sequence(element.begin, depth)
            else:
                at = element.begin + element.length_bytes

    def _element(self, at: int) -> Element:
        head, order = self._head, self._encoding.order
        self._steps_left -= 1
        if self._steps_left < 0:
            raise Unreadable
        if at + 8 > len(head):
            raise TooShort
        group = int.from_bytes(head[at : at + 2], order)
        tag = group << 16 | int.from_bytes(head[at + 2 : at + 4], order)
        if not self._encoding.is_explicit or group == 0xFFFE:
            begin, length_bytes = at + 8, int.from_bytes(head[at + 4 : at + 8], order)
        elif head[at + 4 : at + 6] not in _WITH_LONG_LENGTH:
            return Element(tag, at + 8, int.from_bytes(head[at + 6 : at + 8], order))
        elif at + 12 > len(head):
            raise TooShort
        else:
            begin, length_bytes = at + 12, int.from_bytes(head[at + 8 : at + 12], order)
        return Element(tag, begin, None if length_bytes == _UNDEFINED else length_bytes)

    def _end_of_sequence(self, at: int, depth: int) -> int:
        """Behind the delimiter of items that begin at `at`."""
        if depth == _DEEPEST:
            raise Unreadable
        while True:
            item = self._element(at)
            if item.tag == _END_OF_SEQUENCE:
                return item.begin
            if item.tag != _ITEM:
                raise Unreadable
            if item.length_bytes is None:
                at = self._end_of_item(item.begin, depth)
            else:
                at = item.begin + item.length_bytes

    def _end_of_item(self, at: int, depth: int) -> int:
        for element in self.elements(at, depth + 1):
            if element.tag == _END_OF_ITEM:
                return element.begin
        raise Unreadable
