"""Blobs on disk: published whole under their digest, read-only, only ever unlinked.

Blocking; the store calls it in threads.

    blobs/ab/abcdef…    a published blob, mode 0400
    spool/<boot>-<n>    what is still growing; another boot's are leftovers
    quarantine/…        a blob whose bytes are not those of its name
"""

from __future__ import annotations

import hashlib
import itertools
import os
import secrets
import time
from collections.abc import Iterable
from pathlib import Path

_READ_BYTES = 1024 * 1024


class Blobs:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._blobs = directory / "blobs"
        self._spool = directory / "spool"
        self._quarantine = directory / "quarantine"
        self._boot = secrets.token_hex(4)
        self._boot_seconds = time.time()
        self._numbers = itertools.count()

    def prepare(self) -> None:
        """Make the folders, private to this user."""
        for folder in (self._blobs, self._spool, self._quarantine):
            folder.mkdir(mode=0o700, exist_ok=True)

    def new_spool_path(self) -> Path:
        return self._spool / f"{self._boot}-{next(self._numbers)}"

    def path(self, digest: str) -> Path:
        return self._blobs / digest[:2] / digest

    def publish(self, spool: Path, digest: str, *, durable: bool) -> None:
        """Give a complete spool its final name."""
        final = self.path(digest)
        final.parent.mkdir(mode=0o700, exist_ok=True)
        spool.chmod(0o400)
        if durable:
            _sync(spool)
        # Replacing an equal blob is harmless: whoever has it open keeps the old inode.
        spool.rename(final)
        if durable:
            _sync(final.parent)

    def open(self, digest: str, size_bytes: int) -> int | None:
        """A descriptor of the blob; None when it is gone or has another length."""
        try:
            descriptor = os.open(self.path(digest), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return None
        if os.fstat(descriptor).st_size != size_bytes:
            os.close(descriptor)
            return None
        return descriptor

    def verify(self, digest: str) -> bool:
        """Whether the blob's bytes are those of its name."""
        sha256 = hashlib.sha256()
        try:
            with self.path(digest).open("rb", buffering=0) as file:
                while data := file.read(_READ_BYTES):
                    sha256.update(data)
        except OSError:
            return False
        return sha256.hexdigest() == digest

    def quarantine(self, digest: str) -> None:
        """Take a bad blob out of the way; it is kept for whoever asks why."""
        try:
            self.path(digest).rename(self._quarantine / f"{digest}-{self._boot}")
        except OSError:
            # Gone already, or a disk that cannot rename: then it must not stay readable.
            self.unlink(digest)

    def unlink(self, digest: str) -> None:
        self.path(digest).unlink(missing_ok=True)

    def sync(self, digests: Iterable[str]) -> list[str]:
        """Flush blobs and their folders to the disk; gives those that are safe now."""
        safe: list[str] = []
        folders: set[Path] = set()
        for digest in digests:
            path = self.path(digest)
            try:
                _sync(path)
            except FileNotFoundError:
                pass  # evicted meanwhile: nothing left to be torn
            except OSError:
                continue
            folders.add(path.parent)
            safe.append(digest)
        for folder in folders:
            if folder.is_dir():
                _sync(folder)
        return safe

    def sweep(self, known: Iterable[str]) -> int:
        """Remove what an unclean stop left behind; gives how many files.

        Args:
            known: digests that entries held when this boot began. A blob that none holds
                and that was published before is an orphan; what this boot publishes
                meanwhile is left alone.
        """
        removed = 0
        for spool in self._spool.iterdir():
            if not spool.name.startswith(f"{self._boot}-"):
                spool.unlink(missing_ok=True)
                removed += 1
        held = set(known)
        for blob in self._blobs.glob("*/*"):
            if blob.name not in held and blob.lstat().st_ctime < self._boot_seconds:
                blob.unlink(missing_ok=True)
                removed += 1
        return removed

    def free_bytes(self) -> tuple[int, int]:
        """What the file system has free for this user, and its size."""
        disk = os.statvfs(self.directory)
        return disk.f_bavail * disk.f_frsize, disk.f_blocks * disk.f_frsize


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
