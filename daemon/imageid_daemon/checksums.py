"""CRC32C of each part of a body: one part can be checked without reading the others."""

from __future__ import annotations

import os

import google_crc32c

PART_BYTES = 1024 * 1024
_CHECKSUM_BYTES = 4


class Checksums:
    """Those of a body that grows."""

    def __init__(self) -> None:
        self._whole_parts = bytearray()
        self._crc = 0
        self._part_bytes = 0

    def update(self, data: bytes | memoryview) -> None:
        view = memoryview(data)
        while view:
            piece = view[: PART_BYTES - self._part_bytes]
            self._crc = google_crc32c.extend(self._crc, bytes(piece))
            self._part_bytes += len(piece)
            if self._part_bytes == PART_BYTES:
                self._whole_parts += self._crc.to_bytes(_CHECKSUM_BYTES, "big")
                self._crc = self._part_bytes = 0
            view = view[len(piece) :]

    def digest(self) -> bytes:
        """Four bytes a part, big-endian; of an empty body b""."""
        if not self._part_bytes:
            return bytes(self._whole_parts)
        return bytes(self._whole_parts) + self._crc.to_bytes(_CHECKSUM_BYTES, "big")


def of_file(descriptor: int) -> bytes:
    """The checksums of a whole file. Blocking."""
    checksums = Checksums()
    offset = 0
    while data := os.pread(descriptor, PART_BYTES, offset):
        checksums.update(data)
        offset += len(data)
    return checksums.digest()


def parts_of(size_bytes: int) -> int:
    """How many parts a body has."""
    return -(-size_bytes // PART_BYTES)


def part_matches(descriptor: int, part: int, checksums: bytes) -> bool:
    """Whether one part, counted from 0, is what it was. Blocking."""
    expected = checksums[_CHECKSUM_BYTES * part : _CHECKSUM_BYTES * (part + 1)]
    data = os.pread(descriptor, PART_BYTES, part * PART_BYTES)
    actual: int = google_crc32c.value(data)
    return actual.to_bytes(_CHECKSUM_BYTES, "big") == expected
