"""An origin is never asked for more at once than its setting says."""

import asyncio

import pytest

from imageid_daemon.config import OriginSettings
from transport.raw_server import SILENCE, reply


def pacs(server, connections: int) -> OriginSettings:
    return OriginSettings("pacs", server.url(""), connections=connections)


async def test_requests_beyond_the_limit_wait_their_turn(server, way):
    url = server.on("/", reply(b"image"))
    client = way(pacs(server, connections=2))

    bodies = await asyncio.gather(*(client.read(url) for _ in range(20)))

    assert bodies == [b"image"] * 20
    assert server.most_open_requests <= 2


async def test_a_slot_is_held_until_the_body_is_over(server, way):
    url = server.on("/", reply(b"image"))
    client = way(pacs(server, connections=1))

    async with client.get(url):
        second = asyncio.create_task(client.read(url))
        for _ in range(50):
            await asyncio.sleep(0)
        assert len(server.received) == 1

    assert await second == b"image"


async def test_a_host_that_is_not_configured_gets_eight_at_once(server, way):
    gate = asyncio.Event()
    url = server.on("/", reply(b"image", gate=gate))
    client = way()

    reads = [asyncio.create_task(client.read(url)) for _ in range(9)]
    await server.wait_for_requests(8)
    for _ in range(50):
        await asyncio.sleep(0)
    asked_at_once = len(server.received)
    gate.set()
    await asyncio.gather(*reads)

    assert asked_at_once == 8


@pytest.mark.parametrize("stalled", [SILENCE, reply(content_length="9", then="silence")])
async def test_a_cancelled_request_gives_its_slot_back(server, way, stalled):
    client = way(pacs(server, connections=1))
    waiting = asyncio.create_task(client.read(server.on("/stalls", stalled)))
    await server.wait_for_requests(1)

    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting

    assert await client.read(server.on("/", reply(b"image"))) == b"image"


async def test_a_reader_that_leaves_early_gives_its_slot_back(server, way):
    url = server.on("/", reply(bytes(2**20)))
    client = way(pacs(server, connections=1))

    async with client.get(url) as response:
        await anext(response.chunks)

    assert len(await client.read(url)) == 2**20
