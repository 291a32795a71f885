"""Space that is given up when the disk is so full that not even deleting works.

Deleting rows writes to the index's log first. Blocking.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

_SHARE_OF_DISK = 64
_LEAST_BYTES = 512 * 1024
_MOST_BYTES = 16 * 1024 * 1024


def size_for(disk_bytes: int) -> int:
    """How much to hold on a disk of this size."""
    return max(_LEAST_BYTES, min(disk_bytes // _SHARE_OF_DISK, _MOST_BYTES))


class Ballast:
    def __init__(self, path: Path) -> None:
        self._path = path

    def take(self) -> None:
        """Hold the space, where the disk has four times as much to spare."""
        disk = os.statvfs(self._path.parent)
        size_bytes = size_for(disk.f_blocks * disk.f_frsize)
        if self.size_bytes >= size_bytes or disk.f_bavail * disk.f_frsize < 4 * size_bytes:
            return
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        descriptor = os.open(self._path, flags, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, size_bytes)
        finally:
            os.close(descriptor)

    def drop(self) -> bool:
        """Give the space back; False where there was none to give."""
        held_bytes = self.size_bytes
        with contextlib.suppress(OSError):
            self._path.unlink()
        return held_bytes > 0

    @property
    def size_bytes(self) -> int:
        try:
            return self._path.lstat().st_size
        except OSError:
            return 0
