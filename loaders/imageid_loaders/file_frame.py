"""The only frame of a Part 10 file, as WADO-RS delivers it on its own, while the file arrives."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

from imageid_loaders.base import Source
from imageid_loaders.body import Body
from imageid_loaders.element_positions import (
    DataSet,
    Element,
    TooShort,
    Unreadable,
    data_set_of,
    elements,
    integer,
    text,
)
from imageid_loaders.errors import Corrupt
from imageid_loaders.transfer_syntax import frame_media_type

_SAMPLES_PER_PIXEL, _NUMBER_OF_FRAMES = 0x0028_0002, 0x0028_0008
_ROWS, _COLUMNS, _BITS_ALLOCATED = 0x0028_0010, 0x0028_0011, 0x0028_0100
_PIXEL_DATA = 0x7FE0_0010
_ITEM, _END_OF_SEQUENCE = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"
_NATIVE = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1")
_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_HEADS_BYTES = (4096, 2**16, 2**20)


@dataclass(frozen=True, slots=True)
class _Frame:
    """Where it is.

    Args:
        size_bytes: without padding; None where it is encapsulated.
    """

    transfer_syntax_uid: str
    begin: int
    size_bytes: int | None


async def frame_of_file(file: Body) -> Source | None:
    """The frame of a file whose first bytes may have been looked at.

    Returns:
        None where there is not exactly one, or it is none that stands in the file as it would
        be delivered: big endian, packed bits, subsampled.
    """
    for size_bytes in _HEADS_BYTES:
        head = await file.peek(size_bytes)
        try:
            frame = _frame(head, data_set_of(head))
        except Unreadable:
            return None
        except TooShort:
            continue
        if frame is None:
            return None
        chunks = _native(file, frame.begin, frame.size_bytes)
        if frame.size_bytes is None:
            chunks = _encapsulated(file, frame.begin)
        uid = frame.transfer_syntax_uid
        return Source(frame_media_type(uid), chunks, frame.size_bytes, uid)
    return None


def _frame(head: bytes, data_set: DataSet) -> _Frame | None:
    uid, encoding = data_set.transfer_syntax_uid, data_set.encoding
    found: dict[int, Element] = {}
    for element in elements(head, data_set.begin, encoding):
        found[element.tag] = element
        if element.tag >= _PIXEL_DATA:
            break
    pixel_data = found.get(_PIXEL_DATA)
    frames = text(head, found[_NUMBER_OF_FRAMES]) if _NUMBER_OF_FRAMES in found else "1"
    if pixel_data is None or frames != "1" or uid == _BIG_ENDIAN:
        return None
    if pixel_data.length_bytes is None:
        return None if uid in _NATIVE else _encapsulated_frame(head, uid, pixel_data.begin)
    numbers = [
        integer(head, found[tag], encoding)
        for tag in (_ROWS, _COLUMNS, _SAMPLES_PER_PIXEL, _BITS_ALLOCATED)
        if tag in found
    ]
    if uid not in _NATIVE or len(numbers) != 4 or numbers[3] % 8:
        return None
    size_bytes = numbers[0] * numbers[1] * numbers[2] * numbers[3] // 8
    if not size_bytes or pixel_data.length_bytes != size_bytes + size_bytes % 2:
        return None
    return _Frame(uid, pixel_data.begin, size_bytes)


def _encapsulated_frame(head: bytes, uid: str, begin: int) -> _Frame | None:
    """Behind the Basic Offset Table (PS3.5 section A.4), which has one offset or none."""
    if begin + 8 > len(head):
        raise TooShort
    table_bytes = int.from_bytes(head[begin + 4 : begin + 8], "little")
    if head[begin : begin + 4] != _ITEM or table_bytes not in (0, 4):
        return None
    return _Frame(uid, begin + 8 + table_bytes, None)


async def _native(file: Body, begin: int, size_bytes: int | None) -> AsyncIterator[bytes]:
    skipped_bytes, missing_bytes = begin, size_bytes or 0
    async for chunk in file:
        data = chunk[skipped_bytes : skipped_bytes + missing_bytes]
        skipped_bytes = max(0, skipped_bytes - len(chunk))
        missing_bytes -= len(data)
        if data:
            yield data
    if missing_bytes:
        raise _cut()


async def _encapsulated(file: Body, begin: int) -> AsyncIterator[bytes]:
    """The fragments' bytes, one after the other."""
    rest, skipped_bytes, fragment_bytes, is_ended = b"", begin, 0, False
    async for chunk in file:
        if is_ended:
            continue
        # By a place in it: to cut off each of thousands of empty fragments would copy it as often.
        buffer, at = rest + chunk, 0
        while at < len(buffer):
            if skipped_bytes:
                taken = min(skipped_bytes, len(buffer) - at)
                at, skipped_bytes = at + taken, skipped_bytes - taken
            elif fragment_bytes:
                data = buffer[at : at + fragment_bytes]
                at, fragment_bytes = at + len(data), fragment_bytes - len(data)
                yield data
            elif len(buffer) - at < 8:
                break
            elif buffer[at : at + 4] == _ITEM:
                fragment_bytes = int.from_bytes(buffer[at + 4 : at + 8], "little")
                at += 8
            elif buffer[at : at + 4] == _END_OF_SEQUENCE:
                is_ended = True
                break
            else:
                raise _cut()
        rest = buffer[at:]
    if not is_ended:
        raise _cut()


def _cut() -> Corrupt:
    return Corrupt("The origin's file ends within its pixel data: load the image again.")
