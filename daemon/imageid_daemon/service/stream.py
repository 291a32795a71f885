"""One answer as the messages of LoadImage."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import google_crc32c

from imageid.v1 import image_service_pb2
from imageid_daemon.resolver import Answer
from imageid_daemon.service import messages
from imageid_daemon.service.requests import Range
from imageid_loaders.errors import ContentChanged, RangeNotSatisfiable

Response = image_service_pb2.LoadImageResponse

# With a chunk of 2 MiB beside it, still below the 4 MiB that gRPC takes by default.
_SMALL_HEADER_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Wanted:
    """What LoadImage asks of a body.

    Args:
        if_match_etag: "" where the caller does not resume.
        if_none_match_etag: "" where the caller holds nothing.
    """

    range: Range
    if_match_etag: str = ""
    if_none_match_etag: str = ""

    @property
    def needs_whole(self) -> bool:
        """Whether nothing can be said before the body is whole."""
        return bool(self.if_match_etag or self.if_none_match_etag) or self.range.offset < 0


async def stream(
    answer: Answer,
    header: image_service_pb2.ImageHeader,
    wanted: Wanted,
    started_seconds: float,
) -> AsyncIterator[Response]:
    """Header, chunks, summary; the header may share a message with the other two.

    Args:
        header: as far as it does not depend on the range.

    Raises:
        ImageError: the body breaks off, has changed, or ends before the range.
    """
    message = Response(header=header)
    message.header.timing.CopyFrom(messages.timing(answer.timing, started_seconds))
    if _not_modified(answer, wanted):
        message.header.not_modified = True
        await _summarise(message, answer, 0, started_seconds)
        yield message
        return
    start = _start(answer, wanted)
    message.header.range_start = start
    end = None if wanted.range.limit_bytes is None else start + wanted.range.limit_bytes
    offset = start
    fits = _fits_one_message(answer, start, end, wanted.range.chunk_bytes)
    if not fits or message.ByteSize() > _SMALL_HEADER_BYTES:
        yield message
        message = Response()
    while True:
        limit_bytes = wanted.range.chunk_bytes if end is None else end - offset
        data = await answer.body.read(offset, min(limit_bytes, wanted.range.chunk_bytes))
        if data:
            _put_chunk(message, offset, data)
            offset += len(data)
        # The last chunk's message takes the summary too, where it is known to be the last.
        if data and not _ended(answer, offset, end):
            yield message
            message = Response()
            continue
        await _summarise(message, answer, offset - start, started_seconds)
        if start > message.summary.size_bytes:
            raise _past_end(message.summary.size_bytes)
        yield message
        return


def _not_modified(answer: Answer, wanted: Wanted) -> bool:
    return answer.entry is not None and wanted.if_none_match_etag == answer.entry.etag


def _start(answer: Answer, wanted: Wanted) -> int:
    etag = "" if answer.entry is None else answer.entry.etag
    if wanted.if_match_etag and wanted.if_match_etag != etag:
        raise ContentChanged(
            "The body is not the one whose etag was given. Load it anew from its first byte.",
            etag=etag,
        )
    size_bytes, offset = answer.size_bytes, wanted.range.offset
    if size_bytes is None:
        return offset
    if offset > size_bytes:
        raise _past_end(size_bytes)
    return max(0, size_bytes + offset) if offset < 0 else offset


def _past_end(size_bytes: int) -> RangeNotSatisfiable:
    return RangeNotSatisfiable(
        f"read_offset is past the end: the body has {size_bytes} bytes.",
        size_bytes=str(size_bytes),
    )


def _fits_one_message(answer: Answer, start: int, end: int | None, chunk_bytes: int) -> bool:
    if answer.entry is None or answer.size_bytes is None:
        return False
    stop = answer.size_bytes if end is None else min(end, answer.size_bytes)
    return stop - start <= chunk_bytes


def _ended(answer: Answer, offset: int, end: int | None) -> bool:
    # A range of a body that is still arriving is sent before the rest has come.
    in_range = answer.entry is not None and end is not None and offset >= end
    return offset == answer.size_bytes or in_range


def _put_chunk(message: Response, offset: int, data: bytes) -> None:
    # By attribute: a nested constructor copies the bytes once more.
    message.chunk.offset = offset
    message.chunk.crc32c = google_crc32c.value(data)
    message.chunk.data = data


async def _summarise(
    message: Response, answer: Answer, sent_bytes: int, started_seconds: float
) -> None:
    entry = await answer.whole()
    summary = message.summary
    summary.sent_bytes = sent_bytes
    summary.size_bytes = entry.size_bytes
    summary.checksums.sha256 = bytes.fromhex(entry.digest)
    summary.etag = entry.etag
    summary.stored = answer.stored
    summary.timing.CopyFrom(messages.timing(answer.timing, started_seconds))
