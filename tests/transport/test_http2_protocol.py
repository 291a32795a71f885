"""A server that does not keep to HTTP/2 gets nowhere, and harms no more than it has to."""

import asyncio
import random

import pytest

from imageid_daemon.config import OriginSettings
from imageid_loaders.errors import Corrupt, Unavailable
from transport.http2_answers import IMAGE, Held, doing
from transport.http2_server import CERTIFICATE, frame, offering, running
from transport.test_http2 import pacs


@pytest.fixture
async def server():
    async with running() as serving:
        yield serving


@pytest.mark.parametrize(
    "head",
    [
        {"status": "none"},
        {"status": "99"},
        {"status": 200, "fields": [("bad name", "x")]},
        {"status": 200, "fields": [("x-bad", "a\r\nb")]},
        {"status": 200, "fields": [("é", "x")]},
    ],
    ids=str,
)
async def test_a_head_that_is_none_fails_alone(server, way, head):
    async def malformed(exchange):
        fields = [(":status", str(head["status"])), *head.get("fields", [])]
        exchange.peer.h2.send_headers(exchange.stream_id, fields)
        exchange.peer.flush()

    held = Held(server)
    client = way(pacs(server, retries=0))
    reading = await held.reading(client)

    with pytest.raises(Unavailable, match="without an answer"):
        await client.read(server.on("/x", malformed))
    held.go_on.set()

    assert await reading == IMAGE
    assert server.connections == 1


@pytest.mark.parametrize(
    "sent",
    [
        b"HTTP/1.1 400 Words\r\nContent-Length: 0\r\n\r\n",
        frame(0, 0, 1, b"a body before its head"),
        frame(0, 8, 1, b"\xff too little padding"),
        frame(0, 0, 0, b"x"),
        frame(1, 4, 1, b"\xff\xff\xff\xff\xff\xff\xff\xff"),  # fields that cannot be unpacked
        frame(5, 4, 1, b"\0\0\0\2\x88"),  # a push, which was forbidden
        frame(8, 0, 0, b"\x7f\xff\xff\xff") * 2,  # a window beyond 2^31
        frame(7, 0, 0, b""),
        (2**20).to_bytes(3) + bytes([99, 0]) + bytes(4),  # a frame of 1 MiB begins
        frame(1, 0, 1, b"") + frame(9, 0, 1, b"") * 200,  # fields without an end
    ],
    ids=lambda sent: sent[:20].hex(),
)
async def test_nonsense_is_a_clear_error(server, way, sent):
    def wrong(exchange):
        exchange.peer.raw(sent)
        exchange.peer.cut()

    with pytest.raises(Unavailable, match="without an answer"):
        await way(pacs(server, retries=0)).read(server.on("/x", doing(wrong)))


@pytest.mark.parametrize("seed", range(40))
async def test_so_is_whatever_else_comes(server, way, seed):
    chance = random.Random(seed)

    def wrong(exchange):
        for _ in range(20):
            kind, flags = chance.randrange(11), chance.randrange(256)
            stream_id = chance.choice([0, 1, 1, 1, 3])
            exchange.peer.raw(frame(kind, flags, stream_id, chance.randbytes(chance.randrange(10))))
        exchange.peer.cut()

    with pytest.raises((Unavailable, Corrupt)):
        await way(pacs(server, retries=0)).read(server.on("/x", doing(wrong)))


async def test_a_server_that_ends_each_new_connection_at_once_is_an_error(way):
    async def end(reader, writer):
        writer.close()

    ended = await asyncio.start_server(end, "127.0.0.1", 0, ssl=offering("h2"))
    url = f"https://localhost:{ended.sockets[0].getsockname()[1]}/x"

    with pytest.raises(Unavailable):
        await way(OriginSettings("pacs", url, ca_file=CERTIFICATE, retries=1)).read(url)
    ended.close()
