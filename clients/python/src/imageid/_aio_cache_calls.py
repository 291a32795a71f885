"""What the asyncio client asks of the daemon's cache."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from datetime import datetime

from imageid._aio_connection import Connection
from imageid._cache_requests import (
    EventKind,
    Representation,
    list_request,
    pin_requests,
    prefetch_request,
    selector,
    unpin_requests,
    watch_request,
)
from imageid._call import call_metadata, failures_told
from imageid._endpoint import Endpoint
from imageid._outputs import Output
from imageid._prefetch import Prefetched, Prefetching, PrefetchReport
from imageid._requests import CacheMode, Priority, batches, several, stat_requests
from imageid.v1 import cache_service_pb2 as cache_v1
from imageid.v1 import image_service_pb2 as v1
from imageid.v1.cache_service_pb2_grpc import CacheServiceStub


class CacheCalls(Connection):
    """See `Connection`."""

    def __init__(self, endpoint: Endpoint, timeout: float | None) -> None:
        super().__init__(endpoint, timeout)
        self._cache = CacheServiceStub(self._channel)

    async def stat(self, image_ids: Iterable[str], output: Output = "pixels") -> list[v1.ImageStat]:
        """As `imageid.Client.stat`."""
        requests = stat_requests(image_ids, output)
        answers = [await self._ask(self._images.StatImages, request) for request in requests]
        return [stat for answer in answers for stat in answer.stats]

    async def prefetch(
        self,
        image_ids: Iterable[str],
        output: Output | Sequence[Output] = "encoded",
        *,
        keep_for: float | None = None,
        tag: str = "",
        detach: bool = False,
        max_age: float | None = None,
        cache: CacheMode = "default",
        priority: Priority = "prefetch",
        progress: PrefetchReport | None = None,
    ) -> list[Prefetched]:
        """As `imageid.Client.prefetch`."""
        chosen = several(image_ids)
        prefetching = Prefetching(chosen, progress)
        with failures_told(self._endpoint):
            for batch in batches(chosen):
                call = self._images.PrefetchImages(
                    prefetch_request(
                        batch, output, keep_for, tag, detach, max_age, cache, priority
                    ),
                    timeout=self._timeout_seconds,
                    metadata=call_metadata(self._endpoint, None),
                )
                try:
                    async for message in call:
                        prefetching.accept(message)
                finally:
                    call.cancel()
                prefetching.next_call(len(batch))
        return prefetching.results

    async def evict(
        self,
        image_ids: Iterable[str] = (),
        *,
        all: bool = False,
        prefix: str | None = None,
        study: str | None = None,
        series: str | None = None,
        origin: str | None = None,
        tag: str | None = None,
        older_than: float | None = None,
        include_pinned: bool = False,
        validate_only: bool = False,
    ) -> cache_v1.EvictImagesResponse:
        """As `imageid.Client.evict`."""
        selected = selector(
            image_ids,
            everything=all,
            prefix=prefix,
            study=study,
            series=series,
            origin=origin,
            tag=tag,
            older_than=older_than,
        )
        request = cache_v1.EvictImagesRequest(
            selector=selected, include_pinned=include_pinned, validate_only=validate_only
        )
        return await self._ask(self._cache.EvictImages, request)

    async def entries(
        self,
        image_ids: Iterable[str] = (),
        *,
        representation: Representation | None = None,
        prefix: str | None = None,
        study: str | None = None,
        series: str | None = None,
        origin: str | None = None,
        tag: str | None = None,
        older_than: float | None = None,
    ) -> AsyncIterator[cache_v1.CacheEntry]:
        """As `imageid.Client.entries`."""
        chosen = several(image_ids)
        ways = (prefix, study, series, origin, tag)
        everything = not chosen and all(way is None for way in ways)
        selected = selector(
            chosen,
            everything=everything,
            prefix=prefix,
            study=study,
            series=series,
            origin=origin,
            tag=tag,
            older_than=older_than,
        )
        request = list_request(selected, representation)
        while True:
            page = await self._ask(self._cache.ListCacheEntries, request)
            for entry in page.entries:
                yield entry
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    async def pin(
        self,
        image_ids: Iterable[str],
        *,
        keep_for: float | None = None,
        until: datetime | None = None,
        tag: str = "",
    ) -> list[str]:
        """As `imageid.Client.pin`."""
        return await self._pin(pin_requests(image_ids, keep_for, until, tag))

    async def unpin(self, image_ids: Iterable[str]) -> None:
        """As `imageid.Client.unpin`."""
        await self._pin(unpin_requests(image_ids))

    async def verify(self) -> AsyncIterator[cache_v1.VerifyCacheResponse]:
        """As `imageid.Client.verify`."""
        request = cache_v1.VerifyCacheRequest()
        async for progress in self._follow(self._cache.VerifyCache, request):
            yield progress

    async def watch(
        self, *, after: int | None = None, kinds: Iterable[EventKind] = ()
    ) -> AsyncIterator[cache_v1.CacheEvent]:
        """As `imageid.Client.watch`."""
        request = watch_request(after, kinds)
        async for message in self._follow(self._cache.WatchEvents, request):
            for event in message.events:
                yield event

    async def stats(self) -> cache_v1.GetCacheStatsResponse:
        """As `imageid.Client.stats`."""
        return await self._ask(self._cache.GetCacheStats, cache_v1.GetCacheStatsRequest())

    async def _pin(self, requests: Iterator[cache_v1.PinImagesRequest]) -> list[str]:
        absent: list[str] = []
        for request in requests:
            answer = await self._ask(self._cache.PinImages, request)
            absent += [request.image_ids[index] for index in answer.not_stored]
        return absent
