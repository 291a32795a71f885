"""Requests and answers as HTTP/2 frames them."""

import ssl

import pytest

from imageid_daemon.origins.connections import Connections
from imageid_daemon.origins.target import target
from imageid_daemon.origins.way import Way
from transport.http2_server import CERTIFICATE, running
from transport.test_http2 import PATIENT, pacs


@pytest.fixture
async def server():
    async with running() as serving:
        yield serving


async def test_an_answer_without_a_length_is_whole_where_its_stream_ends(server, way):
    async def unmeasured(exchange):
        exchange.head(200)
        await exchange.data(b"image", end=True)

    url = server.on("/x", unmeasured)

    async with way(pacs(server)).get(url) as response:
        assert response.is_delimited
        assert [chunk async for chunk in response.chunks] == [b"image"]


async def test_a_304_may_tell_the_length_of_the_body_it_does_not_have(server, way):
    async def not_modified(exchange):
        exchange.head(304, content_length="1000")
        await exchange.data(end=True)

    client = way(pacs(server))

    async with client.get(server.on("/x", not_modified)) as response:
        assert response.status == 304
        assert [chunk async for chunk in response.chunks] == []


async def test_early_hints_and_trailers_are_passed_by(server, way):
    async def wordy(exchange):
        exchange.head(103, link="</x>")
        await exchange.peer.heard()
        exchange.head(200)
        await exchange.data(b"image")
        exchange.peer.h2.send_headers(exchange.stream_id, [("x-sum", "1")], end_stream=True)
        exchange.peer.flush()

    async with way(pacs(server)).get(server.on("/x", wordy)) as response:
        assert response.status == 200
        assert [chunk async for chunk in response.chunks] == [b"image"]


async def test_padding_is_no_part_of_a_body(server, way):
    async def padded(exchange):
        exchange.head(200, content_length="5")
        exchange.peer.h2.send_data(exchange.stream_id, b"image", end_stream=True, pad_length=9)
        exchange.peer.flush()

    assert await way(pacs(server)).read(server.on("/x", padded)) == b"image"


async def test_a_posted_body_waits_for_the_servers_window(server):
    posted = b"p" * 300_000

    async def echo(exchange):
        await exchange.whole.wait()
        await exchange.answer(bytes(exchange.body[-10:]))

    asked = target(server.on("/token", echo))
    trust = lambda: ssl.create_default_context(cafile=CERTIFICATE)  # noqa: E731
    connections = Connections(lambda host, port, found: found, trust)
    fields = [("content-length", str(len(posted)))]

    async with connections.get(asked, fields, PATIENT, Way(), posted) as answer:
        assert b"".join([chunk async for chunk in answer.chunks]) == posted[-10:]
    await connections.aclose()

    assert server.received[0].body == posted
