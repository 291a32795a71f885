"""HTTP/2 where an https origin offers it: many requests share a connection, and nothing else."""

import asyncio
import ssl

import pytest
from h2.settings import SettingCodes

from imageid_daemon.config import OriginSettings
from imageid_daemon.origins.connections import Connections, Timeouts
from imageid_daemon.origins.target import target
from imageid_loaders.errors import NotAllowed
from transport import raw_server
from transport.certificates import self_signed
from transport.http2_answers import body
from transport.http2_server import CERTIFICATE, Peer, offering, running
from transport.raw_server import reply
from transport.test_orphans import TURNS, connections_to
from transport.tunnel import tunnel
from turns import settled, until

PATIENT = Timeouts(20, 20)


@pytest.fixture
async def server():
    async with running() as serving:
        yield serving


def pacs(server, path: str = "", name: str = "pacs", **settings) -> OriginSettings:
    return OriginSettings(name, server.url(path), **{"ca_file": CERTIFICATE, **settings})


def at_once(client, *urls: str):
    return asyncio.gather(*(client.read(url) for url in urls))


async def test_it_is_spoken_where_it_is_offered(server, way):
    url = server.on("/x?a=b%20c", body(b"image"))

    assert await way(pacs(server)).read(url, accept="image/png") == b"image"

    [asked] = server.received
    assert asked.fields[":method"] == "GET"
    assert asked.fields[":authority"] == f"localhost:{server.port}"
    assert asked.fields[":path"] == "/x?a=b%20c"
    assert asked.fields["accept"] == "image/png"
    assert "host" not in asked.fields


@pytest.mark.parametrize("offered", [(), ("http/1.1",)])
async def test_http_1_1_is_spoken_where_it_is_not(way, offered):
    async with raw_server.running(offering(*offered)) as raw:
        raw.on("/x", reply(b"image"))
        url = raw.url("/x", host="localhost")

        client = way(OriginSettings("pacs", url, ca_file=CERTIFICATE))

        assert await at_once(client, url, url, url) == [b"image"] * 3


async def test_and_where_it_is_switched_off(way):
    async with raw_server.running(offering("h2", "http/1.1")) as raw:
        raw.on("/x", reply(b"image"))
        url = raw.url("/x", host="localhost")

        client = way(OriginSettings("pacs", url, ca_file=CERTIFICATE, http2=False))

        assert await client.read(url) == b"image"


async def test_a_reload_that_switches_it_on_holds_for_new_connections(way):
    async with raw_server.running(offering("h2", "http/1.1")) as raw:
        raw.on("/x", reply(b"image"))
        url = raw.url("/x", host="localhost")
        off = OriginSettings("pacs", url, ca_file=CERTIFICATE, http2=False, retries=0)
        on = OriginSettings("pacs", url, ca_file=CERTIFICATE, retries=0)
        client = way(off)
        await client.read(url)

        client.replace(on)

        with pytest.raises(Exception, match="without an answer"):
            await client.read(url)  # this server offers what it does not speak


async def test_requests_share_one_connection_from_the_first_on(server, way):
    ready = asyncio.Event()

    async def together(exchange):
        await ready.wait()
        await exchange.answer(exchange.path.encode())

    urls = [server.on(f"/{number}", together) for number in range(8)]
    reading = at_once(way(pacs(server)), *urls)
    await until(lambda: server.open_requests == 8)
    ready.set()

    assert await reading == [f"/{number}".encode() for number in range(8)]
    assert server.connections == 1


async def test_no_more_of_them_at_a_time_than_the_origins_connections_say(server, way):
    async def slow(exchange):
        await until(lambda: server.open_requests >= 2)
        await settled()
        await exchange.answer(b"x")

    urls = [server.on(f"/{number}", slow) for number in range(8)]

    await at_once(way(pacs(server, connections=2)), *urls)

    assert server.most_open == 2


async def test_what_a_server_does_not_take_at_the_same_time_has_another_connection(server, way):
    server.settings = {SettingCodes.MAX_CONCURRENT_STREAMS: 2}
    ready = asyncio.Event()

    async def together(exchange):
        await ready.wait()
        await exchange.answer(b"x")

    client = way(pacs(server))
    await client.read(server.on("/first", body(b"first")))
    urls = [server.on(f"/{number}", together) for number in range(4)]
    reading = at_once(client, *urls)
    await until(lambda: server.open_requests == 4)
    ready.set()

    assert await reading == [b"x"] * 4
    assert server.connections == 2


async def test_frames_that_come_meanwhile_do_not_spoil_an_idle_connection(server, way):
    url = server.on("/x", body(b"image"))
    client = way(pacs(server))
    await client.read(url)
    [peer] = server.peers

    peer.h2.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: 50})
    peer.h2.increment_flow_control_window(1000)
    await peer.heard()  # by a PING

    assert await client.read(url) == b"image"
    assert server.connections == 1


@pytest.mark.parametrize("ended", [Peer.cut, lambda peer: peer.go_away(1)], ids=["end", "GOAWAY"])
async def test_a_connection_that_the_server_ended_meanwhile_is_not_used(server, way, ended):
    url = server.on("/x", body(b"image"))
    client = way(pacs(server, retries=0))
    await client.read(url)
    ours = connections_to(url)
    ended(server.peers[0])
    await until(lambda: connections_to(url) < ours)

    assert await client.read(url) == b"image"
    assert server.connections == 2


async def test_addresses_that_are_not_allowed_are_not_connected_to(server, way):
    url = server.on("/x", body(b"image"))
    elsewhere = OriginSettings("pacs", "https://pacs.invalid", ca_file=CERTIFICATE)

    with pytest.raises(NotAllowed):
        await way(elsewhere, allow=("*.invalid",)).read(url)

    assert server.connections == 0


async def test_a_name_that_resolves_to_an_address_that_is_not_allowed_is_refused(server):
    connections = Connections(
        lambda host, port, found: [], lambda: ssl.create_default_context(cafile=CERTIFICATE)
    )

    with pytest.raises(NotAllowed, match="may not be reached"):
        async with connections.get(target(server.url("/x")), [], PATIENT):
            pass

    assert server.connections == 0


async def test_it_goes_through_a_tunnel_too(server, way):
    url = server.on("/x", body(b"image"))
    async with tunnel() as proxy:
        client = way(pacs(server, proxy=proxy.url), allow=())

        assert await at_once(client, url, url) == [b"image"] * 2

        assert proxy.asked == [f"CONNECT localhost:{server.port}"]
    assert server.connections == 1


async def test_a_clients_certificate_is_shown(way, tmp_path):
    certificate, key = self_signed(tmp_path, "workstation")
    tls = offering("h2")
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_verify_locations(certificate)
    async with running(tls) as server:
        url = server.on("/x", body(b"image"))
        named = pacs(server, client_certificate=certificate, client_key=key)

        assert await way(named).read(url) == b"image"

        shown = server.peers[0].writer.get_extra_info("peercert")
        assert shown["subject"] == ((("commonName", "workstation"),),)


async def test_connections_to_a_server_of_http_1_1_are_opened_at_the_same_time(way):
    async with raw_server.running(offering("http/1.1")) as raw, tunnel() as proxy:
        raw.on("/x", reply(b"image"))
        url = raw.url("/x", host="localhost")
        client = way(OriginSettings("pacs", url, ca_file=CERTIFICATE, proxy=proxy.url))
        await client.read(url)

        proxy.opens.clear()
        reading = at_once(client, url, url, url)
        await until(lambda: len(proxy.asked) >= 3)  # one of them takes the first connection
        proxy.opens.set()

        assert await reading == [b"image"] * 3


@pytest.mark.parametrize("together", [1, 4])
async def test_no_connection_is_left_behind_by_a_request_that_is_cancelled(server, way, together):
    url = server.on("/large", body(b"x" * 200_000))
    client = way(pacs(server))

    for turns in range(TURNS):
        reading = [asyncio.create_task(client.read(url)) for _ in range(together)]
        for _ in range(turns):
            await asyncio.sleep(0)
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)

    assert await client.read(url) == b"x" * 200_000
    await until(lambda: connections_to(url) == 1)
