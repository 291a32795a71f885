"""Bodies that broke off, in files. Blocking; `partials` calls it in threads.

    partials/<boot>-<n>         the bytes that came: a spool under its own name
    partials/<boot>-<n>.facts   CRC32C, msgpack of `Partial`; written while the spool grows

So a daemon that was killed leaves a spool and facts of the same name, and the spool is as
good as the facts say: what came after they were written is cut off.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import google_crc32c
import msgspec

from imageid_daemon import checksums as crc
from imageid_loaders.base import Continuation

_FACTS, _NEW = ".facts", ".new"
_CRC_BYTES = 4


class Partial(msgspec.Struct, frozen=True, array_like=True):
    """What is known of a body's beginning.

    Args:
        key: of the fill that it belongs to: credential scope, resource, request fields.
        checksums: of the first `size_bytes`, as `Checksums` counts them.
        kept_seconds: Unix time at which it was written.
        url: of the resource, as entries show it; "" where an earlier version wrote it.
    """

    key: str
    continuation: Continuation
    size_bytes: int
    checksums: bytes
    kept_seconds: float
    url: str = ""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Partial)


class PartialFiles:
    def __init__(self, directory: Path) -> None:
        self._folder = directory / "partials"
        self._spools = directory / "spool"

    def prepare(self) -> None:
        """Make the folder, private to this user."""
        self._folder.mkdir(mode=0o700, exist_ok=True)

    def describe(self, name: str, partial: Partial) -> None:
        """Write the facts of a spool that grows.

        Raises:
            OSError: the disk does not take them.
        """
        payload = _encoder.encode(partial)
        value: int = google_crc32c.value(payload)
        facts = self._folder / (name + _FACTS)
        anew = facts.with_suffix(_NEW)
        anew.write_bytes(value.to_bytes(_CRC_BYTES, "big") + payload)
        anew.rename(facts)

    def adopt(self, name: str, partial: Partial) -> None:
        """Take the spool over from its fill, cut to what is known of it.

        Raises:
            OSError: it cannot be had.
        """
        path = self._folder / name
        (self._spools / name).rename(path)
        os.truncate(path, partial.size_bytes)

    def open(self, name: str, partial: Partial) -> int | None:
        """A descriptor of its bytes; None when they are not those that were written."""
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            descriptor = os.open(self._folder / name, flags)
        except OSError:
            return None
        with contextlib.suppress(OSError):
            status = os.fstat(descriptor)
            is_whole = stat.S_ISREG(status.st_mode) and status.st_size == partial.size_bytes
            if is_whole and crc.of_file(descriptor) == partial.checksums:
                return descriptor
        os.close(descriptor)
        return None

    def remove(self, name: str) -> None:
        """Remove bytes and facts, or the facts of what is a spool still."""
        for path in (self._folder / (name + _FACTS), self._folder / name):
            with contextlib.suppress(OSError):
                path.unlink()

    def restore(self) -> dict[str, Partial]:
        """What earlier boots left, by name; all else in the folder is removed."""
        found = dict(self._left())
        for path in self._folder.iterdir():
            if path.name.removesuffix(_FACTS) not in found:
                with contextlib.suppress(OSError):
                    path.unlink()
        return found

    def _left(self) -> Iterator[tuple[str, Partial]]:
        for path in self._folder.glob(f"*{_FACTS}"):
            name = path.name.removesuffix(_FACTS)
            partial = _read(path)
            if partial is None:
                continue
            with contextlib.suppress(OSError):
                self.adopt(name, partial)  # of a daemon that was killed
            if _has(self._folder / name, partial.size_bytes):
                yield name, partial


def _read(path: Path) -> Partial | None:
    try:
        data = path.read_bytes()
        value: int = google_crc32c.value(data[_CRC_BYTES:])
        if value.to_bytes(_CRC_BYTES, "big") != data[:_CRC_BYTES]:
            return None
        return _decoder.decode(data[_CRC_BYTES:])
    except (OSError, msgspec.MsgspecError):
        return None


def _has(path: Path, size_bytes: int) -> bool:
    try:
        status = path.lstat()
    except OSError:
        return False
    return stat.S_ISREG(status.st_mode) and status.st_size == size_bytes
