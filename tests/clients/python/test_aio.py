"""The asyncio client: the same answers, and cancellation that reaches the daemon."""

from __future__ import annotations

import asyncio
import threading

import grpc
import pytest

import imageid
from clients.python.scripted_daemon import (
    ScriptedDaemon,
    error_info,
    fails,
    gap_then_silence,
    header,
    messages,
    says,
)
from imageid.v1 import cache_service_pb2 as cache_v1
from imageid.v1 import image_service_pb2 as v1
from imageid.v1 import types_pb2 as types
from imageid.v1.image_service_pb2 import LoadImageResponse

BODY = bytes(range(24))


async def test_an_image(scripted: ScriptedDaemon, async_client) -> None:
    scripted.script("LoadImage", says(*messages(BODY)))
    told: list[int] = []

    image = await async_client.load(
        "example://1", "encoded", progress=lambda received, size: told.append(received)
    )

    assert bytes(image.data) == BODY
    assert told[-1] == 24


async def test_an_answer_that_is_not_whole(scripted: ScriptedDaemon, async_client) -> None:
    scripted.script("LoadImage", says(*list(messages(BODY))[:-1]))

    with pytest.raises(imageid.Error, match="without a summary"):
        await async_client.load("example://1")


async def test_an_error_has_its_reason(scripted: ScriptedDaemon, async_client) -> None:
    missing = fails(grpc.StatusCode.NOT_FOUND, "No such image.", error_info("IMAGE_NOT_FOUND"))
    scripted.script("LoadImage", missing)

    with pytest.raises(imageid.Error) as raised:
        await async_client.load("example://1")

    assert raised.value.reason == "IMAGE_NOT_FOUND"


async def test_a_cancelled_load_ends_at_the_daemon(scripted: ScriptedDaemon, async_client) -> None:
    begun, ended = asyncio.Event(), threading.Event()
    loop = asyncio.get_running_loop()

    def slow(request, context):
        context.add_callback(ended.set)
        yield LoadImageResponse(header=header(BODY))
        ended.wait()

    scripted.script("LoadImage", slow)
    load = asyncio.create_task(
        async_client.load("example://1", progress=lambda *_: loop.call_soon(begun.set))
    )
    await begun.wait()

    load.cancel()

    with pytest.raises(asyncio.CancelledError):
        await load
    assert await asyncio.to_thread(ended.wait, 10)


async def test_a_call_that_makes_no_sense_is_ended(scripted, async_client) -> None:
    ended = threading.Event()
    scripted.script("LoadImage", gap_then_silence(ended))

    with pytest.raises(imageid.Error, match="is followed by") as raised:
        await async_client.load("example://1")

    assert await asyncio.to_thread(ended.wait, 10)
    assert raised.value.__traceback__  # a kept error keeps the call, which must end all the same


async def test_a_stream_is_not_held_as_a_whole(scripted: ScriptedDaemon, async_client) -> None:
    scripted.script("LoadImage", says(*messages(BODY, chunk_bytes=8)))

    async with async_client.stream("example://1", "encoded") as stream:
        size_bytes = stream.size_bytes
        chunks = [chunk async for chunk in stream]

    assert size_bytes == 24
    assert chunks == [BODY[:8], BODY[8:16], BODY[16:]]


async def test_every_other_method(scripted: ScriptedDaemon, async_client) -> None:
    scripted.script(
        "GetImageMetadata",
        says(v1.GetImageMetadataResponse(metadata=types.ImageMetadata(rows=3))),
    )
    listed = v1.ListedImage(image_id="file:/1.dcm")
    scripted.script("ListImages", says(v1.ListImagesResponse(images=[listed])))
    scripted.script("StatImages", says(v1.StatImagesResponse(stats=[v1.ImageStat(cached=True)])))
    scripted.script("EvictImages", says(cache_v1.EvictImagesResponse(entries=1)))
    scripted.script("GetServerInfo", says(v1.GetServerInfoResponse(version="0.1.0")))
    scripted.script("GetCacheStats", says(cache_v1.GetCacheStatsResponse(blobs=2)))

    assert (await async_client.metadata("example://1")).rows == 3
    assert await async_client.ls("file:/") == ["file:/1.dcm"]
    assert (await async_client.stat(["example://1"]))[0].cached
    assert (await async_client.evict(["example://1"])).entries == 1
    assert (await async_client.info()).version == "0.1.0"
    assert (await async_client.stats()).blobs == 2


def test_a_client_outside_of_an_event_loop_is_refused() -> None:
    with pytest.raises(RuntimeError, match="no running event loop"):
        imageid.aio.connect("127.0.0.1:8474")
