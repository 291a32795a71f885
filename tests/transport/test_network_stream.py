"""A connection that the event loop reads ahead, within bounds."""

import asyncio
from contextlib import asynccontextmanager, suppress

import httpcore
import pytest

from imageid_daemon.origins.network_stream import connect
from turns import until

PIECE = bytes(256 * 1024)
# What the kernel's buffers hold on both sides, and more.
FAR_MORE_PIECES = 256


@asynccontextmanager
async def connected(serve):
    """A stream whose other end is `serve(reader, writer)`."""
    peers = []

    async def accept(reader, writer):
        peers.append(writer)
        await serve(reader, writer)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    stream = await connect("127.0.0.1", server.sockets[0].getsockname()[1], 10.0, None)
    try:
        yield stream
    finally:
        await stream.aclose()
        for peer in peers:
            peer.transport.abort()
        server.close()
        await server.wait_closed()


async def settled(value):
    """What `value` gives once many turns of the loop in a row have not changed it."""
    last, turns = value(), 0
    while turns < 500:
        await asyncio.sleep(0)
        last, turns = (last, turns + 1) if value() == last else (value(), 0)
    return last


async def test_what_nobody_reads_is_not_received_without_bounds():
    sent = 0

    async def serve(_, writer):
        nonlocal sent
        for _ in range(FAR_MORE_PIECES):
            writer.write(PIECE)
            await writer.drain()
            sent += 1
        writer.close()

    async with connected(serve) as stream:
        assert await settled(lambda: sent) < FAR_MORE_PIECES
        received = 0
        while data := await stream.read(1, timeout=20):
            received += len(data)

    assert received == FAR_MORE_PIECES * len(PIECE)


async def test_an_idle_connection_can_be_read_when_something_came_or_the_end():
    ended = asyncio.Event()

    async def serve(_, writer):
        await ended.wait()
        writer.close()

    async with connected(serve) as stream:
        assert not stream.get_extra_info("is_readable")
        ended.set()
        await until(lambda: stream.get_extra_info("is_readable"))
        assert await stream.read(1) == b""


async def test_silence_is_a_timeout_of_reading_and_ends_nothing():
    go_on = asyncio.Event()

    async def serve(_, writer):
        await go_on.wait()
        writer.write(b"late")
        await writer.drain()

    async with connected(serve) as stream:
        with pytest.raises(httpcore.ReadTimeout):
            await stream.read(100, timeout=0.01)
        go_on.set()
        assert await stream.read(100, timeout=10) == b"late"


async def test_a_peer_that_reads_nothing_is_a_timeout_of_writing():
    async def serve(_, writer):
        writer.transport.pause_reading()

    async with connected(serve) as stream:
        with pytest.raises(httpcore.WriteTimeout):
            await stream.write(PIECE * FAR_MORE_PIECES, timeout=0.1)


async def test_nothing_is_written_to_a_connection_that_is_closed():
    async def serve(_, writer):
        writer.transport.abort()

    async with connected(serve) as stream:
        # An end, or a reset: it depends on who is faster.
        with suppress(httpcore.ReadError):
            await stream.read(100)
        with pytest.raises(httpcore.WriteError):
            await stream.write(b"x")
