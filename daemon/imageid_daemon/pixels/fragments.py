"""The items of encapsulated pixel data (PS3.5 A.4), found without reading them."""

from __future__ import annotations

import struct
from array import array
from dataclasses import dataclass

from imageid_daemon.pixels import limits
from imageid_daemon.pixels.byte_source import ReadAt
from imageid_loaders.errors import TooLarge

_ITEM, _SEQUENCE_END = b"\xfe\xff\x00\xe0", b"\xfe\xff\xdd\xe0"


@dataclass(frozen=True, slots=True)
class Fragments:
    """Where each fragment is, in the order of the file.

    Args:
        offsets, lengths: in bytes; type "Q". One that is not whole is not there.
        table: the Basic Offset Table, from the header of the first fragment; () where it is
            empty or cannot be one.
        ended: behind the last there is the delimiter.
        filled: between the table and where the pixel data end, there is nothing else.
    """

    offsets: array[int]
    lengths: array[int]
    table: tuple[int, ...]
    ended: bool
    filled: bool

    def __len__(self) -> int:
        return len(self.offsets)


def find(read: ReadAt, offset: int, stop: int) -> Fragments:
    """Walk from one item's header to the next.

    Args:
        offset: of the Basic Offset Table's header.
        stop: where the pixel data end at the latest.

    Raises:
        TooLarge: there are too many.
    """
    offsets, lengths = array("Q"), array("Q")
    head = read(offset, 8)
    table_offset, table_bytes = offset + 8, _length(head)
    offset = table_offset + table_bytes if head[:4] == _ITEM else stop
    head = b""
    while offset + 8 <= stop and (head := read(offset, 8))[:4] == _ITEM:
        length = _length(head)
        begin, offset = offset + 8, offset + 8 + length
        if offset > stop:
            break
        offsets.append(begin)
        lengths.append(length)
        if len(offsets) > limits.FRAGMENTS:
            raise TooLarge(
                f"the image was not decoded because it has more than {limits.FRAGMENTS} "
                "fragments; ask for ENCODED and decode it elsewhere"
            )
    table = _table(read, table_offset, table_bytes, len(offsets))
    ended = head[:4] == _SEQUENCE_END
    filled = bool(offsets) and stop - offset == (8 if ended else 0)
    return Fragments(offsets, lengths, table, ended, filled)


def _length(head: bytes) -> int:
    return int.from_bytes(head[4:8], "little")


def _table(read: ReadAt, offset: int, length: int, fragments: int) -> tuple[int, ...]:
    """An entry for each frame, which has one fragment at least; not read if it has more.

    The last entries may be those of frames that a broken file lacks.
    """
    count, rest = divmod(length, 4)
    if rest or count > limits.FRAGMENTS or not fragments:
        return ()
    data = read(offset, length)
    return struct.unpack(f"<{count}I", data) if len(data) == length else ()
