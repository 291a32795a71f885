"""From the messages of LoadImage to a body that is known to be whole. No I/O."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import grpc

from imageid._errors import Error
from imageid.v1.image_service_pb2 import (
    DataChunk,
    ImageHeader,
    LoadImageRequest,
    LoadImageResponse,
    LoadSummary,
)

Crc32c = Callable[[bytes], int]


class Assembly:
    """Takes one answer's messages in order and checks each.

    A body is whole when `finish` returns: its chunks came without a gap, its size and its
    SHA-256 are those of the summary.

    Args:
        crc32c: checks each chunk; without it the SHA-256 of the whole body must do.
    """

    def __init__(self, crc32c: Crc32c | None = None) -> None:
        self.header = ImageHeader()
        self.summary = LoadSummary()
        self.received_bytes = 0
        self._crc32c = crc32c
        self._sha256 = hashlib.sha256()
        self._begun = False
        self._ended = False
        self._resumed = False

    def accept(self, message: LoadImageResponse) -> bytes:
        """Check a message and give its part of the body, which may be empty.

        Raises:
            Error: CHECKSUM_MISMATCH.
        """
        if self._ended:
            raise _broken("it goes on after its summary")
        if message.HasField("header"):
            self._begin(message.header)
        if not self._begun:
            raise _broken("it begins without a header")
        data = self._check(message.chunk) if message.HasField("chunk") else b""
        if message.HasField("summary"):
            self._end(message.summary)
        return data

    def finish(self) -> None:
        """Say that the stream has ended with status OK.

        Raises:
            Error: CHECKSUM_MISMATCH, it had no summary.
        """
        if not self._ended:
            raise _broken("it ends without a summary")

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
        again = LoadImageRequest()
        again.CopyFrom(request)
        again.read_offset = self.received_bytes
        again.if_match_etag = self.header.etag
        return again

    def _begin(self, header: ImageHeader) -> None:
        if header.range_start != self.received_bytes:
            raise _broken(f"it begins at byte {header.range_start}, not {self.received_bytes}")
        if not self._begun:
            self.header = header
            self._begun = True

    def _check(self, chunk: DataChunk) -> bytes:
        data = chunk.data
        if chunk.offset != self.received_bytes:
            raise _broken(f"byte {self.received_bytes} is followed by byte {chunk.offset}")
        if self._crc32c and chunk.HasField("crc32c") and self._crc32c(data) != chunk.crc32c:
            raise _broken(f"the CRC-32C of the chunk at byte {chunk.offset} differs")
        self._sha256.update(data)
        self.received_bytes += len(data)
        return data

    def _end(self, summary: LoadSummary) -> None:
        if summary.size_bytes != self.received_bytes:
            raise _broken(f"{self.received_bytes} of {summary.size_bytes} bytes came")
        if summary.checksums.sha256 != self._sha256.digest():
            raise _broken("its SHA-256 differs")
        self.summary = summary
        self._ended = True


def installed_crc32c() -> Crc32c | None:
    """CRC-32C of google-crc32c, where it is installed and does it in C."""
    try:
        import google_crc32c
    except ImportError:
        return None
    return google_crc32c.value if google_crc32c.implementation == "c" else None


def _broken(why: str) -> Error:
    return Error(
        grpc.StatusCode.DATA_LOSS,
        "CHECKSUM_MISMATCH",
        f"The daemon's answer cannot be used: {why}. Load the image again; if that repeats, "
        'load it with cache="reload".',
    )
