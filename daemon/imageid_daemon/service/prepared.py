"""Answers that were given from the cache, ready to be given again.

A warm image costs a look into memory: whether all that its answer rests on is as it was
(`resolver.grounds`), and whether its file is. Nothing of the index is read, nothing that is
stored is decoded, and no thread is waited for; what would need one of these goes the long way.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass

import google_crc32c

from imageid.v1 import image_service_pb2 as pb
from imageid_daemon.cache import Entry, Store, freshness
from imageid_daemon.registry import Registry
from imageid_daemon.resolver import Answer, CacheStatus, Grounds, Output, Resolver
from imageid_daemon.service import wire
from imageid_daemon.service.wire import Chunk, Part

# As many as one call may ask for.
_MOST = 10_000
# A rare one has lookup tables or a profile of megabytes: it is written anew each time.
_HEADER_BYTES = 32 * 1024
# What is read on the loop: from the kernel's memory, some ten microseconds.
_BODY_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Prepared:
    """One answer, all but the times in it.

    Args:
        header: the fields of its ImageHeader up to `age`.
        loader: what stands behind the times there.
        summary: the fields of its LoadSummary between `sent_bytes` and `timing`.
        stored: those behind.
        came_aged_seconds: how old it was when it came; None where the header tells no age.
    """

    entry: Entry
    grounds: Grounds
    fresh_until_seconds: float
    scheme: str
    header: bytes
    loader: bytes
    summary: bytes
    stored: bytes
    local_file: bytes
    came_aged_seconds: float | None

    def part(self, total_seconds: float, chunk: Chunk | None) -> Part:
        """The whole answer.

        Args:
            total_seconds: since the request came.
            chunk: the body; None for one that is handed over by its path.
        """
        timing = wire.field(1, wire.duration(total_seconds))
        header = self.header + self._times() + wire.field(14, timing) + self.loader
        if chunk is None:
            summary = self.summary + wire.field(4, timing) + self.stored
            handed_bytes = self.entry.size_bytes
            return Part(header, summary, self.local_file, handed_bytes=handed_bytes)
        sent = wire.number(1, len(chunk.data))
        summary = sent + self.summary + wire.field(4, timing) + self.stored
        return Part(header, summary, chunk=chunk)

    def _times(self) -> bytes:
        if self.came_aged_seconds is None:
            return b""
        since_seconds = max(0.0, time.time() - self.entry.response_seconds)
        age = wire.duration(self.came_aged_seconds + since_seconds)
        expires = wire.duration(self.fresh_until_seconds)
        return wire.field(11, age) + wire.field(12, expires)


class Preparations:
    """Of those answers that were asked for lately."""

    def __init__(self, resolver: Resolver, store: Store) -> None:
        self._resolver = resolver
        self._store = store
        self._registry = resolver.registry
        self._kept: OrderedDict[tuple[str, Output], Prepared] = OrderedDict()

    def keep(
        self,
        image_id: str,
        output: Output,
        answer: Answer,
        header: pb.ImageHeader,
        registry: Registry,
    ) -> None:
        """Prepare what the long way has just found, if it will be the same next time.

        Args:
            header: of the answer, without anything that was asked for besides.
            registry: that the answer was found by.
        """
        if answer.grounds is None or answer.entry is None or not answer.stored:
            return
        if answer.status is not CacheStatus.HIT or registry is not self._current_registry():
            return
        known = self._kept.get((image_id, output))
        if known is not None and known.grounds == answer.grounds:
            return
        prepared = _prepared(answer.entry, answer.grounds, header, self._store)
        if len(prepared.header) <= _HEADER_BYTES:
            self._kept[image_id, output] = prepared
            if len(self._kept) > _MOST:
                self._kept.popitem(last=False)

    def find(
        self, image_id: str, output: Output, total_seconds: float, body_bytes: int
    ) -> tuple[Prepared, Part] | None:
        """The answer to a caller without demands, if it can be given at once.

        Args:
            total_seconds: since the request came.
            body_bytes: the most that may be in the answer; 0 to hand it over by its path.
        """
        prepared = self._find((image_id, output))
        if prepared is None:
            return None
        chunk = None
        if body_bytes:
            chunk = self._chunk(prepared.entry, body_bytes)
            if chunk is None:
                return None
        elif not (prepared.local_file and self._store.hand_out_at_once(prepared.entry)):
            return None
        self._resolver.note_use(prepared.grounds)
        return prepared, prepared.part(total_seconds, chunk)

    def holds(self, image_id: str, output: Output) -> bool:
        """Whether an answer is prepared that is still right."""
        return self._find((image_id, output)) is not None

    def _find(self, key: tuple[str, Output]) -> Prepared | None:
        self._current_registry()
        prepared = self._kept.get(key)
        if prepared is None:
            return None
        if not self._resolver.still_holds(prepared.grounds, prepared.fresh_until_seconds):
            del self._kept[key]
            return None
        self._kept.move_to_end(key)
        return prepared

    def _chunk(self, entry: Entry, body_bytes: int) -> Chunk | None:
        if entry.size_bytes > min(body_bytes, _BODY_BYTES):
            return None
        # The kernel's memory is the only one that keeps bodies.
        data = self._store.read_at_once(entry)
        return Chunk(0, google_crc32c.value(data), data) if data else None

    def _current_registry(self) -> Registry:
        # Another configuration: the same imageId may mean another resource, for another identity.
        if self._registry is not self._resolver.registry:
            self._registry = self._resolver.registry
            self._kept.clear()
        return self._registry


def _prepared(entry: Entry, grounds: Grounds, header: pb.ImageHeader, store: Store) -> Prepared:
    said, summary, stored = pb.ImageHeader(), pb.LoadSummary(), pb.LoadSummary()
    said.CopyFrom(header)
    for name in ("age", "expire_time", "timing", "loader", "range_start"):
        said.ClearField(name)
    summary.size_bytes = entry.size_bytes
    summary.checksums.sha256 = bytes.fromhex(entry.digest)
    stored.stored, stored.etag = True, entry.etag
    aged_seconds = None
    if header.HasField("age"):
        came_seconds = entry.response_seconds
        aged_seconds = freshness.age_seconds(entry.headers, came_seconds, came_seconds)
    path, size_bytes = str(store.path(entry)), entry.size_bytes
    return Prepared(
        entry=entry,
        grounds=grounds,
        fresh_until_seconds=grounds.fresh_until_seconds,
        scheme=header.image_id.partition(":")[0].lower(),
        header=said.SerializeToString(),
        loader=pb.ImageHeader(loader=header.loader).SerializeToString(),
        summary=summary.SerializeToString(),
        stored=stored.SerializeToString(),
        local_file=wire.local_file(path, 0, size_bytes) if size_bytes else b"",
        came_aged_seconds=aged_seconds,
    )
