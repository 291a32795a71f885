"""A pydicom data set out of scanned elements; pydicom converts each value when it is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, overload

from pydicom import DataElement, Dataset, Sequence
from pydicom.charset import convert_encodings, default_encoding
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag
from pydicom.values import convert_string

from imageid_daemon.pixels import limits
from imageid_daemon.pixels.byte_source import ByteSource, MemoryBytes, Window
from imageid_daemon.pixels.data_elements import PIXEL_KEYWORDS, Element, Scanner
from imageid_loaders.errors import TooLarge

PER_FRAME_GROUPS = 0x52009230
_EXTENDED_OFFSETS, _EXTENDED_LENGTHS = 0x7FE00001, 0x7FE00002
_CHARACTER_SET = 0x00080005
_ICC_PROFILE = 0x00282000
# Of these the frame's own part alone is read, when it is known which that is.
_PER_FRAME = frozenset((PER_FRAME_GROUPS, _EXTENDED_OFFSETS, _EXTENDED_LENGTHS, *PIXEL_KEYWORDS))

# An attribute with its value: tag, VR, value.
Attribute = tuple[int, str | None, bytes]


@dataclass(frozen=True, slots=True)
class Items:
    """Where the items of the Per-Frame Functional Groups Sequence are.

    Args:
        at: offset and length of each that is known, by its number from 0.
    """

    source: ByteSource
    count: int
    at: dict[int, tuple[int, int]]


def read_values(
    scanner: Scanner, window: Window, elements: Iterable[Element], *, implicit: bool
) -> list[Attribute]:
    """Read the values of a header; those that are bulk data are left out.

    Raises:
        Undecodable: sequences lie too deep within each other.
        TooLarge: the values exceed the limit.
    """
    found: list[Attribute] = []
    total_bytes = 0
    for tag, vr, offset, length in elements:
        if length is None or tag in _PER_FRAME:
            continue
        if vr != "SQ" and length > _limit_bytes(tag, vr, length):
            continue
        total_bytes += length
        _check_total(total_bytes)
        value = window.bytes_at(offset, length)
        if vr not in (None, "SQ", "UN") or scanner.is_shallow(offset, value, implicit=implicit):
            found.append((tag, vr, value))
    return found


def is_long(element: Element) -> bool:
    """Whether it is bulk data that describing an image needs nevertheless: overlays, profile."""
    overlay = element.tag >> 24 == 0x60 and element.tag & 0xFFFF == 0x3000
    length = element.value_length or 0
    return (overlay or element.tag == _ICC_PROFILE) and (
        limits.ATTRIBUTE_LIMIT_BYTES < length <= limits.HEADER_LIMIT_BYTES
    )


def read_long(source: ByteSource, elements: list[Element]) -> list[Attribute]:
    """Read the values of those that are long.

    Raises:
        TooLarge: together they exceed the limit.
    """
    _check_total(sum(element.value_length or 0 for element in elements))
    with source.reading() as read:
        return [(tag, vr, read(offset, length or 0)) for tag, vr, offset, length in elements]


def _check_total(total_bytes: int) -> None:
    if total_bytes > limits.HEADER_LIMIT_BYTES:
        raise TooLarge(
            "the image was not decoded because its header is larger than "
            f"{limits.HEADER_LIMIT_BYTES} bytes; ask for ENCODED and decode it elsewhere"
        )


def _limit_bytes(tag: int, vr: str | None, length: int) -> int:
    if length > limits.NUMBER_TEXT_LIMIT_BYTES:
        vr = dictionary_VR(tag) if vr is None and dictionary_has_tag(tag) else vr
        if vr in ("DS", "IS"):
            return limits.NUMBER_TEXT_LIMIT_BYTES
    return limits.ATTRIBUTE_LIMIT_BYTES


def build(
    attributes: Iterable[Attribute],
    *,
    implicit: bool,
    little_endian: bool,
    character_set: str | list[str] = default_encoding,
    items: Items | None = None,
) -> Dataset:
    """Make the data set.

    Args:
        character_set: of what is around it.
        items: become its Per-Frame Functional Groups Sequence.
    """
    raw: dict[BaseTag, Any] = {}
    for number, vr, value in attributes:
        tag = BaseTag(number)
        raw[tag] = RawDataElement(tag, vr, len(value), value, 0, implicit, little_endian)
        if number == _CHARACTER_SET:
            character_set = convert_encodings(convert_string(value, little_endian))
    if items is not None and items.count:
        frames = FrameItems(items, implicit, little_endian, character_set)
        tag = BaseTag(PER_FRAME_GROUPS)
        raw[tag] = DataElement(tag, "SQ", frames, already_converted=True)
    made = Dataset(raw, parent_encoding=character_set)
    made.set_original_encoding(implicit, little_endian, character_set)
    return made


class FrameItems(Sequence):
    """The items of a sequence, each read when it is asked for: a header may have 100 000."""

    def __init__(
        self,
        items: Items,
        implicit: bool,
        little_endian: bool,
        character_set: str | list[str],
    ) -> None:
        super().__init__()
        self._items = items
        self._encoding = (implicit, little_endian, character_set)

    def __len__(self) -> int:
        return self._items.count

    def __iter__(self) -> Iterator[Dataset]:
        return (self[index] for index in range(len(self)))

    @overload
    def __getitem__(self, index: int) -> Dataset: ...
    @overload
    def __getitem__(self, index: slice) -> list[Dataset]: ...
    def __getitem__(self, index: int | slice) -> Dataset | list[Dataset]:
        if isinstance(index, slice):
            return [self[each] for each in range(*index.indices(len(self)))]
        place = self._items.at.get(range(len(self))[index])
        if place is None:
            return Dataset()
        with self._items.source.reading() as read:
            return _item(read(*place), *self._encoding)


def _item(
    data: bytes, implicit: bool, little_endian: bool, character_set: str | list[str]
) -> Dataset:
    with MemoryBytes(data).reading() as read:
        window = Window(read, len(data), len(data))
        scanner = Scanner(window, len(data), little_endian=little_endian)
        implicit = implicit or scanner.is_implicit(0, assumed=implicit)
        elements = scanner.elements(0, implicit=implicit)
        values = read_values(scanner, window, elements, implicit=implicit)
    return build(
        values, implicit=implicit, little_endian=little_endian, character_set=character_set
    )
