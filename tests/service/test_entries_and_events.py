"""ListCacheEntries, EvictImages by what entries say, VerifyCache and WatchEvents."""

from __future__ import annotations

import time

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from tests.service.conftest import error_info

from imageid.v1 import cache_service_pb2 as pb
from imageid.v1 import types_pb2 as types

PIXELS = types.OutputSpec(pixels=types.PixelsOutput())
HOUR = Duration(seconds=3600)


async def entries(served, page_size=0, **request):
    found, token, pages = [], "", 0
    while True:
        page = await served.cache.ListCacheEntries(
            pb.ListCacheEntriesRequest(page_size=page_size, page_token=token, **request)
        )
        found += page.entries
        pages, token = pages + 1, page.next_page_token
        if not token:
            return found, pages


async def urls(served, **selector):
    found, _ = await entries(served, selector=pb.ImageSelector(**selector))
    return sorted({entry.url for entry in found})


async def evict(served, **selector):
    request = pb.EvictImagesRequest(selector=pb.ImageSelector(**selector))
    return await served.cache.EvictImages(request)


async def refusal(call):
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    return failure.value.code(), error_info(failure.value)


async def first_of(served, **request):
    call = served.cache.WatchEvents(pb.WatchEventsRequest(**request))
    message = await call.read()
    return call, message


async def test_an_entry_says_what_is_stored(served):
    header = (await served.load("example://1", output=PIXELS))[0].header

    found, _ = await entries(served, representation=types.REPRESENTATION_PIXELS)

    (entry,) = found
    assert (entry.url, entry.content_type) == ("example:1", "application/octet-stream")
    assert (entry.size_bytes, entry.sha256) == (256 * 256 * 2, header.checksums.sha256)
    assert abs(entry.response_time.ToSeconds() - time.time()) < 60
    assert not entry.HasField("pinned_until")


async def test_pages_have_everything_once(served):
    for number in range(1, 6):
        await served.load(f"example://{number}")

    found, pages = await entries(served, page_size=2)

    assert pages == 3
    assert sorted(entry.url for entry in found) == [f"example:{number}" for number in range(1, 6)]


@pytest.mark.parametrize(
    ("request_fields", "field"),
    [
        ({"page_size": -1}, "page_size"),
        ({"page_token": "../x"}, "page_token"),
        ({"selector": {}}, "selector"),
        ({"selector": {"id_prefix": ""}}, "selector"),
        ({"representation": 99}, "representation"),
    ],
)
async def test_a_list_that_makes_no_sense_is_refused(served, request_fields, field):
    request = pb.ListCacheEntriesRequest(**request_fields)

    code, info = await refusal(served.cache.ListCacheEntries(request))

    assert (code, info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "OPTION_INVALID")
    assert info.metadata["field"] == field


async def test_images_are_forgotten_by_the_beginning_of_their_url(served):
    image_id, _ = served.noise("a.png", 8)
    await served.load(image_id)
    await served.load("example://1")

    evicted = await evict(served, id_prefix=served.files.as_uri())

    assert evicted.entries == 1
    assert await urls(served, all=True) == ["example:1"]


async def test_a_series_is_forgotten_where_its_pixels_say_it(served):
    answer = await served.load("example://1", output=PIXELS)
    await served.load("example://2")

    evicted = await evict(served, series_instance_uid=answer[0].header.metadata.series_instance_uid)

    assert evicted.entries == 2
    assert await urls(served, all=True) == ["example:2"]


async def test_images_are_forgotten_by_the_label_of_their_pin(served):
    await served.load("example://1")
    await served.load("example://2")
    await served.cache.PinImages(
        pb.PinImagesRequest(image_ids=["example://1"], keep_for=HOUR, tag="round")
    )

    evicted = await evict(served, tag="round")

    assert (evicted.entries, evicted.pinned) == (1, 0)
    assert await urls(served, all=True) == ["example:2"]


@pytest.mark.parametrize(("older_than", "evicted"), [(HOUR, 0), (Duration(), 1)])
async def test_an_age_narrows_what_is_forgotten(served, older_than, evicted):
    await served.load("example://1")

    assert (await evict(served, all=True, older_than=older_than)).entries == evicted


async def test_a_walk_finds_the_damaged_blob_and_it_is_fetched_again(served):
    await served.load("example://1")
    await served.load("example://2")
    blobs = sorted((served.config.cache.directory / "blobs").glob("*/*"))
    blobs[0].chmod(0o600)
    blobs[0].write_bytes(b"x" * blobs[0].stat().st_size)

    call = served.cache.VerifyCache(pb.VerifyCacheRequest())
    last = [message async for message in call][-1]

    assert (last.total_blobs, last.checked_blobs, last.corrupt_blobs) == (2, 2, 1)
    assert last.checked_bytes > 2 * 256 * 256 * 2
    assert len((await entries(served))[0]) == 1


async def test_a_watcher_hears_of_a_fetch_and_of_what_it_stored(served):
    call, begin = await first_of(served)
    assert not begin.events

    await served.load("example://1")
    events = []
    while len(events) < 2:
        events += (await call.read()).events
    call.cancel()

    assert [event.kind for event in events] == [
        pb.EVENT_KIND_FILL_STARTED,
        pb.EVENT_KIND_STORED,
    ]
    assert {event.url for event in events} == {"example:1"}
    assert events[1].sequence == begin.sequence + 2
    (entry,) = (await entries(served))[0]
    assert (events[1].entry_id, events[1].size_bytes) == (entry.entry_id, entry.size_bytes)


async def test_a_watcher_goes_on_after_what_it_has_seen_and_hears_what_it_asked_for(served):
    call, begin = await first_of(served)
    call.cancel()
    await served.load("example://1")
    await evict(served, all=True)
    kinds = [pb.EVENT_KIND_EVICTED]

    call, again = await first_of(served, after_sequence=begin.sequence, kinds=kinds)
    message = await call.read()
    call.cancel()

    assert again.sequence == begin.sequence
    assert [event.kind for event in message.events] == kinds
    assert message.sequence == begin.sequence + 3


async def test_a_failed_fetch_says_why(served):
    call, _ = await first_of(served, kinds=[pb.EVENT_KIND_FILL_FAILED])
    with pytest.raises(grpc.aio.AioRpcError):
        await served.load("example://65")

    events = []
    while not events:
        events += (await call.read()).events
    call.cancel()

    assert events[0].error_reason == "IMAGE_NOT_FOUND"


async def test_what_is_not_remembered_cannot_be_resumed_from(served):
    call = served.cache.WatchEvents(pb.WatchEventsRequest(after_sequence=1))

    async def read():
        async for _ in call:
            pass

    code, info = await refusal(read())

    assert (code, info.reason) == (grpc.StatusCode.OUT_OF_RANGE, "EVENTS_COMPACTED")
    assert int(info.metadata["oldest_sequence"]) > 1
