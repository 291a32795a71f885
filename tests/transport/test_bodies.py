"""A body is whole and within its limit, or it is an error."""

import asyncio
import gzip
import zlib

import pytest

from imageid_daemon.config import OriginSettings
from imageid_loaders.errors import Corrupt, OriginTimeout, TooLarge, Unavailable, Unsupported
from transport.raw_server import Reply, reply

IMAGE = bytes(range(256)) * 40


async def test_a_body_shorter_than_its_content_length_is_corrupt(server, way):
    url = server.on("/", reply(IMAGE, content_length="99999", then="close"))

    with pytest.raises(Corrupt):
        await way().read(url)


async def test_a_chunked_body_without_its_last_chunk_is_corrupt(server, way):
    url = server.on("/", reply(b"4\r\nabcd\r\n", transfer_encoding="chunked", then="close"))

    with pytest.raises(Corrupt):
        await way().read(url)


async def test_a_chunked_body_is_joined(server, way):
    url = server.on("/", reply(b"2\r\nab\r\n1\r\nc\r\n0\r\n\r\n", transfer_encoding="chunked"))

    assert await way().read(url) == b"abc"


async def test_a_body_that_ends_with_the_connection_is_whole(server, way):
    url = server.on("/", Reply(b"HTTP/1.0 200 OK\r\n\r\n", IMAGE, then="close"))

    assert await way().read(url) == IMAGE


async def test_a_connection_reset_within_the_body_is_unavailable(server, way):
    # The body waits until the head was read: a reset discards what is still on its way.
    gate = asyncio.Event()
    url = server.on("/", reply(content_length="99999", then="reset", gate=gate))

    with pytest.raises(Unavailable, match="broke the connection"):
        async with way().get(url) as response:
            gate.set()
            [chunk async for chunk in response.chunks]


async def test_silence_within_the_body_is_a_timeout(server, way):
    url = server.on("/", reply(IMAGE, content_length="99999", then="silence"))
    pacs = OriginSettings("pacs", server.url(""), timeout_seconds=0.05)

    with pytest.raises(OriginTimeout):
        await way(pacs).read(url)


async def test_an_announced_length_above_the_limit_is_refused_before_the_body(server, way):
    url = server.on("/", reply(content_length="2000", then="silence"))

    with pytest.raises(TooLarge, match=r"cache\.max_image"):
        async with way(max_image_bytes=1000).get(url):
            pass


async def test_a_body_that_grows_beyond_the_limit_is_refused(server, way):
    url = server.on("/", Reply(b"HTTP/1.0 200 OK\r\n\r\n", b"x" * 2000, then="close"))

    with pytest.raises(TooLarge):
        await way(max_image_bytes=1000).read(url)


async def test_a_body_of_exactly_the_limit_is_accepted(server, way):
    url = server.on("/", reply(b"x" * 1000))

    assert len(await way(max_image_bytes=1000).read(url)) == 1000


@pytest.mark.parametrize(
    ("coding", "packed"),
    [
        ("gzip", gzip.compress(IMAGE)),
        ("X-GZIP", gzip.compress(IMAGE[:100]) + gzip.compress(IMAGE[100:])),
        ("deflate", zlib.compress(IMAGE)),
        ("deflate", zlib.compress(IMAGE)[2:-4]),
        ("identity", IMAGE),
    ],
)
async def test_compression_that_nobody_asked_for_is_undone(server, way, coding, packed):
    url = server.on("/", reply(packed, content_encoding=coding))

    assert await way().read(url) == IMAGE


async def test_the_fields_of_the_packed_body_are_not_passed_on(server, way):
    packed = gzip.compress(IMAGE)
    url = server.on("/", reply(packed, content_encoding="gzip", etag='"1"'))

    async with way().get(url) as response:
        assert response.headers == {"etag": '"1"'}


async def test_an_unpacked_bomb_is_refused_at_the_limit(server, way):
    url = server.on("/", reply(gzip.compress(bytes(20 * 2**20)), content_encoding="gzip"))

    with pytest.raises(TooLarge):
        await way(max_image_bytes=2**20).read(url)


@pytest.mark.parametrize("cut", [slice(0, 30), slice(0, -1), slice(0, -8)])
async def test_a_packed_body_that_ends_early_is_corrupt(server, way, cut):
    url = server.on("/", reply(gzip.compress(IMAGE)[cut], content_encoding="gzip"))

    with pytest.raises(Corrupt):
        await way().read(url)


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
async def test_a_packed_body_with_rubbish_is_corrupt(server, way, coding):
    url = server.on("/", reply(zlib.compress(IMAGE) + b"rubbish", content_encoding=coding))

    with pytest.raises(Corrupt):
        await way().read(url)


async def test_a_coding_that_is_not_known_is_named_as_such(server, way):
    url = server.on("/", reply(b"?", content_encoding="br"))

    with pytest.raises(Unsupported, match="content coding"):
        await way().read(url)


async def test_an_answer_without_a_body_may_name_a_coding(server, way):
    url = server.on("/", reply(status=304, content_encoding="gzip"))

    assert await way().read(url) == b""
