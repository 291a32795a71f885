"""The growing file of a fill: one writer, many readers at their own offsets.

Readers cost no memory and slow nobody: each reads the file, and waits at its end for the
next growth. Late readers start at byte 0.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Protocol

from imageid_daemon.checksums import Checksums
from imageid_daemon.fills.body import Blob, OpenFile, Unreadable
from imageid_daemon.fills.positioned_read import read_at
from imageid_daemon.to_its_end import to_its_end
from imageid_loaders.errors import ImageError, TooLarge

# What a spool may hold in memory while the disk does not take it.
_MEMORY_LIMIT_BYTES = 1024 * 1024 * 1024


class Disk(Protocol):
    """Whether the disk is written to at all, and who is told that it refused."""

    @property
    def is_writable(self) -> bool: ...

    def refused(self, error: OSError) -> None: ...


class _TrustedDisk:
    is_writable = True

    def refused(self, error: OSError) -> None:
        """Each spool tries for itself."""


class Spool:
    """Makes its file when there is something to write; the owner closes it.

    A disk that refuses (full, read-only, broken) does not fail the fill: the spool moves
    to memory and its body is served, but cannot be stored.
    """

    def __init__(self, path: Path, disk: Disk | None = None) -> None:
        self._disk: Disk = disk or _TrustedDisk()
        self.file_path = path
        self.size_bytes = 0
        self.in_memory = False
        self._sha256 = hashlib.sha256()
        self._checksums = Checksums()
        self._descriptor: int | None = None
        self._is_published = False
        self._whole = False
        self._error: ImageError | None = None
        self._grown = asyncio.Event()

    # Writing

    async def write(self, *chunks: bytes) -> None:
        """Append them; readers see them when it returns. None at all make an empty file."""
        refusal = await to_its_end(asyncio.to_thread(self._append, chunks))
        if refusal is not None:
            self._disk.refused(refusal)
        self._announce()

    def adopt(self, size_bytes: int) -> None:
        """Somebody else has written the file through its descriptor, whole."""
        self.size_bytes = size_bytes

    @property
    def sha256(self) -> str:
        """Of all that `write` appended, in hex."""
        return self._sha256.hexdigest()

    @property
    def checksums(self) -> bytes:
        """CRC32C of each part of what `write` appended."""
        return self._checksums.digest()

    def published(self) -> None:
        """The file has another name now, and is no more the owner's."""
        self._is_published = True

    def seal(self) -> None:
        """The body is whole: readers end at its size."""
        self._whole = True
        self._announce()

    def fail(self, error: ImageError) -> None:
        """The body broke off: every reader gets the error, at once."""
        self._error = error.anew()
        self._announce()

    # Reading

    async def arrived(self, offset: int) -> None:
        while self._error is None and not self._whole and offset >= self.size_bytes:
            await self._grown.wait()

    async def read(self, offset: int, limit_bytes: int) -> bytes:
        await self.arrived(offset)
        if self._error is not None:
            raise self._error.anew()
        wanted = min(limit_bytes, self.size_bytes - offset)
        if wanted <= 0:
            return b""
        try:
            return await read_at(self.descriptor, wanted, offset)
        except OSError as error:
            self._disk.refused(error)
            raise Unreadable from error

    def duplicate(self) -> Blob:
        return Blob(OpenFile(os.dup(self.descriptor)))

    @property
    def descriptor(self) -> int:
        """Valid while this is open."""
        if self._descriptor is None:
            self._descriptor, refusal = self._open()
            if refusal is not None:
                self._disk.refused(refusal)
        return self._descriptor

    def close(self) -> None:
        """Give the file back. A spool that was not published is gone with it."""
        if self._descriptor is None:
            return
        os.close(self._descriptor)
        if not (self.in_memory or self._is_published):
            self._unlink()

    def _open(self) -> tuple[int, OSError | None]:
        """A descriptor, and why it is not one of the disk's."""
        if not self._disk.is_writable:
            return self._open_memory(), None
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        try:
            return os.open(self.file_path, flags, 0o600), None
        except OSError as error:
            return self._open_memory(), error

    def _open_memory(self) -> int:
        self.in_memory = True
        return os.memfd_create("imageid-spool", os.MFD_CLOEXEC)

    def _append(self, chunks: Sequence[bytes]) -> OSError | None:
        refusal = None
        if self._descriptor is None:
            self._descriptor, refusal = self._open()
        try:
            _write_at(self._descriptor, chunks, self.size_bytes)
        except OSError as error:
            if self.in_memory:
                raise
            refusal = error
            self.move_to_memory()
            _write_at(self._descriptor, chunks, self.size_bytes)
        size_bytes = self.size_bytes + sum(map(len, chunks))
        if self.in_memory and size_bytes > _MEMORY_LIMIT_BYTES:
            raise TooLarge(
                "The cache's disk does not take the image, and it is too large to be held in "
                "memory. Free some of the disk, or lower [cache] size."
            )
        for data in chunks:
            self._sha256.update(data)
            self._checksums.update(data)
        # Here, not when the thread is awaited: who is cancelled meanwhile keeps what has come.
        self.size_bytes = size_bytes
        return refusal

    def move_to_memory(self) -> None:
        """Go on without the disk. Blocking."""
        memory, disk = self._open_memory(), self.descriptor
        for offset in range(0, self.size_bytes, 2**20):
            part = os.pread(disk, min(2**20, self.size_bytes - offset), offset)
            _write_at(memory, [part], offset)
        # Readers go on under the same number: none of them sees the exchange.
        os.dup2(memory, disk, inheritable=False)
        os.close(memory)
        self._unlink()

    def _unlink(self) -> None:
        # What a broken disk keeps is swept at the next start.
        with contextlib.suppress(OSError):
            self.file_path.unlink()

    def _announce(self) -> None:
        # A fresh event for whoever waits next: no lock to hand from waiter to waiter.
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()


def _write_at(descriptor: int, chunks: Iterable[bytes], offset: int) -> None:
    for data in chunks:
        view = memoryview(data)
        while view:
            written = os.pwrite(descriptor, view, offset)
            view, offset = view[written:], offset + written
