"""The requests of those methods that look after the cache; shared by both clients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

from imageid._outputs import Output, Pixels, Rendered, choice, output_spec
from imageid._requests import CacheMode, Priority, batches, cache_control, several, urgency
from imageid.v1 import cache_service_pb2 as cache_v1
from imageid.v1 import image_service_pb2 as v1
from imageid.v1 import types_pb2 as types

Representation: TypeAlias = Literal["encoded", "pixels", "rendered"]
EventKind: TypeAlias = Literal["stored", "evicted", "corrupt", "fill-started", "fill-failed"]

_REPRESENTATIONS = {
    "encoded": types.REPRESENTATION_ENCODED,
    "pixels": types.REPRESENTATION_PIXELS,
    "rendered": types.REPRESENTATION_RENDERED,
}
_KINDS = {
    "stored": cache_v1.EVENT_KIND_STORED,
    "evicted": cache_v1.EVENT_KIND_EVICTED,
    "corrupt": cache_v1.EVENT_KIND_CORRUPT,
    "fill-started": cache_v1.EVENT_KIND_FILL_STARTED,
    "fill-failed": cache_v1.EVENT_KIND_FILL_FAILED,
}


def selector(
    image_ids: Iterable[str],
    *,
    everything: bool,
    prefix: str | None,
    study: str | None,
    series: str | None,
    origin: str | None,
    tag: str | None,
    older_than: float | None,
) -> cache_v1.ImageSelector:
    """
    Raises:
        ValueError: images are selected in more than one way.
    """
    chosen = several(image_ids)
    named = {
        "id_prefix": prefix,
        "study_instance_uid": study,
        "series_instance_uid": series,
        "origin": origin,
        "tag": tag,
    }
    ways = [name for name, value in named.items() if value is not None]
    if bool(chosen) + everything + len(ways) > 1:
        raise ValueError(
            "give one of image_ids, all=True, prefix, study, series, origin and tag; "
            "older_than goes with each"
        )
    message = cache_v1.ImageSelector(
        older_than=None if older_than is None else timedelta(seconds=older_than)
    )
    if everything:
        message.all = True
    elif ways:
        setattr(message, ways[0], named[ways[0]])
    else:
        message.image_ids.image_ids.extend(chosen)
    return message


def list_request(
    selected: cache_v1.ImageSelector, representation: Representation | None
) -> cache_v1.ListCacheEntriesRequest:
    request = cache_v1.ListCacheEntriesRequest(selector=selected)
    if representation is not None:
        request.representation = choice("representation", representation, _REPRESENTATIONS)
    return request


def pin_requests(
    image_ids: Iterable[str], keep_for: float | None, until: datetime | None, tag: str
) -> Iterator[cache_v1.PinImagesRequest]:
    """
    Raises:
        ValueError: not exactly one end is given.
    """
    if (keep_for is None) == (until is None):
        raise ValueError("give keep_for (seconds) or until (a datetime)")
    for batch in batches(image_ids):
        request = cache_v1.PinImagesRequest(image_ids=batch, tag=tag)
        if keep_for is not None:
            request.keep_for.FromTimedelta(timedelta(seconds=keep_for))
        elif until is not None:
            request.until.FromDatetime(until.astimezone(UTC))
        yield request


def unpin_requests(image_ids: Iterable[str]) -> Iterator[cache_v1.PinImagesRequest]:
    for batch in batches(image_ids):
        yield cache_v1.PinImagesRequest(image_ids=batch, unpin=True)


def watch_request(after: int | None, kinds: Iterable[EventKind]) -> cache_v1.WatchEventsRequest:
    return cache_v1.WatchEventsRequest(
        after_sequence=after, kinds=[choice("kinds", kind, _KINDS) for kind in kinds]
    )


def prefetch_request(
    image_ids: Sequence[str],
    output: Output | Sequence[Output],
    keep_for: float | None,
    tag: str,
    detach: bool,
    max_age: float | None,
    cache: CacheMode,
    priority: Priority,
) -> v1.PrefetchImagesRequest:
    return v1.PrefetchImagesRequest(
        image_ids=image_ids,
        outputs=[output_spec(each) for each in _outputs(output)],
        cache_control=cache_control(max_age, cache),
        priority=urgency(priority),
        keep_for=None if keep_for is None else timedelta(seconds=keep_for),
        tag=tag,
        detach=detach,
    )


def _outputs(output: Output | Sequence[Output]) -> Sequence[Output]:
    # A str is a sequence, too.
    if isinstance(output, str | Pixels | Rendered):
        return [output]
    return output
