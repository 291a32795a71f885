"""What goes wrong over HTTP/2 has its clear error, and harms no other request on the connection."""

import asyncio
import random
import ssl

import httpcore
import pytest
from h2.errors import ErrorCodes

from imageid_daemon.config import OriginSettings
from imageid_daemon.origins.http2_connection import Http2Connection
from imageid_daemon.origins.network_stream import connect
from imageid_loaders.errors import Corrupt, OriginTimeout, Unavailable
from transport import raw_server
from transport.http2_server import CERTIFICATE, body, frame, offering, running
from transport.raw_server import reply
from transport.test_http2 import at_once, pacs
from turns import until

IMAGE = random.Random(1).randbytes(200_000)
SETTINGS = frame(4, 0, 0, b"")


@pytest.fixture
async def server():
    async with running() as serving:
        yield serving


class Held:
    """An answer that waits, to be there while something else goes wrong on its connection."""

    def __init__(self, server, path: str = "/held") -> None:
        self.go_on = asyncio.Event()
        self.url = server.on(path, self._answer)
        self.is_asked = asyncio.Event()

    async def _answer(self, exchange):
        exchange.head(200, content_length=str(len(IMAGE)))
        await exchange.data(IMAGE[:1000])
        self.is_asked.set()
        await self.go_on.wait()
        await exchange.data(IMAGE[1000:], end=True)

    async def reading(self, client) -> asyncio.Task[bytes]:
        task = asyncio.create_task(client.read(self.url))
        await self.is_asked.wait()
        return task


class Ranged:
    """Gives IMAGE, whole or from where it is asked for; the first answer goes wrong within."""

    def __init__(self, go_wrong) -> None:
        self.asked: list[str | None] = []
        self._go_wrong = go_wrong

    async def __call__(self, exchange):
        asked = exchange.fields.get("range")
        self.asked.append(asked)
        if asked is None:
            exchange.head(200, content_length=str(len(IMAGE)), etag='"1"')
            await exchange.data(IMAGE[:5000])
            self._go_wrong(exchange)
            return
        first = int(asked.removeprefix("bytes=").removesuffix("-"))
        part = f"bytes {first}-{len(IMAGE) - 1}/{len(IMAGE)}"
        await exchange.answer(IMAGE[first:], 206, etag='"1"', content_range=part)


def in_turn(*handlers):
    """The first request has the first answer, and so on; the last one stays."""
    left = list(handlers)

    async def handler(exchange):
        await (left.pop(0) if len(left) > 1 else left[0])(exchange)

    return handler


def doing(wrong):
    """An answer that is none."""

    async def handler(exchange):
        wrong(exchange)

    return handler


# A server that goes away


async def test_what_a_server_that_goes_away_has_not_begun_is_asked_elsewhere(server, way):
    leaving = doing(lambda exchange: exchange.peer.go_away(exchange.stream_id - 2))
    url = server.on("/x", in_turn(body(b"one"), leaving, body(b"two")))
    client = way(pacs(server, retries=0))

    assert [await client.read(url), await client.read(url)] == [b"one", b"two"]
    assert server.connections == 2
    assert client.counts.codes == {("wadors", "2xx"): 2}  # it is no failure


async def test_what_it_has_begun_still_comes_over_the_old_connection(server, way):
    held = Held(server)
    url = server.on("/x", body(b"image"))
    client = way(pacs(server, retries=0))
    reading = await held.reading(client)

    server.peers[0].go_away(server.received[0].stream_id)
    await server.peers[0].heard()

    assert await client.read(url) == b"image"
    held.go_on.set()

    assert await reading == IMAGE
    assert server.connections == 2


async def test_a_server_that_goes_away_from_each_new_connection_is_an_error(server, way):
    url = server.on("/x", doing(lambda exchange: exchange.peer.go_away(0)))

    with pytest.raises(Unavailable, match="without an answer"):
        await way(pacs(server, retries=1)).read(url)

    assert server.connections == 2


# Streams that are reset


async def test_a_refused_stream_is_tried_again(server, way):
    refusing = doing(lambda exchange: exchange.reset(ErrorCodes.REFUSED_STREAM))
    url = server.on("/x", in_turn(refusing, body(b"image")))

    assert await way(pacs(server)).read(url) == b"image"
    assert server.connections == 1


async def test_one_that_is_reset_before_its_answer_has_none(server, way):
    url = server.on("/x", doing(lambda exchange: exchange.reset(ErrorCodes.INTERNAL_ERROR)))

    with pytest.raises(Unavailable, match="without an answer"):
        await way(pacs(server, retries=0)).read(url)


async def test_a_server_that_wants_http_1_1_gets_it(way):
    demanding = doing(lambda exchange: exchange.reset(ErrorCodes.HTTP_1_1_REQUIRED))
    async with raw_server.running(offering("h2", "http/1.1")) as raw, running() as server:
        server.on("/x", demanding)
        raw.on("/x", reply(b"image"))

        async def either(reader, writer):
            spoken = writer.get_extra_info("ssl_object").selected_alpn_protocol()
            await (server if spoken == "h2" else raw).serve(reader, writer)

        both = await asyncio.start_server(either, "127.0.0.1", 0, ssl=offering("h2", "http/1.1"))
        url = f"https://localhost:{both.sockets[0].getsockname()[1]}/x"
        client = way(OriginSettings("pacs", url, ca_file=CERTIFICATE, retries=0))

        assert await at_once(client, url, url) == [b"image"] * 2
        assert client.counts.codes == {("wadors", "2xx"): 2}
        both.close()


# Bodies that break off


@pytest.mark.parametrize(
    ("go_wrong", "connections"),
    [
        (lambda exchange: exchange.reset(ErrorCodes.INTERNAL_ERROR), 1),
        (lambda exchange: exchange.peer.h2.end_stream(exchange.stream_id), 1),
        (lambda exchange: exchange.peer.cut(), 2),
        (lambda exchange: exchange.peer.writer.transport.abort(), 2),
        (lambda exchange: exchange.peer.raw(b"nonsense" * 10), 2),
    ],
    ids=["reset", "too short", "connection ended", "connection lost", "nonsense"],
)
async def test_a_body_that_breaks_off_is_continued_by_a_range(server, way, go_wrong, connections):
    def then(exchange):
        go_wrong(exchange)
        exchange.peer.flush()

    ranged = Ranged(then)

    assert await way(pacs(server)).read(server.on("/x", ranged)) == IMAGE
    assert ranged.asked[0] is None
    assert all(asked and asked.startswith("bytes=") for asked in ranged.asked[1:])
    assert server.connections == connections


async def test_a_body_of_unknown_length_is_not_whole_when_its_connection_ends(server, way):
    async def unmeasured(exchange):
        exchange.head(200)
        await exchange.data(IMAGE[:1000])
        exchange.peer.cut()

    with pytest.raises(Corrupt, match="before it was complete"):
        await way(pacs(server, retries=0)).read(server.on("/x", unmeasured))


@pytest.mark.parametrize(
    ("announced", "complaint"),
    [("2000", "before it was complete"), ("10", "more than it announced")],
)
async def test_a_body_of_another_length_fails_alone(server, way, announced, complaint):
    async def lying(exchange):
        exchange.head(200, content_length=announced)
        await exchange.data(IMAGE[:1000], end=True)

    held = Held(server)
    client = way(pacs(server, retries=0))
    reading = await held.reading(client)

    with pytest.raises(Corrupt, match=complaint):
        await client.read(server.on("/x", lying))
    held.go_on.set()

    assert await reading == IMAGE
    assert server.connections == 1


# Servers that break the protocol


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


async def test_what_was_received_is_given_back_to_the_connections_window(server):
    url = server.on("/x", body(IMAGE))
    trust = ssl.create_default_context(cafile=CERTIFICATE)
    trust.set_alpn_protocols(["h2"])
    plain = await connect("127.0.0.1", server.port, 10, None)
    secured = await plain.start_tls(trust, "localhost", 10)
    request = httpcore.Request("GET", url, headers={"Host": "localhost"})
    connection = Http2Connection(request.url.origin, secured, window_bytes=300_000)

    for _ in range(5):
        response = await connection.handle_async_request(request)
        assert b"".join([piece async for piece in response.aiter_stream()]) == IMAGE
        await response.aclose()
    await connection.aclose()
