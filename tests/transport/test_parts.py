"""The parts that need no server."""

import asyncio
import zlib

import pytest

from imageid_daemon.origins.content_coding import Inflater
from imageid_daemon.origins.governor import Governor
from imageid_daemon.origins.target import target

PIECE_BYTES = 256 * 1024


@pytest.mark.parametrize(
    ("url", "authority"),
    [
        ("http://pacs.example/", b"pacs.example"),
        ("http://pacs.example:80/", b"pacs.example"),
        ("https://pacs.example:80/", b"pacs.example:80"),
        ("https://PACS.example:443", b"pacs.example"),
        ("http://[::1]:8042/", b"[::1]:8042"),
        ("http://müller.example/", b"xn--mller-kva.example"),
    ],
)
def test_the_host_field_leaves_out_the_schemes_own_port(url, authority):
    assert target(url).authority == authority


def test_a_bomb_is_unpacked_in_small_pieces():
    bomb = zlib.compress(bytes(100 * PIECE_BYTES))

    pieces = [len(piece) for piece in Inflater("deflate").feed(bomb)]

    assert sum(pieces) == 100 * PIECE_BYTES
    assert max(pieces) <= PIECE_BYTES


@pytest.mark.parametrize("more", [0, 1, 100, 257, 258, 259])
def test_a_bare_stream_gives_its_last_byte(more):
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = packer.compress(bytes(PIECE_BYTES + more)) + packer.flush()
    inflater = Inflater("deflate")

    size = sum(len(piece) for piece in [*inflater.feed(packed), *inflater.finish()])

    assert size == PIECE_BYTES + more


async def test_the_governor_forgets_a_server_without_requests():
    governor = Governor()

    async with governor.slot("pacs", 1):
        assert len(governor) == 1

    assert len(governor) == 0


async def test_the_limit_outlives_the_first_of_several_requests():
    governor, leave, inside = Governor(), asyncio.Event(), []

    async def request(name: str) -> None:
        async with governor.slot("pacs", 1):
            inside.append(name)
            await leave.wait()

    async with governor.slot("pacs", 1):
        second = asyncio.create_task(request("second"))
        await asyncio.sleep(0)
    third = asyncio.create_task(request("third"))
    for _ in range(5):
        await asyncio.sleep(0)
    inside_at_once = list(inside)
    leave.set()
    await asyncio.gather(second, third)

    assert inside_at_once == ["second"]
