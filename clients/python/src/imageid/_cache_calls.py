"""What a client asks of the daemon's cache."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

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
from imageid._connection import Connection
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

    def stat(self, image_ids: Iterable[str], output: Output = "pixels") -> list[v1.ImageStat]:
        """Which of these images are stored in this form; never asks an origin."""
        requests = stat_requests(image_ids, output)
        answers = (self._ask(self._images.StatImages, request) for request in requests)
        return [stat for answer in answers for stat in answer.stats]

    def prefetch(
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
        """Bring images into the daemon's cache, and say of each, in order, what became of it.

        An image that fails is told in its result; the call raises only what ends it. Leaving
        it (an exception in `progress`, say) stops what no other program waits for.

        Args:
            output: one or several of those of `load`; "encoded" is made into others later
                without asking the origin again.
            keep_for: seconds for which each image is pinned: it is not evicted for others.
            tag: a label for those pins, to `evict` or list by.
            detach: let the daemon go on to the end even if this program leaves.
            progress: called with a `PrefetchProgress` after each part.
        """
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
                    for message in call:
                        prefetching.accept(message)
                finally:
                    call.cancel()  # type: ignore[no-untyped-call,unused-ignore]
                prefetching.next_call(len(batch))
        return prefetching.results

    def evict(
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
        """Forget images, and say how many entries and bytes that were.

        Give one of `image_ids`, `all`, `prefix` (what the resource's URL begins with), `study`
        and `series` (UIDs), `origin` (its name in the daemon's configuration, or HOST or
        HOST:PORT) and `tag` (the label of a pin; its images are pinned, and go).

        Args:
            older_than: seconds; of those, only what was fetched or confirmed longer ago.
            include_pinned: forget pinned images too; otherwise `pinned` counts those kept.
            validate_only: count, forget nothing.
        """
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
        return self._ask(self._cache.EvictImages, request)

    def entries(
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
    ) -> Iterator[cache_v1.CacheEntry]:
        """What is stored, page by page, in no order that means anything.

        Args:
            representation: "encoded", "pixels" or "rendered" alone; the others are as for
                `evict`, and without any of them everything is told.
        """
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
            page = self._ask(self._cache.ListCacheEntries, request)
            yield from page.entries
            if not page.next_page_token:
                return
            request.page_token = page.next_page_token

    def pin(
        self,
        image_ids: Iterable[str],
        *,
        keep_for: float | None = None,
        until: datetime | None = None,
        tag: str = "",
    ) -> list[str]:
        """Keep what is stored of images, whatever room others need.

        Args:
            keep_for: seconds from now; or `until`, a time.
            tag: a label to `evict` or list by.

        Returns:
            Those that are not stored, and so not pinned: prefetch them.
        """
        return self._pin(pin_requests(image_ids, keep_for, until, tag))

    def unpin(self, image_ids: Iterable[str]) -> None:
        """Let images go the way of all others."""
        self._pin(unpin_requests(image_ids))

    def verify(self) -> Iterator[cache_v1.VerifyCacheResponse]:
        """Compare every stored blob with its digest; gives how far it is, at last all.

        Leaving the iteration stops it.
        """
        request = cache_v1.VerifyCacheRequest()
        return self._follow(self._cache.VerifyCache, request)

    def watch(
        self, *, after: int | None = None, kinds: Iterable[EventKind] = ()
    ) -> Iterator[cache_v1.CacheEvent]:
        """What happens in the cache, until the iteration is left.

        Args:
            after: the `sequence` of the last event seen; None is from now on, 0 from the
                oldest that is remembered. EVENTS_COMPACTED where it is too long ago.
            kinds: "stored", "evicted", "corrupt", "fill-started", "fill-failed"; all if empty.
        """
        request = watch_request(after, kinds)
        for message in self._follow(self._cache.WatchEvents, request):
            yield from message.events

    def stats(self) -> cache_v1.GetCacheStatsResponse:
        """Sizes and counters of the cache."""
        return self._ask(self._cache.GetCacheStats, cache_v1.GetCacheStatsRequest())

    def _pin(self, requests: Iterator[cache_v1.PinImagesRequest]) -> list[str]:
        absent: list[str] = []
        for request in requests:
            answer = self._ask(self._cache.PinImages, request)
            absent += [request.image_ids[index] for index in answer.not_stored]
        return absent
