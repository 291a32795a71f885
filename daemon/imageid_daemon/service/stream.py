"""One answer in parts: the messages of LoadImage, or some results of LoadImages."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass

from imageid.v1 import image_service_pb2
from imageid_daemon.cache import Entry
from imageid_daemon.resolver import Answer, CacheStatus
from imageid_daemon.service import messages, wire
from imageid_daemon.service.crowd import Member
from imageid_daemon.service.reading_on import Again, reading_on
from imageid_daemon.service.requests import Range
from imageid_daemon.service.wire import Part
from imageid_loaders.errors import ContentChanged, RangeNotSatisfiable

HandOut = Callable[[Entry], str | None]

# With a chunk of 2 MiB beside it, still below the 4 MiB that gRPC takes by default.
_SMALL_HEADER_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a body.

    Args:
        if_match_etag: "" where the caller does not resume.
        if_none_match_etag: "" where the caller holds nothing.
        hand_out: where a stored blob's file is; None for a caller that cannot open it.
        is_of_use_whole: nothing is gained by sending a body before it is whole, if a file of
            it can be handed out then.
    """

    range: Range
    if_match_etag: str = ""
    if_none_match_etag: str = ""
    hand_out: HandOut | None = None
    is_of_use_whole: bool = False

    def needs_whole(self, answer: Answer) -> bool:
        """Whether nothing can be said, or should be, before the body is whole."""
        if self.is_of_use_whole and self.hand_out is not None and answer.stored:
            return answer.status is not CacheStatus.BYPASS
        return bool(self.if_match_etag or self.if_none_match_etag) or self.range.offset < 0


async def stream(
    answer: Answer,
    header: image_service_pb2.ImageHeader,
    wanted: Wanted,
    started_seconds: float,
    crowd: Member,
    again: Again,
) -> AsyncGenerator[Part, None]:
    """Header, chunks or a local file, summary; the first may share a part with the others.

    Args:
        header: as far as it does not depend on the range.
        crowd: the stream's place in it.
        again: asks for the image once more.

    Raises:
        ImageError: the body breaks off, has changed, or ends before the range.
    """
    header.timing.CopyFrom(messages.timing(answer.timing, started_seconds))
    if _not_modified(answer, wanted):
        header.not_modified = True
        yield Part(_serialized(header), await _summary(answer, 0, started_seconds))
        return
    start = _start(answer, wanted)
    header.range_start = start
    end = None if wanted.range.limit_bytes is None else start + wanted.range.limit_bytes
    local_file, handed_bytes = _local_file(answer, start, end, wanted.hand_out)
    if local_file:
        summary = await _summary(answer, 0, started_seconds)
        yield Part(_serialized(header), summary, local_file, handed_bytes=handed_bytes)
        return
    offset, said = start, _serialized(header)
    fits = _fits_one_message(answer, start, end, wanted.range.chunk_bytes)
    if not fits or len(said) > _SMALL_HEADER_BYTES:
        yield Part(said)
        said = b""
    wanted_bytes = wanted.range.chunk_bytes_of(answer.size_bytes)
    async with reading_on(answer, again) as read:
        while True:
            chunk_bytes = crowd.chunk_bytes(wanted_bytes, offset - start)
            chunk = await read(
                offset, chunk_bytes if end is None else min(chunk_bytes, end - offset)
            )
            offset += len(chunk.data)
            # The last chunk's part takes the summary too, where it is known to be the last.
            if chunk.data and not _ended(answer, offset, end):
                yield Part(said, chunk=chunk)
                said = b""
                del chunk  # a stream that waits for more holds nothing of what is sent
                continue
            summary = await _summary(answer, offset - start, started_seconds)
            size_bytes = (await answer.whole()).size_bytes
            if start > size_bytes:
                raise _past_end(size_bytes)
            yield Part(said, summary, chunk=chunk if chunk.data else None)
            return


def _serialized(header: image_service_pb2.ImageHeader) -> bytes:
    return header.SerializeToString()


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


def _local_file(
    answer: Answer, start: int, end: int | None, hand_out: HandOut | None
) -> tuple[bytes, int]:
    """Where the range is, and how many bytes it has; b"" where it has to be streamed."""
    entry = answer.entry
    if hand_out is None or entry is None or not answer.stored:
        return b"", 0
    stop = entry.size_bytes if end is None else min(end, entry.size_bytes)
    # Nothing cannot be mapped.
    if stop <= start or (path := hand_out(entry)) is None:
        return b"", 0
    return wire.local_file(path, start, stop - start), stop - start


def _fits_one_message(answer: Answer, start: int, end: int | None, chunk_bytes: int) -> bool:
    if answer.entry is None or answer.size_bytes is None:
        return False
    stop = answer.size_bytes if end is None else min(end, answer.size_bytes)
    return stop - start <= chunk_bytes


def _ended(answer: Answer, offset: int, end: int | None) -> bool:
    # A range of a body that is still arriving is sent before the rest has come.
    in_range = answer.entry is not None and end is not None and offset >= end
    return offset == answer.size_bytes or in_range


async def _summary(answer: Answer, sent_bytes: int, started_seconds: float) -> bytes:
    entry = await answer.whole()
    summary = image_service_pb2.LoadSummary(
        sent_bytes=sent_bytes,
        size_bytes=entry.size_bytes,
        etag=entry.etag,
        stored=answer.stored,
        timing=messages.timing(answer.timing, started_seconds),
    )
    summary.checksums.sha256 = bytes.fromhex(entry.digest)
    return summary.SerializeToString()
