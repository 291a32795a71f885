"""What decoding some frames needs of a large file, kept beside it: so much, and no more, is read.

    16 bytes          mark and version
    8 bytes           length of the head
    head              msgpack of `Head`
    firsts            frames + 1 numbers, only where frames have several fragments
    offsets, lengths  a number for each fragment
    items             two numbers for each item of the per-frame functional groups
    inflated          the whole data set of a deflated file

Numbers are unsigned, of 64 bits, little-endian.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from imageid_daemon.pixels.byte_source import FileBytes, ReadAt
from imageid_daemon.pixels.description import Located
from imageid_loaders.errors import Undecodable

VERSION = 2
MEDIA_TYPE = "application/x-imageid-frame-index"
_MARK = b"imageid frames %d" % VERSION
_START_BYTES = len(_MARK) + 8
_NUMBER_BYTES = 8
# The start and most heads in one read.
_FIRST_READ_BYTES = 1 << 14

Place = tuple[int, int]
"""Offset and length in bytes."""


class Head(msgspec.Struct, array_like=True, frozen=True):
    """What all frames have in common.

    Args:
        attributes: tag, VR and value of each, as `data_set.Attribute`.
        long: tag, VR, offset and length of attributes that are not in `attributes`, as
            `data_elements.Element`.
        pixel_element: keyword, VR, offset and length, as `part10.PixelElement`.
        frames: NumberOfFrames.
        located: how many of them are certain; of encapsulated pixel data only.
        several: frames have several fragments.
    """

    transfer_syntax_uid: str
    implicit: bool
    little_endian: bool
    attributes: list[tuple[int, str | None, bytes]]
    long: list[tuple[int, str | None, int, int | None]]
    pixel_element: tuple[str, str | None, int, int | None] | None
    frames: int
    located: int = 0
    fragments: int = 0
    several: bool = False
    items: int = 0
    inflated: bool = False


class FrameRecord(msgspec.Struct, array_like=True, frozen=True):
    """What is known of one frame.

    Args:
        frame: 1-based.
        places: of its fragments; empty where it was not located, and for native pixel data.
        item: of its own functional groups.
    """

    frame: int
    places: list[Place]
    item: Place | None


class Record(msgspec.Struct, array_like=True, frozen=True):
    """What is known of some frames.

    Args:
        head: msgpack of `Head`, so that equal ones need not be read again.
        origin: where offsets count from in the file with the pixel data.
    """

    head: msgspec.Raw
    frames: list[FrameRecord]
    origin: int


class Sections(NamedTuple):
    """What follows the head."""

    firsts: array[int]
    offsets: array[int]
    lengths: array[int]
    items: array[int]
    inflated: bytes | bytearray = b""


def write(target_path: str, head: Head, sections: Sections) -> int:
    """Write an index; gives its size in bytes."""
    encoded = msgspec.msgpack.encode(head)
    parts = (
        _MARK,
        len(encoded).to_bytes(_NUMBER_BYTES, "little"),
        encoded,
        *(sections[:4] if head.several else sections[1:4]),
        sections.inflated,
    )
    with Path(target_path).open("wb") as target:
        return sum(target.write(memoryview(part).cast("B")) for part in parts)


def locate(index_path: str, frames: Sequence[int]) -> Located:
    """Read what an index says of some frames, 1-based.

    Raises:
        Undecodable: the index is none.
    """
    with FileBytes(index_path).reading() as read:
        head, record = _read(read, frames)
    return Located(msgspec.msgpack.encode(record), in_index=head.inflated)


def _read(read: ReadAt, frames: Sequence[int]) -> tuple[Head, Record]:
    start = read(0, _FIRST_READ_BYTES)
    if start[: len(_MARK)] != _MARK or len(start) < _START_BYTES:
        raise Undecodable("the image cannot be decoded because its frame index is broken")
    length = int.from_bytes(start[len(_MARK) : _START_BYTES], "little")
    end = _START_BYTES + length
    encoded = start[_START_BYTES:end] if end <= len(start) else read(_START_BYTES, length)
    head = msgspec.msgpack.decode(encoded, type=Head)
    offsets_at = end + (_NUMBER_BYTES * (head.located + 1) if head.several else 0)
    items_at = offsets_at + 2 * _NUMBER_BYTES * head.fragments
    origin = items_at + 2 * _NUMBER_BYTES * head.items if head.inflated else 0
    found = [
        FrameRecord(
            frame,
            _places(read, head, end, offsets_at, frame),
            _item(read, head, items_at, frame),
        )
        for frame in frames
    ]
    return head, Record(msgspec.Raw(encoded), found, origin)


def _item(read: ReadAt, head: Head, items_at: int, frame: int) -> Place | None:
    if not 1 <= frame <= head.items:
        return None
    offset, size = _numbers(read, items_at, 2 * (frame - 1), 2)
    return offset, size


def _places(read: ReadAt, head: Head, firsts_at: int, offsets_at: int, frame: int) -> list[Place]:
    if not 1 <= frame <= head.located:
        return []
    first, behind = frame - 1, frame
    if head.several:
        first, behind = _numbers(read, firsts_at, frame - 1, 2)
    lengths_at = offsets_at + _NUMBER_BYTES * head.fragments
    offsets = _numbers(read, offsets_at, first, behind - first)
    return list(zip(offsets, _numbers(read, lengths_at, first, behind - first), strict=True))


def _numbers(read: ReadAt, section: int, index: int, count: int) -> array[int]:
    return array("Q", read(section + _NUMBER_BYTES * index, _NUMBER_BYTES * count))
