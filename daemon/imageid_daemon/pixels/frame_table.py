"""Which fragments are which frame: certain, or not said. Pure.

A frame that is put together of the wrong fragments shows another image, or a part of two.
So the tables of the file are believed where they fit what is there, then the counts, then
the codestreams' own beginnings; a frame that none of them tells is not located.
"""

from __future__ import annotations

import struct
from array import array
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from imageid_daemon.pixels.fragments import Fragments

_RLE = "1.2.840.10008.1.2.5"
_BEGINNINGS = (
    b"\xff\xd8\xff",  # JPEG, JPEG-LS
    b"\xff\x4f\xff\x51",  # JPEG 2000
    b"\x00\x00\x00\x0cjP  ",
    b"\xff\x0a",  # JPEG XL
    b"\x00\x00\x00\x0cJXL ",
)
_END = b"\xff\xd9"
_LOOK_BYTES = 64

# Some bytes of a fragment, by its number: from its beginning, or (negative) before its end.
Look = Callable[[int, int], bytes]


class FramePlaces(NamedTuple):
    """Where a frame is.

    Args:
        places: offset and length of its fragments, in bytes; empty where it is not certain.
        located: how many frames are.
        frames: how many the header says there are.
    """

    places: list[tuple[int, int]]
    located: int
    frames: int


@dataclass(frozen=True, slots=True)
class FrameTable:
    """The frames that were located; those behind them were not.

    Args:
        firsts: each frame's first fragment, and one more entry behind the last; type "Q".
        frames: how many the header says there are.
    """

    fragments: Fragments
    firsts: array[int]
    frames: int

    @property
    def located(self) -> int:
        return len(self.firsts) - 1

    def places(self, frame: int) -> FramePlaces:
        """Where a frame is, counted from 1."""
        places: list[tuple[int, int]] = []
        if frame <= self.located:
            first, behind = self.firsts[frame - 1 : frame + 1]
            lengths = self.fragments.lengths[first:behind]
            places = list(zip(self.fragments.offsets[first:behind], lengths, strict=True))
        return FramePlaces(places, self.located, self.frames)


def build(
    fragments: Fragments,
    frames: int,
    look: Look,
    *,
    transfer_syntax_uid: str,
) -> FrameTable:
    """Decide.

    Args:
        frames: NumberOfFrames, at least 1.
    """
    firsts = (
        _by_table(fragments, frames)
        or _by_content(fragments, frames, look, transfer_syntax_uid)
        or [0]
    )
    _leave_out_what_is_cut(fragments, firsts, look)
    return FrameTable(fragments, array("Q", firsts)[: frames + 1], frames)


def _by_table(fragments: Fragments, frames: int) -> list[int] | None:
    """Entries that are the beginnings of fragments, in order, one for each frame.

    The Extended Offset Table (PS3.3 C.7.6.3.1.8) is for frames of one fragment each, of
    which it tells no more than their order does.
    """
    table = fragments.table
    # One frame needs no table, and what contradicts the number of frames shows in the content.
    if frames == 1 or len(table) != frames or not fragments or table[0] != 0:
        return None
    if any(low >= high for low, high in pairwise(table)):
        return None
    firsts: list[int] = []
    for entry in table:
        wanted = fragments.offsets[0] + entry
        index = bisect_left(fragments.offsets, wanted)
        if index == len(fragments) and not fragments.ended:
            break  # the file breaks off before this frame
        if index == len(fragments) or fragments.offsets[index] != wanted:
            return None
        firsts.append(index)
    return [*firsts, len(fragments)]


def _by_content(
    fragments: Fragments, frames: int, look: Look, transfer_syntax_uid: str
) -> list[int] | None:
    count = len(fragments)
    if count <= 1 or (count == frames and fragments.ended):
        return list(range(count + 1))
    # What begins as a codestream is none of run lengths, whatever it is called.
    is_rle = transfer_syntax_uid == _RLE and not _begins_codestream(look(0, _LOOK_BYTES))
    begins = _begins_rle if is_rle else _begins_codestream
    firsts = [index for index in range(count) if begins(look(index, _LOOK_BYTES))]
    if firsts[:1] != [0]:
        # Without a sign of where a frame begins, only a single one is known.
        return [0, count] if frames == 1 else None
    if len(firsts) in (count, frames) or frames == 1:
        return [*firsts, count]
    return _undoubted([*firsts, count], look)


def _undoubted(firsts: list[int], look: Look) -> list[int]:
    """The codestreams before the first that may be two, the second without its beginning.

    All behind it would be taken for their neighbours.
    """
    for number, (first, behind) in enumerate(pairwise(firsts)):
        ends = [index for index in range(first, behind) if _ends_codestream(look, first, index)]
        if ends != [behind - 1] and (ends or behind < firsts[-1]):
            return firsts[: number + 1]
    return firsts


def _begins_codestream(head: bytes) -> bool:
    return head.startswith(_BEGINNINGS)


def _begins_rle(head: bytes) -> bool:
    """A header of PS3.5 G.5: the number of segments, the first at 64, the others behind it."""
    if len(head) < _LOOK_BYTES:
        return False
    count, *offsets = struct.unpack("<16I", head)
    used, unused = offsets[:count], offsets[count:]
    ascending = all(low < high for low, high in pairwise(used))
    return 1 <= count <= 15 and used[0] == _LOOK_BYTES and ascending and not any(unused)


def _leave_out_what_is_cut(fragments: Fragments, firsts: list[int], look: Look) -> None:
    """Take the last frame back if some of it may be missing at the end of the file."""
    count = len(fragments)
    if fragments.ended or firsts[-1] < count or len(firsts) - 1 == count:
        return  # all is there, or all frames have one fragment, which is
    if not _ends_codestream(look, firsts[-2], count - 1):
        firsts.pop()


def _ends_codestream(look: Look, first: int, index: int) -> bool:
    """Whether a fragment is the last of a codestream whose first one is given."""
    tail = look(index, -_LOOK_BYTES)
    # The mark of the end may itself be divided.
    before = look(index - 1, -_LOOK_BYTES) if index > first else b""
    return (before + tail).rstrip(b"\0").endswith(_END)
