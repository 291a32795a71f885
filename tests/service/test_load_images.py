"""LoadImages: many images in one call, many results in one message."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import google_crc32c
import grpc
import pytest
import pytest_asyncio
from tests.origins.scripted import Answer, ScriptedOrigin
from tests.service.conftest import Served, error_info, serving

from imageid.v1 import image_service_pb2 as v1
from imageid.v1 import types_pb2 as types

MEBIBYTE = 1024 * 1024
PIXELS = types.OutputSpec(pixels=types.PixelsOutput())
EXAMPLES = [f"example://{number}" for number in range(1, 41)]


@pytest_asyncio.fixture
async def origin() -> AsyncIterator[ScriptedOrigin]:
    async with ScriptedOrigin() as server:
        yield server


@pytest_asyncio.fixture
async def networked(tmp_path: Path) -> AsyncIterator[Served]:
    """A daemon that may ask the scripted origin."""
    async with serving(tmp_path, '[network]\nallow = ["127.0.0.1:*"]\n') as daemon:
        yield daemon


def call_of(served, image_ids, **request):
    return served.images.LoadImages(v1.LoadImagesRequest(image_ids=image_ids, **request))


async def messages_of(served, image_ids, **request):
    return [message async for message in call_of(served, image_ids, **request)]


def results_of(messages, index=None):
    found = [result for message in messages for result in message.results]
    return found if index is None else [each for each in found if each.index == index]


def body(results):
    """The chunks of one image, which follow each other without a gap."""
    chunks = [result.chunk for result in results if result.HasField("chunk")]
    data = b"".join(chunk.data for chunk in chunks)
    starts = [0, *(chunk.offset + len(chunk.data) for chunk in chunks)]
    assert [chunk.offset for chunk in chunks] == starts[:-1]
    assert all(chunk.crc32c == google_crc32c.value(chunk.data) for chunk in chunks)
    return data


def big(origin, name, size_bytes=MEBIBYTE, *, released=None):
    """A picture of which nothing but its first bytes comes before `released`."""
    answer = Answer(b"\x89PNG\r\n\x1a\n" + bytes(size_bytes), "image/png")
    answer = answer.with_headers(Cache_Control="max-age=600")
    return "web:" + origin.route(name, answer.stalled(8, released) if released else answer)


async def test_each_image_is_what_load_image_gives(served):
    image_ids = EXAMPLES[:5]
    alone = [b"".join(m.chunk.data for m in await served.load(each)) for each in image_ids]

    messages = await messages_of(served, image_ids)

    assert [body(results_of(messages, index)) for index in range(5)] == alone
    for index in range(5):
        first, *_, last = [*results_of(messages, index), *results_of(messages, index)]
        assert first.header.image_id == image_ids[index]
        assert last.summary.sent_bytes == last.summary.size_bytes == len(alone[index])


async def test_small_images_share_messages(served):
    await messages_of(served, EXAMPLES, output=PIXELS, chunk_bytes=1024)
    token = await token_of(served)

    messages = await messages_of(
        served, EXAMPLES, output=PIXELS, accept_local_file=True, locality_token=token
    )

    assert len(messages) < len(EXAMPLES) / 2
    assert sorted(result.index for result in results_of(messages)) == list(range(40))


async def token_of(served):
    info = await served.images.GetServerInfo(v1.GetServerInfoRequest())
    return Path(info.locality_token_file).read_bytes()


async def test_stored_bodies_are_handed_over_by_path(served):
    image_ids = EXAMPLES[:3]
    stored = [body(results_of(await messages_of(served, [each]))) for each in image_ids]
    token = await token_of(served)

    messages = await messages_of(
        served, image_ids, accept_local_file=True, locality_token=token, in_request_order=True
    )

    files = [result.local_file for result in results_of(messages)]
    assert [Path(file.path).read_bytes() for file in files] == stored
    assert not any(result.HasField("chunk") for result in results_of(messages))


async def test_without_proof_of_locality_bodies_are_streamed(served):
    await served.load("example://1")

    messages = await messages_of(
        served, ["example://1"], accept_local_file=True, locality_token=b"wrong"
    )

    assert not any(result.HasField("local_file") for result in results_of(messages))
    assert body(results_of(messages))


async def test_a_failure_is_told_in_its_place_as_load_image_would_and_ends_nothing(served):
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await served.load("example://99")

    messages = await messages_of(served, ["example://1", "example://99", "", "example://2"])

    (result,) = results_of(messages, 1)
    assert result.error_code == failure.value.code().value[0]
    assert result.error_message == failure.value.details()
    assert result.error_reason == error_info(failure.value).reason == "IMAGE_NOT_FOUND"
    assert results_of(messages, 2)[0].error_reason == "IMAGE_ID_INVALID"
    assert body(results_of(messages, 0))
    assert body(results_of(messages, 3))


async def test_a_body_that_breaks_off_ends_with_an_error_and_never_with_a_summary(
    networked, origin
):
    broken = Answer(b"\x89PNG\r\n\x1a\n" + bytes(MEBIBYTE), "image/png").truncated(700_000)
    url = origin.route("/broken.png", broken)

    messages = await messages_of(networked, [f"web:{url}", "example://1"])

    *_, last = results_of(messages, 0)
    assert last.error_reason == "CHECKSUM_MISMATCH"
    assert not any(result.HasField("summary") for result in results_of(messages, 0))
    assert body(results_of(messages, 1))


async def test_an_image_that_its_origin_holds_back_holds_up_no_other(networked, origin):
    released = asyncio.Event()
    slow = big(origin, "/slow.png", released=released)
    call = call_of(networked, [slow, *EXAMPLES])

    messages = aiter(call)
    ended: set[int] = set()
    async with asyncio.timeout(30):
        while len(ended) < len(EXAMPLES):
            message = await anext(messages)
            ended |= {each.index for each in message.results if each.HasField("summary")}
    assert 0 not in ended

    released.set()
    rest = [message async for message in messages]
    assert results_of(rest, 0)[-1].summary.size_bytes == MEBIBYTE + 8


async def test_many_that_their_origin_holds_back_leave_room_to_read_others(networked, origin):
    released = asyncio.Event()
    slow = [big(origin, f"/{number}.png", released=released) for number in range(30)]
    call = call_of(networked, [*slow, *EXAMPLES])

    messages = aiter(call)
    ended: set[int] = set()
    async with asyncio.timeout(30):
        while len(ended) < len(EXAMPLES):
            message = await anext(messages)
            ended |= {each.index for each in message.results if each.HasField("summary")}

    assert ended == set(range(30, 70))
    released.set()
    rest = [message async for message in messages]
    assert {each.index for each in results_of(rest) if each.HasField("summary")} == set(range(30))


async def test_a_large_image_takes_turns_with_small_ones(networked, origin):
    large = big(origin, "/large.png", 40 * MEBIBYTE)
    await networked.load(large)
    await messages_of(networked, EXAMPLES)

    messages = await messages_of(networked, [large, *EXAMPLES])

    ended = [each.index for each in results_of(messages) if each.HasField("summary")]
    assert ended[-1] == 0
    assert len(body(results_of(messages, 0))) == 40 * MEBIBYTE + 8


async def test_in_request_order_each_image_is_whole_before_the_next(networked, origin):
    released = asyncio.Event()
    slow = big(origin, "/slow.png", released=released)
    image_ids = [*EXAMPLES[:20], slow, *EXAMPLES[20:], "example://99"]
    stream = aiter(call_of(networked, image_ids, in_request_order=True))

    first = await anext(stream)
    released.set()
    messages = [first, *[message async for message in stream]]

    indices = [result.index for result in results_of(messages)]
    assert indices == sorted(indices)
    assert set(indices) == set(range(42))
    assert len(body(results_of(messages, 20))) == MEBIBYTE + 8
    assert results_of(messages, 41)[0].error_reason == "IMAGE_NOT_FOUND"


async def test_large_images_in_request_order_wait_for_each_other_without_end(networked, origin):
    larges = [big(origin, f"/{number}.png", 2 * MEBIBYTE) for number in range(40)]

    messages = await messages_of(networked, larges, in_request_order=True)

    indices = [result.index for result in results_of(messages)]
    assert indices == sorted(indices)
    bodies = [len(body(results_of(messages, index))) for index in range(40)]
    assert bodies == [2 * MEBIBYTE + 8] * 40


async def test_no_message_is_larger_than_grpc_takes_by_default(networked, origin):
    larges = [big(origin, f"/{number}.png", 4 * MEBIBYTE) for number in range(4)]

    await messages_of(networked, larges)

    messages = await messages_of(networked, larges, chunk_bytes=100 * MEBIBYTE)

    assert max(message.ByteSize() for message in messages) < 4 * MEBIBYTE
    chunks = [len(result.chunk.data) for result in results_of(messages)]
    assert max(chunks) == 2 * MEBIBYTE


async def test_an_image_that_is_asked_for_twice_is_fetched_once_and_given_twice(networked, origin):
    image_id = big(origin, "/a.png")

    messages = await messages_of(networked, [image_id, image_id])

    assert origin.count("/a.png") == 1
    assert body(results_of(messages, 0)) == body(results_of(messages, 1))


async def test_a_caller_that_leaves_stops_what_nobody_else_waits_for(networked, origin):
    released = asyncio.Event()
    slow = [big(origin, f"/{number}.png", released=released) for number in range(4)]
    call = call_of(networked, [*slow, "example://1"])
    await origin.requests_arrive(4)
    await anext(aiter(call))

    call.cancel()

    async with asyncio.timeout(30):
        while await is_filling(networked, slow):
            pass


async def is_filling(served, image_ids):
    response = await served.images.StatImages(v1.StatImagesRequest(image_ids=image_ids))
    return any(stat.filling for stat in response.stats)


async def test_nothing_asked_for_is_an_empty_answer(served):
    messages = await messages_of(served, [])

    assert results_of(messages) == []


async def test_too_many_images_are_refused(served):
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await messages_of(served, ["example://1"] * 10_001)

    assert failure.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert error_info(failure.value).metadata["field"] == "image_ids"
