"""Read LUT descriptors and data (PS3.3 C.11.1.1, C.7.6.3.1.5, C.7.6.3.1.6)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from imageid_daemon.pixels import segmented
from imageid_daemon.pixels.attributes import numbers, values
from imageid_daemon.pixels.description import LookupTable
from imageid_loaders.errors import Undecodable

Entries = NDArray[np.uint16]


def entries(table: LookupTable) -> Entries:
    """The values of a table."""
    return np.frombuffer(table.data, "<u2")


def read(
    attributes: Dataset, descriptor: str, data: str, *, signed: bool, little_endian: bool
) -> LookupTable | None:
    """Read the table that two attributes describe; None where one is missing.

    Args:
        signed: the input values are; the first mapped one then is too, whatever its VR.

    Raises:
        Undecodable: the table is shorter than its descriptor says, or empty.
    """
    described = _descriptor(attributes, descriptor, signed)
    found = values(attributes, data)
    if described is None or not found:
        return None
    count, first_mapped, bits = described
    data_entries = _plain(found, count, little_endian)
    if descriptor == "LUTDescriptor":
        # Its entries are values of their own, never to be scaled; writers count bits wrongly.
        bits = max(bits, int(data_entries[:count].max(initial=0)).bit_length())
    return _table(data_entries, count, first_mapped, bits)


def read_segmented(
    attributes: Dataset, descriptor: str, data: str, *, signed: bool, little_endian: bool
) -> LookupTable | None:
    """The same for a segmented palette."""
    described = _descriptor(attributes, descriptor, signed)
    found = values(attributes, data)
    if described is None or not found or not isinstance(found[0], bytes):
        return None
    count, first_mapped, bits = described
    expanded = segmented.expand(found[0], count, 8 if bits <= 8 else 16, little_endian)
    return _table(expanded, count, first_mapped, bits)


def _descriptor(attributes: Dataset, keyword: str, signed: bool) -> tuple[int, int, int] | None:
    found = numbers(attributes, keyword)
    if len(found) != 3:
        return None
    count, first_mapped, bits = (int(value) for value in found)
    if signed and first_mapped >= 0x8000:
        first_mapped -= 0x10000
    # 0 stands for 65536, which its 16 bits cannot hold; they are unsigned, whatever the VR.
    return count & 0xFFFF or 0x10000, first_mapped, min(bits, 16)


def _plain(found: tuple[object, ...], count: int, little_endian: bool) -> Entries:
    raw = found[0]
    if not isinstance(raw, bytes):
        return np.array([int(str(value)) & 0xFFFF for value in found], np.uint16)
    # Entries of 8 bits come packed, or each in a word of its own.
    width = 8 if len(raw) < 2 * count else 16
    return segmented.words(raw, width, little_endian).astype(np.uint16)


def _table(data: Entries, count: int, first_mapped: int, bits: int) -> LookupTable:
    if data.size < count:
        raise Undecodable(
            "the image cannot be decoded because a lookup table is shorter than its descriptor "
            "says; ask for values STORED, or for ENCODED"
        )
    data = data[:count]
    if bits <= 8 and data.max() > 0xFF:
        data = data // 0x100  # a writer that scaled 8-bit entries up to their words
    return LookupTable(first_mapped, 8 if bits <= 8 else bits, data.astype("<u2").tobytes())
