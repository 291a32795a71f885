"""PrefetchImages and PinImages: images are there before they are wanted, and stay."""

from __future__ import annotations

import time

import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from tests.service.conftest import error_info, serving

from imageid.v1 import cache_service_pb2 as cache_v1
from imageid.v1 import image_service_pb2 as v1
from imageid.v1 import types_pb2 as types

ENCODED = types.OutputSpec(encoded=types.EncodedOutput())
PIXELS = types.OutputSpec(pixels=types.PixelsOutput())
HOUR = Duration(seconds=3600)


async def prefetch(served, *image_ids, **request):
    call = served.images.PrefetchImages(v1.PrefetchImagesRequest(image_ids=image_ids, **request))
    return [message async for message in call]


async def pin(served, *image_ids, **request):
    return await served.cache.PinImages(cache_v1.PinImagesRequest(image_ids=image_ids, **request))


async def refusal(call):
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    return failure.value.code(), error_info(failure.value)


async def evict_all(served, **request):
    selector = cache_v1.ImageSelector(all=True)
    return await served.cache.EvictImages(cache_v1.EvictImagesRequest(selector=selector, **request))


async def test_prefetched_images_are_hits_in_each_representation(served):
    messages = await prefetch(served, "example://1", "example://2", outputs=[ENCODED, PIXELS])

    results = [result for message in messages for result in message.results]
    assert sorted((each.index, each.stored, each.error_code) for each in results) == [
        (0, True, 0),
        (1, True, 0),
    ]
    last = messages[-1]
    assert (last.done, last.failed) == (2, 0)
    assert last.size_bytes == sum(each.size_bytes for each in results)
    answer = await served.load("example://2", output=PIXELS)
    assert answer[0].header.cache_status == types.CACHE_STATUS_HIT


async def test_a_failure_is_told_with_what_load_image_would_say(served):
    (message,) = await prefetch(served, "example://65")

    (result,) = message.results
    assert (message.done, message.failed) == (0, 1)
    assert result.error_code == grpc.StatusCode.NOT_FOUND.value[0]
    assert result.error_reason == "IMAGE_NOT_FOUND"
    assert result.error_message


@pytest.mark.parametrize(
    ("request_fields", "field"),
    [
        ({"image_ids": ["example://1"] * 10_001}, "image_ids"),
        ({"cache_control": {"mode": "MODE_NO_STORE"}}, "cache_control"),
        ({"keep_for": Duration(seconds=-1)}, "keep_for"),
        ({"tag": "round"}, "tag"),
        ({"tag": "x" * 129, "keep_for": HOUR}, "tag"),
        ({"outputs": [ENCODED] * 17}, "outputs"),
    ],
)
async def test_what_makes_no_sense_is_refused(served, request_fields, field):
    image_ids = request_fields.pop("image_ids", ["example://1"])

    code, info = await refusal(prefetch(served, *image_ids, **request_fields))

    assert (code, info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "OPTION_INVALID")
    assert info.metadata["field"] == field


async def test_what_is_kept_for_a_time_is_listed_as_pinned_and_survives_an_eviction(served):
    await prefetch(served, "example://1", keep_for=HOUR, tag="round")
    await served.load("example://2")

    evicted = await evict_all(served)

    assert (evicted.entries, evicted.pinned) == (1, 1)
    page = await served.cache.ListCacheEntries(cache_v1.ListCacheEntriesRequest())
    (entry,) = page.entries
    assert entry.tag == "round"
    assert 3500 < entry.pinned_until.ToSeconds() - time.time() < 3700


async def test_pins_survive_a_restart(tmp_path):
    async with serving(tmp_path) as served:
        await served.load("example://1")
        pinned = await pin(served, "example://1", "example://9", keep_for=HOUR)
        assert list(pinned.not_stored) == [1]

    async with serving(tmp_path) as served:
        stats = await served.cache.GetCacheStats(cache_v1.GetCacheStatsRequest())
        assert stats.pinned_bytes == pinned.pinned_bytes == stats.stored_bytes
        assert (await evict_all(served)).pinned == 1


async def test_an_unpinned_image_is_evicted(served):
    await served.load("example://1")
    await pin(served, "example://1", keep_for=HOUR)

    unpinned = await pin(served, "example://1", unpin=True)

    assert unpinned.pinned_bytes == 0
    assert (await evict_all(served)).entries == 1


async def test_pins_over_half_of_the_cache_are_refused(tmp_path):
    async with serving(tmp_path, '[cache]\nsize = "200KiB"\n') as served:
        await served.load("example://1")

        code, info = await refusal(pin(served, "example://1", keep_for=HOUR))

        assert (code, info.reason) == (grpc.StatusCode.FAILED_PRECONDITION, "PIN_LIMIT")
        assert info.metadata["pin_limit_bytes"] == str(100 * 1024)


@pytest.mark.parametrize("term", [{}, {"unpin": False}, {"until": {"seconds": 1}}])
async def test_a_pin_has_an_end_to_come(served, term):
    code, info = await refusal(pin(served, "example://1", **term))

    assert (code, info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "OPTION_INVALID")
