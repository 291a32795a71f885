"""Blobs on disk: published whole under their digest, read-only, only ever unlinked.

Blocking; the store calls it in threads.

    blobs/ab/abcdef…    a published blob, mode 0400
    spool/<boot>-<n>    what is still growing; another boot's are leftovers
    quarantine/…        a blob whose bytes are not those of its name
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import itertools
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterable
from pathlib import Path

_READ_BYTES = 1024 * 1024
_PROBE_BYTES = 4096
# Somebody may ask why; nobody asks about a hundred.
_QUARANTINED = 16
# No such name, or something else has it: a symbolic link, a folder, a file as a folder.
_NOT_THERE = (errno.ENOENT, errno.ELOOP, errno.EISDIR, errno.ENOTDIR)


class Blobs:
    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._blobs = directory / "blobs"
        self._blobs_name = str(self._blobs)
        self._spool = directory / "spool"
        self._quarantine = directory / "quarantine"
        self._boot = secrets.token_hex(4)
        self._spool_name = f"{self._spool}/{self._boot}"
        self._boot_seconds = time.time()
        self._numbers = itertools.count()

    def prepare(self) -> None:
        """Make the folders, private to this user."""
        for folder in (self._blobs, self._spool, self._quarantine):
            folder.mkdir(mode=0o700, exist_ok=True)

    def new_spool_path(self) -> Path:
        return Path(f"{self._spool_name}-{next(self._numbers)}")

    def path(self, digest: str) -> Path:
        return Path(self.name(digest))

    def name(self, digest: str) -> str:
        """`path` as text: what every image takes, and joining paths takes ten times as long."""
        return f"{self._blobs_name}/{digest[:2]}/{digest}"

    def try_to_write(self) -> None:
        """Write and remove a file as a fill does.

        Raises:
            OSError: the disk does not take it.
        """
        path = self._spool / f"{self._boot}-probe"
        try:
            path.write_bytes(bytes(_PROBE_BYTES))
            _sync(path)
        finally:
            with contextlib.suppress(OSError):
                path.unlink()

    def has(self, digest: str, size_bytes: int) -> bool:
        """Whether a blob of this length is there."""
        try:
            status = self.path(digest).lstat()
        except OSError:
            return False
        return stat.S_ISREG(status.st_mode) and status.st_size == size_bytes

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
        """A descriptor of the blob; None when it is gone or has another length.

        Raises:
            OSError: it cannot be opened now, which says nothing about it.
        """
        try:
            descriptor = os.open(self.path(digest), os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError as error:
            if error.errno in _NOT_THERE:
                return None
            raise
        try:
            if os.fstat(descriptor).st_size == size_bytes:
                return descriptor
        except OSError:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    def is_there(self, digest: str, size_bytes: int) -> bool:
        """As `has`, of a blob that was open a while ago: the kernel knows it without the disk."""
        try:
            return os.lstat(self.name(digest)).st_size == size_bytes
        except OSError:
            return False

    def read_at_once(self, digest: str, size_bytes: int) -> bytes | None:
        """All of a blob that was open a while ago, if it is in memory; waits for no disk.

        None where it is not, where the file system cannot tell, or where it is not as long.
        """
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            descriptor = os.open(self.name(digest), flags)
        except OSError:
            return None
        try:
            # One byte more than it should have: a longer one is another.
            buffer = bytearray(size_bytes + 1)
            read_bytes = os.preadv(descriptor, [buffer], 0, os.RWF_NOWAIT)
        except OSError:
            return None
        finally:
            os.close(descriptor)
        return bytes(memoryview(buffer)[:size_bytes]) if read_bytes == size_bytes else None

    def verify(self, digest: str) -> bool:
        """Whether the blob's bytes are there, and those of its name.

        Raises:
            OSError: it cannot be opened now, which says nothing about it.
        """
        sha256 = hashlib.sha256()
        try:
            with self.path(digest).open("rb", buffering=0) as file:
                while data := file.read(_READ_BYTES):
                    sha256.update(data)
        except OSError as error:
            if error.errno in (*_NOT_THERE, errno.EIO):
                return False
            raise
        return sha256.hexdigest() == digest

    def quarantine(self, digest: str) -> None:
        """Take a bad blob out of the way; it is kept for whoever asks why."""
        try:
            self.path(digest).rename(self._quarantine / f"{digest}-{self._boot}")
        except OSError:
            # Gone already, or a disk that cannot rename: then it must not stay readable.
            self.unlink(digest)
            return
        oldest_first = sorted(self._quarantine.iterdir(), key=lambda path: path.lstat().st_ctime_ns)
        for path in oldest_first[:-_QUARANTINED]:
            path.unlink(missing_ok=True)

    def unlink(self, *digests: str) -> None:
        """Remove blobs; what a broken disk keeps is an orphan for the next sweep."""
        for digest in digests:
            with contextlib.suppress(OSError):
                self.path(digest).unlink()

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
            with contextlib.suppress(FileNotFoundError):
                _sync(folder)
        return safe

    def sweep(self, is_held: Callable[[str], bool]) -> int:
        """Remove what an unclean stop left behind; gives how many files.

        Args:
            is_held: whether an entry holds a digest now. A blob that none holds and that was
                published before this boot is an orphan; what this boot is just publishing
                is younger.
        """
        spools = (s for s in self._spool.iterdir() if not s.name.startswith(f"{self._boot}-"))
        orphans = (blob for blob in self._blobs.glob("*/*") if not is_held(blob.name))
        return sum(map(_removed, spools)) + sum(
            _removed(orphan, before_seconds=self._boot_seconds) for orphan in orphans
        )

    def room_bytes(self) -> tuple[int, int]:
        """What the disk can take besides published blobs, and its size.

        Spools are counted as room: what they will hold is reserved already.
        """
        disk = os.statvfs(self.directory)
        room = disk.f_bavail * disk.f_frsize + sum(map(_allocated_bytes, os.scandir(self._spool)))
        return room, disk.f_blocks * disk.f_frsize


def _removed(path: Path, before_seconds: float = float("inf")) -> bool:
    """Whether an older file was there and is gone now; a folder, say, stays."""
    try:
        if path.lstat().st_ctime >= before_seconds:
            return False
        path.unlink()
    except OSError:
        return False
    return True


def _allocated_bytes(file: os.DirEntry[str]) -> int:
    try:
        return file.stat(follow_symlinks=False).st_blocks * 512
    except OSError:
        return 0


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
