"""From the messages of LoadImage to a body that is known to be whole. No I/O of its own."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from typing import TypeAlias

import grpc

from imageid._errors import Error
from imageid._wire import AnyPart
from imageid.v1.image_service_pb2 import (
    DataChunk,
    ImageHeader,
    LoadImageRequest,
    LoadSummary,
    LocalFile,
)
from imageid.v1.types_pb2 import CACHE_STATUS_HIT

Crc32c = Callable[[bytes], int]

OpenFile: TypeAlias = Callable[[str, int, int], memoryview]
"""Gives bytes of a file by path, offset and length, or raises OSError or ValueError."""

Body: TypeAlias = bytes | memoryview

# As much as a chunk of many images has.
_PIECE_BYTES = 1024 * 1024

# Read and never written to: what is said of an image that has not begun, or not ended.
_NO_HEADER, _NO_SUMMARY = ImageHeader(), LoadSummary()


class LocalFileMissing(Exception):
    """The file that the daemon named is not there, or not as it said: ask without it."""


class Assembly:
    """Takes one answer's parts in order and checks each.

    A body is whole when `finish` returns. Streamed, its chunks came without a gap, and its
    size and its SHA-256 are those of the summary. A local file has the size that was said;
    its bytes are the daemon's to vouch for, by its policy for what it has stored: reading
    all of them to compare them is what mapping the file saves.

    Args:
        crc32c: checks each chunk; without it the SHA-256 of the whole body must do.
        open_file: None where no local file was asked for, and none may come.
    """

    __slots__ = (
        "_begun",
        "_crc32c",
        "_ended",
        "_open_file",
        "_resumed",
        "_sha256",
        "header",
        "received_bytes",
        "summary",
    )

    def __init__(self, crc32c: Crc32c | None = None, open_file: OpenFile | None = None) -> None:
        self.header = _NO_HEADER
        self.summary = _NO_SUMMARY
        self.received_bytes = 0
        self._crc32c = crc32c
        self._open_file = open_file
        # Of a body that is streamed; made with its first chunk.
        self._sha256: hashlib._Hash | None = None
        self._begun = False
        self._ended = False
        self._resumed = False

    def accept(self, part: AnyPart) -> Body:
        """Check a part and give what it has of the body, which may be nothing.

        Raises:
            Error: CHECKSUM_MISMATCH.
            LocalFileMissing: ask for `streamed_instead`.
        """
        said = part.said
        if self._ended:
            raise broken("it goes on after its summary")
        if said.HasField("header"):
            self._begin(said.header)
        if not self._begun:
            raise broken("it begins without a header")
        data: Body = b""
        if said.HasField("local_file"):
            data = self._open(said.local_file)
        elif said.HasField("chunk"):
            data = self._check(said.chunk, part.data)
        if said.HasField("summary"):
            self._end(said.summary)
        return data

    @property
    def is_whole(self) -> bool:
        """Whether the last part has come."""
        return self._ended

    @property
    def is_streamed_hit(self) -> bool:
        """Whether a stored body came in chunks."""
        return self._sha256 is not None and self.header.cache_status == CACHE_STATUS_HIT

    def finish(self) -> None:
        """Say that the stream has ended with status OK.

        Raises:
            Error: CHECKSUM_MISMATCH, it had no summary.
        """
        if not self._ended:
            raise broken("it ends without a summary")

    def resumption(
        self, request: LoadImageRequest, code: grpc.StatusCode
    ) -> LoadImageRequest | None:
        """What to ask for after the stream broke off; None when that is not worth trying.

        The etag must be known: only then are the bytes still missing surely those of the
        body that has begun. Once, because a daemon that fails twice fails a third time.
        """
        resumable = self.received_bytes and self.header.etag and not self._ended
        if code is not grpc.StatusCode.UNAVAILABLE or self._resumed or not resumable:
            return None
        self._resumed = True
        again = self._without_local_file(request)
        again.read_offset = self.received_bytes
        again.if_match_etag = self.header.etag
        return again

    def streamed_instead(self, request: LoadImageRequest) -> LoadImageRequest:
        """What to ask for after `LocalFileMissing`; everything begins anew."""
        self.header, self.summary = _NO_HEADER, _NO_SUMMARY
        self.received_bytes, self._sha256 = 0, None
        self._begun = self._ended = False
        return self._without_local_file(request)

    def _without_local_file(self, request: LoadImageRequest) -> LoadImageRequest:
        self._open_file = None
        again = LoadImageRequest()
        again.CopyFrom(request)
        again.accept_local_file = False
        again.locality_token = b""
        return again

    def _begin(self, header: ImageHeader) -> None:
        if header.range_start != self.received_bytes:
            raise broken(f"it begins at byte {header.range_start}, not {self.received_bytes}")
        if not self._begun:
            self.header = header
            self._begun = True

    def _open(self, file: LocalFile) -> memoryview:
        if self._open_file is None or self.received_bytes:
            raise broken("it names a file that was not asked for")
        try:
            data = self._open_file(file.path, file.offset, file.length)
        except (OSError, ValueError) as error:
            raise LocalFileMissing from error
        self.received_bytes = len(data)
        return data

    def _check(self, chunk: DataChunk, data: bytes) -> bytes:
        if chunk.offset != self.received_bytes:
            raise broken(f"byte {self.received_bytes} is followed by byte {chunk.offset}")
        if self._crc32c and chunk.HasField("crc32c") and self._crc32c(data) != chunk.crc32c:
            raise broken(f"the CRC-32C of the chunk at byte {chunk.offset} differs")
        if self._sha256 is None:
            if self.received_bytes:
                raise broken("its file is followed by chunks")
            self._sha256 = hashlib.sha256()
        self._sha256.update(data)
        self.received_bytes += len(data)
        return data

    def _end(self, summary: LoadSummary) -> None:
        if summary.size_bytes != self.received_bytes:
            raise broken(f"{self.received_bytes} of {summary.size_bytes} bytes came")
        if not self._is_vouched_for and summary.checksums.sha256 != self._digest():
            raise broken("its SHA-256 differs")
        self.summary = summary
        self._ended = True

    @property
    def _is_vouched_for(self) -> bool:
        return self._sha256 is None and self.received_bytes > 0

    def _digest(self) -> bytes:
        return (self._sha256 or hashlib.sha256()).digest()


def pieces(data: Body) -> Iterator[Body]:
    """A part of a body in parts of a size to work on: a local file is one, however large."""
    for start in range(0, len(data), _PIECE_BYTES):
        yield data[start : start + _PIECE_BYTES]


def joined(parts: Sequence[Body]) -> memoryview:
    """A body from its parts; one alone is not copied."""
    return memoryview(parts[0] if len(parts) == 1 else b"".join(parts))


def installed_crc32c() -> Crc32c | None:
    """CRC-32C of google-crc32c, where it is installed and does it in C."""
    try:
        import google_crc32c
    except ImportError:
        return None
    return google_crc32c.value if google_crc32c.implementation == "c" else None


def broken(why: str) -> Error:
    """An answer that is not what the contract promises."""
    return Error(
        grpc.StatusCode.DATA_LOSS,
        "CHECKSUM_MISMATCH",
        f"The daemon's answer cannot be used: {why}. Load the image again; if that repeats, "
        'load it with cache="reload".',
    )
