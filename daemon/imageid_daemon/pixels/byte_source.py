"""Bytes read at any offset: of a file, or of an inflated data set in memory."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

# Some bytes at an offset, at most so many; fewer only at the end.
ReadAt = Callable[[int, int], bytes]


@dataclass(frozen=True, slots=True)
class FileBytes:
    """A file, opened for each use: it may be gone from its folder, or be a descriptor's name.

    Args:
        origin: where offset 0 is in the file.
    """

    path: str
    origin: int = 0

    @contextmanager
    def reading(self) -> Iterator[ReadAt]:
        """Hold it open."""
        descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            yield partial(self._read, descriptor, os.fstat(descriptor).st_size)
        finally:
            os.close(descriptor)

    def _read(self, descriptor: int, end: int, offset: int, limit_bytes: int) -> bytes:
        # Memory is taken for what is asked, and a file may say of itself what it likes.
        begin = self.origin + offset
        return os.pread(descriptor, max(0, min(limit_bytes, end - begin)), begin)

    @property
    def size_bytes(self) -> int:
        return Path(self.path).stat().st_size - self.origin


@dataclass(frozen=True, slots=True)
class MemoryBytes:
    """Bytes that are here."""

    data: bytes | bytearray

    @contextmanager
    def reading(self) -> Iterator[ReadAt]:
        """Read them."""
        yield self._read

    def _read(self, offset: int, limit_bytes: int) -> bytes:
        return bytes(memoryview(self.data)[offset : offset + limit_bytes])

    @property
    def size_bytes(self) -> int:
        return len(self.data)


ByteSource = FileBytes | MemoryBytes


class Window:
    """A moving piece of a source, so that many small reads cost few large ones."""

    def __init__(self, read: ReadAt, size_bytes: int, piece_bytes: int = 1 << 14) -> None:
        self._read = read
        self._piece_bytes = piece_bytes
        self.size_bytes = size_bytes
        self.data = b""
        self.start = 0

    def index(self, offset: int, length: int) -> int:
        """Have `length` bytes at `offset` in `data`, fewer only at the end.

        Returns:
            where they begin in `data`
        """
        index = offset - self.start
        if index < 0 or index + length > len(self.data):
            # A long run of small elements is read in ever larger pieces.
            follows = 0 <= index <= len(self.data)
            self._piece_bytes = min(self._piece_bytes * (2 if follows else 1), 1 << 20)
            self.data = self._read(offset, max(length, self._piece_bytes))
            self.start = offset
            return 0
        return index

    def bytes_at(self, offset: int, length: int) -> bytes:
        """Copy `length` bytes, fewer only at the end."""
        index = self.index(offset, length)
        return self.data[index : index + length]
