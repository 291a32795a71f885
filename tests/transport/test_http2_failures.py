"""What goes wrong over HTTP/2 has its clear error, and harms no other request on the connection."""

import asyncio

import pytest
from h2.errors import ErrorCodes

from imageid_daemon.config import OriginSettings
from imageid_loaders.errors import Corrupt, Unavailable
from transport import raw_server
from transport.http2_answers import IMAGE, Held, Ranged, body, doing, in_turn
from transport.http2_server import CERTIFICATE, offering, running
from transport.raw_server import reply
from transport.test_http2 import at_once, pacs


@pytest.fixture
async def server():
    async with running() as serving:
        yield serving


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
