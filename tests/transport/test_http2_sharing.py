"""Requests that share an HTTP/2 connection: what one of them does or suffers is its own affair."""

import asyncio
import ssl
from contextlib import asynccontextmanager

import httpcore
import pytest
from h2.errors import ErrorCodes
from h2.settings import SettingCodes

from imageid_daemon.origins.http2_connection import Http2Connection
from imageid_daemon.origins.network_stream import connect
from imageid_loaders.errors import Corrupt, OriginTimeout
from transport.http2_answers import IMAGE, Held, body, doing, in_turn
from transport.http2_server import CERTIFICATE, frame, running
from transport.test_http2 import pacs
from turns import until


@pytest.fixture
async def server():
    async with running() as serving:
        yield serving


# Silence


async def test_silence_is_a_timeout_of_one_request_alone(server, way):
    held = Held(server, "/patient/x")
    silent = server.on("/impatient/x", doing(lambda exchange: None))
    client = way(
        pacs(server, "/patient", "patient"),
        pacs(server, "/impatient", "impatient", timeout_seconds=0.05, retries=0),
    )
    reading = await held.reading(client)

    with pytest.raises(OriginTimeout):
        await client.read(silent)
    held.go_on.set()

    assert await reading == IMAGE
    assert server.connections == 1


async def test_others_bytes_do_not_break_a_silence(server, way):
    async def endless(exchange):
        exchange.head(200)
        while True:
            await exchange.data(b"x")
            exchange.peer.flush()
            await asyncio.sleep(0)

    silent = server.on("/x", doing(lambda exchange: None))
    client = way(pacs(server, timeout_seconds=0.1, retries=0))
    reading = asyncio.create_task(client.read(server.on("/endless", endless)))
    await until(lambda: server.open_requests == 1)

    with pytest.raises(OriginTimeout):
        await client.read(silent)

    assert not reading.done()
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)


async def test_a_connection_on_which_something_was_silent_takes_no_more(server, way):
    url = server.on("/x", in_turn(doing(lambda exchange: None), body(b"image")))
    client = way(pacs(server, timeout_seconds=0.05, retries=0))
    with pytest.raises(OriginTimeout):
        await client.read(url)

    assert await client.read(url) == b"image"
    assert server.connections == 2


# Requests that are given up, and readers that are slow


async def test_a_body_that_is_not_read_to_its_end_is_reset_and_nothing_else(server, way):
    held = Held(server)
    client = way(pacs(server), max_image_bytes=2**30)
    reading = await held.reading(client)

    async with client.get(server.on("/large", body(IMAGE * 50))) as response:
        await anext(aiter(response.chunks))
    await until(lambda: len(server.resets) == 1)
    held.go_on.set()

    assert await reading == IMAGE
    assert await client.read(server.on("/x", body(b"image"))) == b"image"
    assert server.resets == [(server.received[1].stream_id, ErrorCodes.CANCEL)]
    assert server.connections == 1


async def test_a_reader_who_stops_holds_little_and_stops_nobody(server, way):
    large = IMAGE * 50
    client = way(pacs(server), max_image_bytes=2**30)

    async with client.get(server.on("/large", body(large))) as response:
        for number in range(10):
            other = server.on(f"/{number}", body(IMAGE))
            assert await client.read(other) == IMAGE
        assert server.received[0].sent_bytes <= 4 * 2**20
        received = b"".join([chunk async for chunk in response.chunks])

    assert received == large
    assert server.connections == 1


async def test_a_server_that_sends_more_than_the_window_fails_alone(server, way):
    async def pressing(exchange):
        exchange.head(200)
        for _ in range(5 * 2**20 // 16384):
            exchange.peer.raw(frame(0, 0, exchange.stream_id, bytes(16384)))
            await exchange.peer.writer.drain()
        await exchange.peer.heard()
        all_sent.set()

    all_sent = asyncio.Event()
    held = Held(server)
    client = way(pacs(server, retries=0), max_image_bytes=2**30)
    reading = await held.reading(client)

    async with client.get(server.on("/x", pressing)) as response:
        await all_sent.wait()
        with pytest.raises(Corrupt):
            [chunk async for chunk in response.chunks]
    held.go_on.set()

    assert await reading == IMAGE


@asynccontextmanager
async def connected(server, url: str, **settings):
    """A connection of its own, and a request for the URL."""
    trust = ssl.create_default_context(cafile=CERTIFICATE)
    trust.set_alpn_protocols(["h2"])
    plain = await connect("127.0.0.1", server.port, 10, None)
    secured = await plain.start_tls(trust, "localhost", 10)
    request = httpcore.Request("GET", url, headers={"Host": "localhost"})
    connection = Http2Connection(request.url.origin, secured, **settings)
    yield connection, request
    await connection.aclose()


async def read_all(response) -> bytes:
    content = b"".join([piece async for piece in response.aiter_stream()])
    await response.aclose()
    return content


async def test_what_was_received_is_given_back_to_the_connections_window(server):
    url = server.on("/x", body(IMAGE))

    async with connected(server, url, window_bytes=300_000) as (connection, request):
        for _ in range(5):
            assert await read_all(await connection.handle_async_request(request)) == IMAGE


async def test_a_connection_expires_when_it_has_had_no_request_for_long(server):
    url = server.on("/x", body(IMAGE))

    async with connected(server, url, idle_seconds=-1) as (connection, request):
        response = await connection.handle_async_request(request)
        assert not connection.has_expired()
        await read_all(response)
        assert connection.has_expired()

    async with connected(server, url) as (connection, request):
        await read_all(await connection.handle_async_request(request))
        assert not connection.has_expired()


async def test_a_new_connection_that_takes_no_requests_is_an_error_and_not_tried_for_ever(server):
    server.settings = {SettingCodes.MAX_CONCURRENT_STREAMS: 0}

    async with connected(server, server.url("/x")) as (connection, request):
        await until(lambda: not connection.is_available())

        with pytest.raises(httpcore.RemoteProtocolError):
            await connection.handle_async_request(request)
