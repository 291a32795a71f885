"""From entries, events and walks to what the contract says of them."""

from __future__ import annotations

from imageid.v1 import cache_service_pb2 as pb
from imageid.v1 import types_pb2
from imageid_daemon.cache import VerifyProgress
from imageid_daemon.events import Event, EventKind
from imageid_daemon.resolver import Listed
from imageid_daemon.resolver.selection import frame_number

REPRESENTATIONS: dict[str, types_pb2.Representation] = {
    "": types_pb2.REPRESENTATION_UNSPECIFIED,
    "encoded": types_pb2.REPRESENTATION_ENCODED,
    "pixels": types_pb2.REPRESENTATION_PIXELS,
    "rendered": types_pb2.REPRESENTATION_RENDERED,
}
KINDS: dict[EventKind, pb.EventKind] = {
    EventKind.STORED: pb.EVENT_KIND_STORED,
    EventKind.EVICTED: pb.EVENT_KIND_EVICTED,
    EventKind.CORRUPT: pb.EVENT_KIND_CORRUPT,
    EventKind.FILL_STARTED: pb.EVENT_KIND_FILL_STARTED,
    EventKind.FILL_FAILED: pb.EVENT_KIND_FILL_FAILED,
}


def entry_message(listed: Listed) -> pb.CacheEntry:
    entry = listed.entry
    message = pb.CacheEntry(
        entry_id=entry.key,
        url=entry.url,
        representation=REPRESENTATIONS[entry.representation],
        content_type=entry.media_type,
        size_bytes=entry.size_bytes,
        frame_number=frame_number(entry),
        sha256=bytes.fromhex(entry.digest),
    )
    message.response_time.FromNanoseconds(int(entry.response_seconds * 1e9))
    if listed.pin is not None:
        message.pinned_until.FromNanoseconds(int(listed.pin.until_seconds * 1e9))
        message.tag = listed.pin.tag
    return message


def event_message(event: Event) -> pb.CacheEvent:
    message = pb.CacheEvent(
        sequence=event.sequence,
        kind=KINDS[event.kind],
        entry_id=event.key,
        url=event.url,
        representation=REPRESENTATIONS[event.representation],
        size_bytes=event.size_bytes,
        error_reason=event.reason,
    )
    message.time.FromNanoseconds(int(event.seconds * 1e9))
    return message


def progress_message(progress: VerifyProgress) -> pb.VerifyCacheResponse:
    return pb.VerifyCacheResponse(
        total_blobs=progress.blobs,
        checked_blobs=progress.checked_blobs,
        checked_bytes=progress.checked_bytes,
        corrupt_blobs=progress.damaged_blobs,
        unreadable_blobs=progress.unreadable_blobs,
    )
