"""What a blob's maker knew of it, in a file beside it: the index can be rebuilt from these.

    facts/ab/abcdef…    records, each: length, CRC32C, msgpack of (entry, checksums)

Written before the blob has its name and removed after it, so that a torn or left-over file
never vouches for anything. Blocking.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import google_crc32c
import msgspec

from imageid_daemon.cache.entry import Entry

_LENGTH_BYTES, _CRC_BYTES = 4, 4
_DIGEST = re.compile(r"[0-9a-f]{64}")


def is_digest(text: str) -> bool:
    """Whether a text is a SHA-256 in hex, and so can name a file in its folder alone."""
    return _DIGEST.fullmatch(text) is not None


class Record(msgspec.Struct, frozen=True, array_like=True):
    entry: Entry
    checksums: bytes


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Record)


class Facts:
    def __init__(self, directory: Path) -> None:
        self._facts = directory / "facts"

    def prepare(self) -> None:
        """Make the folder, private to this user."""
        self._facts.mkdir(mode=0o700, exist_ok=True)

    def write(self, record: Record, *, first: bool) -> None:
        """Add a record; the first one of a blob replaces what an earlier blob left."""
        path = self._path(record.entry.digest)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        how = os.O_TRUNC if first else os.O_APPEND
        flags = os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | how
        descriptor = os.open(path, flags, 0o600)
        try:
            framed = _framed(record)
            if os.write(descriptor, framed) != len(framed):
                raise OSError("the disk took a part of a blob's facts")
        finally:
            os.close(descriptor)

    def read(self, digest: str) -> list[Record]:
        """A blob's records, as far as they are whole; none where there are none."""
        try:
            data = self._path(digest).read_bytes()
        except OSError:
            return []
        return [record for record in _unframed(data) if record.entry.digest == digest]

    def checksums(self, digest: str) -> bytes | None:
        """The blob's checksums, where they are known."""
        records = self.read(digest)
        return records[0].checksums if records else None

    def drop(self, digest: str, keys: Iterable[str]) -> None:
        """Strike out the records of these keys; the blob stays for others."""
        gone = set(keys)
        self._replace(digest, [r for r in self.read(digest) if r.entry.key not in gone])

    def renew(self, digest: str, entries: Mapping[str, Entry]) -> None:
        """Write anew what the records of these keys say of freshness, by key."""
        records = self.read(digest)
        if records:
            renewed = (entries.get(record.entry.key, record.entry) for record in records)
            checksums = records[0].checksums
            self._replace(digest, [Record(entry, checksums) for entry in renewed])

    def _replace(self, digest: str, left: list[Record]) -> None:
        path = self._path(digest)
        anew = path.with_suffix(".new")
        with contextlib.suppress(OSError):
            anew.write_bytes(b"".join(map(_framed, left)))
            anew.rename(path)

    def remove(self, *digests: str) -> None:
        for digest in digests:
            with contextlib.suppress(OSError):
                self._path(digest).unlink()

    def digests(self) -> Iterator[str]:
        """Every blob that has facts."""
        for path in self._facts.glob("??/*"):
            if is_digest(path.name) and path.parent.name == path.name[:2]:
                yield path.name

    def sweep(self, is_held: set[str]) -> int:
        """Remove what no stored blob needs; gives how many files."""
        left_over = [path for path in self._facts.glob("??/*") if path.name not in is_held]
        for path in left_over:
            with contextlib.suppress(OSError):
                path.unlink()
        return len(left_over)

    def _path(self, digest: str) -> Path:
        return self._facts / digest[:2] / digest


def _framed(record: Record) -> bytes:
    payload = _encoder.encode(record)
    crc: int = google_crc32c.value(payload)
    return len(payload).to_bytes(_LENGTH_BYTES, "big") + crc.to_bytes(_CRC_BYTES, "big") + payload


def _unframed(data: bytes) -> Iterator[Record]:
    offset = 0
    while header := data[offset : offset + _LENGTH_BYTES + _CRC_BYTES]:
        start = offset + len(header)
        end = start + int.from_bytes(header[:_LENGTH_BYTES], "big")
        payload = data[start:end]
        crc: int = google_crc32c.value(payload)
        is_whole = offset + len(header) + len(payload) == end
        if not is_whole or crc.to_bytes(_CRC_BYTES, "big") != header[_LENGTH_BYTES:]:
            return  # torn, and so is what follows
        try:
            yield _decoder.decode(payload)
        except msgspec.MsgspecError:
            return
        offset = end
