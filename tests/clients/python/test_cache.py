"""Prefetching, pinning, listing, verifying and watching: what is asked and what is told."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from google.protobuf.timestamp_pb2 import Timestamp

import imageid
from clients.python.scripted_daemon import ScriptedDaemon, error_info, fails, says
from imageid.v1 import cache_service_pb2 as cache_v1
from imageid.v1 import image_service_pb2 as v1
from imageid.v1 import types_pb2 as types

MISS = types.CACHE_STATUS_MISS


def brought(index: int, size_bytes: int = 3) -> v1.PrefetchResult:
    return v1.PrefetchResult(index=index, size_bytes=size_bytes, cache_status=MISS, stored=True)


def failed(index: int) -> v1.PrefetchResult:
    return v1.PrefetchResult(
        index=index, error_code=5, error_reason="IMAGE_NOT_FOUND", error_message="No."
    )


def test_results_are_in_the_order_of_the_images_and_progress_in_that_of_the_messages(
    scripted: ScriptedDaemon, client: imageid.Client
) -> None:
    scripted.script(
        "PrefetchImages",
        says(
            v1.PrefetchImagesResponse(results=[brought(1)], done=1, size_bytes=3),
            v1.PrefetchImagesResponse(results=[failed(0)], done=1, failed=1, size_bytes=3),
        ),
    )
    seen: list[imageid.PrefetchProgress] = []

    first, second = client.prefetch(["example://1", "example://2"], progress=seen.append)

    assert first.error is not None
    assert (first.image_id, first.error.reason) == ("example://1", "IMAGE_NOT_FOUND")
    assert second == imageid.Prefetched("example://2", 3, "miss", stored=True)
    assert seen == [
        imageid.PrefetchProgress(2, done=1, size_bytes=3),
        imageid.PrefetchProgress(2, done=1, failed=1, size_bytes=3),
    ]


def test_a_prefetch_says_what_is_wanted(scripted: ScriptedDaemon, client) -> None:
    scripted.script("PrefetchImages", says())

    client.prefetch(
        ["example://1"], ["encoded", imageid.Pixels()], keep_for=60, tag="round", detach=True
    )

    request = scripted.last_call.request
    assert [spec.WhichOneof("kind") for spec in request.outputs] == ["encoded", "pixels"]
    assert (request.keep_for, request.tag, request.detach) == (Duration(seconds=60), "round", True)
    assert request.priority == types.PRIORITY_PREFETCH


def test_one_form_need_not_be_a_list(scripted: ScriptedDaemon, client) -> None:
    scripted.script("PrefetchImages", says())

    client.prefetch(["example://1"], "png")

    (spec,) = scripted.last_call.request.outputs
    assert spec.WhichOneof("kind") == "rendered"


def test_more_images_than_a_call_may_have_are_several_calls_and_one_count(
    scripted: ScriptedDaemon, client
) -> None:
    answer = v1.PrefetchImagesResponse(results=[brought(0)], done=1, size_bytes=3)
    scripted.script("PrefetchImages", says(answer))
    seen: list[imageid.PrefetchProgress] = []

    results = client.prefetch(
        [f"example://{number}" for number in range(10_001)], progress=seen.append
    )

    assert [len(call.request.image_ids) for call in scripted.calls] == [10_000, 1]
    assert [each.image_id for each in results] == ["example://0", "example://10000"]
    assert seen[-1] == imageid.PrefetchProgress(10_001, done=2, size_bytes=6)


def test_a_prefetch_that_is_left_is_cancelled(scripted: ScriptedDaemon, client) -> None:
    ended = threading.Event()

    def answer(request: Any, context: grpc.ServicerContext) -> Any:
        context.add_callback(ended.set)
        yield v1.PrefetchImagesResponse()
        ended.wait()

    scripted.script("PrefetchImages", answer)

    def leave(progress: imageid.PrefetchProgress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        client.prefetch(["example://1"], progress=leave)

    assert ended.wait(10)


@pytest.mark.parametrize(
    ("arguments", "field", "value"),
    [
        ({"prefix": "https://pacs/"}, "id_prefix", "https://pacs/"),
        ({"study": "1.2"}, "study_instance_uid", "1.2"),
        ({"series": "1.3"}, "series_instance_uid", "1.3"),
        ({"origin": "pacs"}, "origin", "pacs"),
        ({"tag": "round"}, "tag", "round"),
        ({"all": True}, "all", True),
    ],
)
def test_images_are_forgotten_by_what_they_have_in_common(
    arguments, field, value, scripted: ScriptedDaemon, client
) -> None:
    scripted.script("EvictImages", says(cache_v1.EvictImagesResponse(entries=2)))

    client.evict(**arguments, older_than=3600, include_pinned=True)

    request = scripted.last_call.request
    assert request.selector == cache_v1.ImageSelector(
        **{field: value}, older_than=Duration(seconds=3600)
    )
    assert request.include_pinned


def test_entries_come_page_after_page(scripted: ScriptedDaemon, client) -> None:
    pages = [
        cache_v1.ListCacheEntriesResponse(
            entries=[cache_v1.CacheEntry(url="a")], next_page_token="t"
        ),
        cache_v1.ListCacheEntriesResponse(entries=[cache_v1.CacheEntry(url="b")]),
    ]
    scripted.script("ListCacheEntries", *map(says, pages))

    found = [entry.url for entry in client.entries(representation="pixels")]

    assert found == ["a", "b"]
    first, second = (call.request for call in scripted.calls)
    assert (first.selector.all, first.representation) == (True, types.REPRESENTATION_PIXELS)
    assert (first.page_token, second.page_token) == ("", "t")


def test_images_that_are_not_stored_are_said_when_pinning(scripted: ScriptedDaemon, client) -> None:
    scripted.script("PinImages", says(cache_v1.PinImagesResponse(not_stored=[1])))

    absent = client.pin(["example://1", "example://2"], keep_for=60, tag="round")

    request = scripted.last_call.request
    assert absent == ["example://2"]
    assert (request.keep_for, request.tag) == (Duration(seconds=60), "round")


def test_a_pin_may_have_a_time_of_day_and_an_end(scripted: ScriptedDaemon, client) -> None:
    scripted.script("PinImages", says(cache_v1.PinImagesResponse()))

    client.pin(["example://1"], until=datetime(2030, 1, 1, tzinfo=UTC))
    client.unpin(["example://1"])

    first, second = (call.request for call in scripted.calls)
    assert first.until == Timestamp(seconds=1893456000)
    assert second.unpin


@pytest.mark.parametrize("term", [{}, {"keep_for": 1, "until": datetime(2030, 1, 1, tzinfo=UTC)}])
def test_a_pin_has_exactly_one_end(term, client) -> None:
    with pytest.raises(ValueError, match="keep_for"):
        client.pin(["example://1"], **term)


def test_a_walk_over_the_cache_tells_how_far_it_is(scripted: ScriptedDaemon, client) -> None:
    steps = [cache_v1.VerifyCacheResponse(checked_blobs=number) for number in (1, 2)]
    scripted.script("VerifyCache", says(*steps))

    assert [progress.checked_blobs for progress in client.verify()] == [1, 2]


def test_events_are_followed_from_where_one_was_left(scripted: ScriptedDaemon, client) -> None:
    events = [cache_v1.CacheEvent(sequence=number) for number in (8, 9)]
    scripted.script("WatchEvents", says(cache_v1.WatchEventsResponse(events=events)))

    followed = [event.sequence for event in client.watch(after=7, kinds=["stored", "evicted"])]

    request = scripted.last_call.request
    assert followed == [8, 9]
    assert request.after_sequence == 7
    assert list(request.kinds) == [cache_v1.EVENT_KIND_STORED, cache_v1.EVENT_KIND_EVICTED]


def test_from_now_on_is_not_from_the_oldest(scripted: ScriptedDaemon, client) -> None:
    scripted.script("WatchEvents", says())

    list(client.watch())

    assert not scripted.last_call.request.HasField("after_sequence")


def test_events_that_are_gone_say_what_is_left(scripted: ScriptedDaemon, client) -> None:
    info = error_info("EVENTS_COMPACTED", oldest_sequence="9")
    scripted.script("WatchEvents", fails(grpc.StatusCode.OUT_OF_RANGE, "Gone.", info))

    with pytest.raises(imageid.Error) as failure:
        list(client.watch(after=1))

    assert (failure.value.reason, failure.value.metadata["oldest_sequence"]) == (
        "EVENTS_COMPACTED",
        "9",
    )


async def test_the_client_of_asyncio_does_the_same(scripted: ScriptedDaemon, async_client) -> None:
    scripted.script(
        "PrefetchImages",
        says(v1.PrefetchImagesResponse(results=[brought(0)], done=1, size_bytes=3)),
    )
    scripted.script("PinImages", says(cache_v1.PinImagesResponse(not_stored=[0])))
    page = cache_v1.ListCacheEntriesResponse(entries=[cache_v1.CacheEntry(url="a")])
    scripted.script("ListCacheEntries", says(page))
    scripted.script("VerifyCache", says(cache_v1.VerifyCacheResponse(checked_blobs=4)))
    event = cache_v1.CacheEvent(sequence=5)
    scripted.script("WatchEvents", says(cache_v1.WatchEventsResponse(events=[event])))

    (prefetched,) = await async_client.prefetch(["example://1"], ["pixels"])
    assert prefetched.stored
    assert await async_client.pin(["example://1"], keep_for=1) == ["example://1"]
    await async_client.unpin(["example://1"])
    assert [entry.url async for entry in async_client.entries()] == ["a"]
    assert [progress.checked_blobs async for progress in async_client.verify()] == [4]
    assert [event.sequence async for event in async_client.watch()] == [5]
