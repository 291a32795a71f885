"""One frame as it was encoded, however it came here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydicom import Dataset

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class EncodedFrame:
    """The bytes of one frame, and what they are.

    Args:
        first_bit: where the frame begins in its first byte, for 1-bit samples, whose
            frames are packed without gaps (PS3.5 8.1.1).
        big_endian: of samples wider than a byte.
        encapsulated: it stood in items (PS3.5 A.4), as no uncompressed frame but those of one
            syntax should.
    """

    data: bytes
    transfer_syntax_uid: str
    first_bit: int = 0
    big_endian: bool = False
    encapsulated: bool = False


@dataclass(frozen=True, slots=True)
class Instance:
    """What decoding and describing need of a data set; it knows of no frame.

    Args:
        attributes: as far as they are known, without the pixel data.
        little_endian: of the words in the attributes' bulk values (LUT data).
        pixel_keyword: the attribute that holds the samples; None where none does.
    """

    attributes: Dataset
    transfer_syntax_uid: str | None
    little_endian: bool = True
    pixel_keyword: str | None = "PixelData"
    _read: dict[Callable[[Instance], Any], Any] = field(default_factory=dict, compare=False)

    def once(self, read: Callable[[Instance], T]) -> T:
        """What `read` gives of this instance: read for one frame, it serves every other."""
        if read not in self._read:
            self._read[read] = read(self)
        found: T = self._read[read]
        return found
