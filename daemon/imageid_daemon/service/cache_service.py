"""imageid.v1.CacheService over the store and the resolver."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import grpc

from imageid.v1 import cache_service_pb2 as pb
from imageid.v1 import cache_service_pb2_grpc, types_pb2
from imageid_daemon.cache import Entry, Store
from imageid_daemon.metrics import Metrics
from imageid_daemon.resolver import Evicted, Resolver
from imageid_daemon.resolver.selection import Chosen
from imageid_daemon.service import requests
from imageid_daemon.service.cache_messages import (
    KINDS,
    REPRESENTATIONS,
    entry_message,
    event_message,
    progress_message,
)
from imageid_daemon.service.enumerations import one_of
from imageid_daemon.service.selectors import OriginUrls, chosen_of, image_ids_of
from imageid_loaders.errors import InvalidOption

Context = grpc.aio.ServicerContext[Any, Any]

_ENTRIES_A_PAGE = 1000
_PROGRESS_SECONDS = 0.25
_PAGE_TOKEN = re.compile(r"([0-9a-f]{64})?")
_NAMED = {number: name for name, number in REPRESENTATIONS.items()}
_EVENT_KINDS = {number: kind for kind, number in KINDS.items()}


class CacheService(cache_service_pb2_grpc.CacheServiceServicer):
    """Args:
    origin_urls: of the configured origin of a name.
    """

    def __init__(
        self,
        resolver: Resolver,
        store: Store,
        directory: Path,
        metrics: Metrics,
        origin_urls: OriginUrls,
    ) -> None:
        self._resolver = resolver
        self._catalogue = resolver.catalogue
        self._store = store
        self._directory = directory
        self._metrics = metrics
        self._origin_urls = origin_urls
        self._start_seconds = time.time()

    async def GetCacheStats(
        self, request: pb.GetCacheStatsRequest, context: Context
    ) -> pb.GetCacheStatsResponse:
        ledger = self._store.ledger
        response = pb.GetCacheStatsResponse(
            entries=ledger.entries,
            blobs=ledger.blobs,
            stored_bytes=ledger.stored_bytes,
            reserved_bytes=ledger.reserved_bytes,
            limit_bytes=ledger.limit_bytes,
            evicted_bytes=ledger.evicted_bytes,
            evicted_blobs=ledger.evicted_blobs,
            running_fills=self._resolver.running_fills,
            requests=self._metrics.requests_by_result(),
            directory=str(self._directory),
            pinned_bytes=self._catalogue.pinned_bytes,
            pin_limit_bytes=self._catalogue.pin_limit_bytes,
        )
        response.start_time.FromNanoseconds(int(self._start_seconds * 1e9))
        return response

    async def ListCacheEntries(
        self, request: pb.ListCacheEntriesRequest, context: Context
    ) -> pb.ListCacheEntriesResponse:
        if request.page_size < 0:
            raise InvalidOption("page_size is negative; 0 means 1000.", field="page_size")
        if not _PAGE_TOKEN.fullmatch(request.page_token):
            raise InvalidOption("page_token is not one that was given.", field="page_token")
        selector = request.selector
        if not request.HasField("selector"):
            selector = pb.ImageSelector(all=True)
        chosen = await chosen_of(selector, self._catalogue, self._origin_urls)
        count = min(request.page_size or _ENTRIES_A_PAGE, _ENTRIES_A_PAGE)
        found, after = await self._catalogue.page(
            _represented(chosen, request.representation), request.page_token, count
        )
        return pb.ListCacheEntriesResponse(
            entries=map(entry_message, found), next_page_token=after or ""
        )

    async def EvictImages(
        self, request: pb.EvictImagesRequest, context: Context
    ) -> pb.EvictImagesResponse:
        evicted = await self._evict(request)
        return pb.EvictImagesResponse(
            entries=evicted.entries, freed_bytes=evicted.freed_bytes, pinned=evicted.pinned
        )

    async def _evict(self, request: pb.EvictImagesRequest) -> Evicted:
        selector, resolver = request.selector, self._resolver
        kind = selector.WhichOneof("kind")
        count_only = request.validate_only
        # A label is a pin's: who evicts by it means what is pinned.
        include_pinned = request.include_pinned or kind == "tag"
        if kind == "image_ids" and not selector.HasField("older_than"):
            return await resolver.evict(
                image_ids_of(selector), count_only=count_only, include_pinned=include_pinned
            )
        if selector.all and not selector.HasField("older_than"):
            return await resolver.evict_all(count_only=count_only, include_pinned=include_pinned)
        chosen = await chosen_of(selector, self._catalogue, self._origin_urls)
        return await resolver.evict_chosen(
            chosen, count_only=count_only, include_pinned=include_pinned
        )

    async def PinImages(
        self, request: pb.PinImagesRequest, context: Context
    ) -> pb.PinImagesResponse:
        requests.check_count(request.image_ids)
        image_ids = [requests.image_id_of(image_id) for image_id in request.image_ids]
        tag = requests.tag_of(request.tag)
        term = request.WhichOneof("term")
        if term == "unpin" and request.unpin:
            absent = await self._catalogue.unpin(image_ids)
        elif term in ("keep_for", "until"):
            absent = await self._catalogue.pin(image_ids, _until_seconds(request), tag)
        else:
            raise InvalidOption("Give keep_for, until or unpin.", field="term")
        return pb.PinImagesResponse(
            not_stored=absent,
            pinned_bytes=self._catalogue.pinned_bytes,
            pin_limit_bytes=self._catalogue.pin_limit_bytes,
        )

    async def VerifyCache(
        self, request: pb.VerifyCacheRequest, context: Context
    ) -> AsyncIterator[pb.VerifyCacheResponse]:
        told_seconds = time.monotonic()
        last = pb.VerifyCacheResponse()
        async with aclosing(self._store.verify()) as walk:
            async for progress in walk:
                last = progress_message(progress)
                if time.monotonic() - told_seconds >= _PROGRESS_SECONDS:
                    told_seconds = time.monotonic()
                    yield last
        yield last

    async def WatchEvents(
        self, request: pb.WatchEventsRequest, context: Context
    ) -> AsyncIterator[pb.WatchEventsResponse]:
        kinds = {one_of(_EVENT_KINDS, kind, "kinds") for kind in request.kinds} or set(KINDS)
        after = request.after_sequence if request.HasField("after_sequence") else None
        events = self._store.events
        if not after:
            after = events.last_sequence if after is None else events.oldest_sequence - 1
        async with aclosing(events.follow(after)) as parts:
            yield pb.WatchEventsResponse(sequence=after)
            async for part in parts:
                yield pb.WatchEventsResponse(
                    events=[event_message(event) for event in part if event.kind in kinds],
                    sequence=part[-1].sequence,
                )


def _represented(chosen: Chosen, wanted: types_pb2.Representation) -> Chosen:
    name = one_of(_NAMED, wanted, "representation")
    if not name:
        return chosen

    def both(entry: Entry) -> bool:
        return entry.representation == name and chosen(entry)

    return both


def _until_seconds(request: pb.PinImagesRequest) -> float:
    if request.HasField("keep_for"):
        return time.time() + requests.seconds_of(request.keep_for, "keep_for")
    until_seconds = request.until.ToNanoseconds() / 1e9
    if until_seconds <= time.time():
        raise InvalidOption("until is in the past; to end a pin, say unpin.", field="until")
    return until_seconds
