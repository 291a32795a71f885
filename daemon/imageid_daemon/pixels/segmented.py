"""Expand segmented palette data (PS3.3 C.7.9.2)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imageid_loaders.errors import Undecodable

_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2


def words(data: bytes, width: int, little_endian: bool) -> NDArray[Any]:
    """Read whole words of 8 or 16 bits; a padding byte at the end is left out.

    The VR is OW: two words of 8 bits share one of 16, whose order they follow (PS3.5 A.3).
    """
    if width == 8 and little_endian:
        return np.frombuffer(data, np.uint8)
    pairs = np.frombuffer(data[: len(data) // 2 * 2], "<u2" if little_endian else ">u2")
    return pairs if width == 16 else pairs.astype("<u2").view(np.uint8)


def expand(data: bytes, count: int, width: int, little_endian: bool) -> NDArray[np.uint16]:
    """Give the first `count` entries.

    Args:
        width: bits of each word of `data`, 8 or 16.

    Raises:
        Undecodable: a segment is of no known type, or breaks off.
    """
    machine = _Expansion(words(data, width, little_endian).tolist(), width, count)
    position = 0
    # A byte of padding may stand behind the last segment.
    while position + 1 < len(machine.words) and len(machine.entries) < count:
        position = machine.take(position)
    return np.array(machine.entries[:count], np.uint16)


class _Expansion:
    def __init__(self, words: list[int], width: int, count: int) -> None:
        self.words = words
        self.width = width
        self.count = count
        self.entries: list[int] = []

    def take(self, position: int) -> int:
        """Expand one segment and give the position behind it."""
        opcode, length = self.words[position : position + 2]
        body = position + 2
        if opcode == _DISCRETE:
            self.entries.extend(self.words[body : body + length])
            return body + length
        if opcode == _LINEAR and self.entries and body < len(self.words):
            self._line(self.words[body], length)
            return body + 1
        if opcode == _INDIRECT:
            return self._repeat(body, length)
        raise _broken()

    def _line(self, end: int, length: int) -> None:
        start = self.entries[-1]
        steps = np.arange(1, length + 1) / max(length, 1)
        self.entries.extend(np.rint(start + (end - start) * steps).astype(int).tolist())

    def _repeat(self, body: int, length: int) -> int:
        """Expand segments that stand at a byte offset, and are not indirect themselves."""
        size = 32 // self.width
        low_first = self.words[body : body + size]
        if len(low_first) < size:
            raise _broken()
        offset = sum(word << (self.width * place) for place, word in enumerate(low_first))
        source = offset * 8 // self.width
        for _ in range(length):
            if len(self.entries) >= self.count:
                break
            if source + 1 >= len(self.words) or self.words[source] == _INDIRECT:
                raise _broken()
            source = self.take(source)
        return body + size


def _broken() -> Undecodable:
    return Undecodable(
        "the image cannot be decoded because its segmented palette is broken; "
        "ask for color DEFAULT to get its indices"
    )
