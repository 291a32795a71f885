"""A body handed over by its path, to a caller that has proved that it sees the cache."""

import asyncio
import re
from pathlib import Path

import grpc
import pytest

from imageid.v1 import image_service_pb2 as v1
from imageid.v1 import image_service_pb2_grpc
from imageid.v1 import types_pb2 as types

PIXELS = types.OutputSpec(pixels=types.PixelsOutput())


async def token_of(served):
    info = await served.images.GetServerInfo(v1.GetServerInfoRequest())
    return Path(info.locality_token_file).read_bytes()


async def handed_out(served, image_id, **request):
    """The answer to a caller with the token."""
    token = await token_of(served)
    return await served.load(image_id, accept_local_file=True, locality_token=token, **request)


def mapped(message):
    file = message.local_file
    return Path(file.path).read_bytes()[file.offset :][: file.length]


async def test_a_stored_body_is_one_message_that_says_where_it_is(served):
    image_id, data = served.noise("a.png", 600)
    await served.load(image_id)

    (message,) = await handed_out(served, image_id)

    assert mapped(message) == data
    assert not message.HasField("chunk")
    assert (message.summary.sent_bytes, message.summary.size_bytes) == (0, len(data))


def counted(served, name):
    text = served.http("/metrics")[2]
    found = re.search(
        rf'^imageid_{name}_bytes_total{{scheme="example"}} (\S+)$', text, re.MULTILINE
    )
    return 0.0 if found is None else float(found[1])


async def test_what_is_handed_over_is_counted_apart_from_what_is_sent(served):
    image_id = "example://1"
    sent = sum(len(message.chunk.data) for message in await served.load(image_id))

    await handed_out(served, image_id)
    await handed_out(served, image_id)  # at once, without the long way
    await handed_out(served, image_id, read_offset=100)

    assert await asyncio.to_thread(counted, served, "sent") == sent > 100
    assert await asyncio.to_thread(counted, served, "handed_over") == 3 * sent - 100


async def test_pixels_are_handed_over_as_soon_as_they_are_stored(served):
    (message,) = await handed_out(served, "example://1", output=PIXELS)

    assert len(mapped(message)) == 256 * 256 * 2
    assert list(message.header.layout.shape) == [256, 256]


@pytest.mark.parametrize(
    ("read_offset", "read_limit", "expected"),
    [(100, 0, slice(100, None)), (100, 50, slice(100, 150)), (-10, 4, slice(-10, -6))],
)
async def test_a_range_is_a_part_of_the_file(served, read_offset, read_limit, expected):
    image_id, data = served.noise("a.png", 100)
    await served.load(image_id)

    (message,) = await handed_out(served, image_id, read_offset=read_offset, read_limit=read_limit)

    assert mapped(message) == data[expected]
    assert message.header.range_start == data.index(data[expected])


async def test_nothing_cannot_be_mapped_and_is_streamed(served):
    image_id, data = served.noise("a.png", 10)
    await served.load(image_id)

    messages = await handed_out(served, image_id, read_offset=len(data))

    assert not any(message.HasField("local_file") for message in messages)


async def test_the_file_can_be_read_and_not_written(served):
    await served.load("example://1")

    (message,) = await handed_out(served, "example://1")

    assert Path(message.local_file.path).stat().st_mode & 0o777 == 0o400


@pytest.mark.parametrize("token", [b"", b"wrong"])
async def test_without_the_right_token_the_body_is_streamed(served, token):
    image_id, data = served.noise("a.png", 100)
    await served.load(image_id)

    messages = await served.load(image_id, accept_local_file=True, locality_token=token)

    assert b"".join(message.chunk.data for message in messages) == data
    assert not any(message.HasField("local_file") for message in messages)


async def test_the_token_alone_asks_for_nothing(served):
    await served.load("example://1")

    (message,) = await served.load("example://1", locality_token=await token_of(served))

    assert message.HasField("chunk")


async def test_by_tcp_no_file_is_named_and_the_body_is_streamed(served):
    image_id, data = served.noise("a.png", 100)
    await served.load(image_id)
    request = v1.LoadImageRequest(
        image_id=image_id, accept_local_file=True, locality_token=await token_of(served)
    )
    metadata = (("authorization", f"Bearer {served.daemon.token}"),)

    async with grpc.aio.insecure_channel(served.tcp) as channel:
        images = image_service_pb2_grpc.ImageServiceStub(channel)
        info = await images.GetServerInfo(v1.GetServerInfoRequest(), metadata=metadata)
        messages = [message async for message in images.LoadImage(request, metadata=metadata)]

    assert info.locality_token_file == ""
    assert b"".join(message.chunk.data for message in messages) == data


async def test_the_token_is_in_the_cache_directory_for_its_owner_alone(served):
    info = await served.images.GetServerInfo(v1.GetServerInfoRequest())
    token_file = Path(info.locality_token_file)

    assert token_file.parent == served.config.cache.directory
    assert token_file.stat().st_mode & 0o777 == 0o600
    assert "local_file" in info.features
