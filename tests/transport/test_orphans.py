"""Whenever a request is cancelled, its connection is closed or used again: none is left behind."""

import asyncio
import itertools
import os

import psutil
import pytest

from transport.raw_server import reply

# More turns of the loop than a request takes.
TURNS = 60


def connections_to(url: str) -> int:
    """How many this process has to a server of its own."""
    port = int(url.split(":")[2].partition("/")[0])
    opened = psutil.Process(os.getpid()).net_connections("tcp")
    return sum(bool(each.raddr) and each.raddr.port == port for each in opened)


@pytest.mark.parametrize("then", ["keep", "close", "reset"])
@pytest.mark.parametrize("together", [1, 4])
async def test_no_connection_is_left_behind_by_a_request_that_is_cancelled(
    server, way, then, together
):
    url = server.on("/large", reply(b"x" * 200_000, then=then))
    origins = way()

    for turns, _ in itertools.product(range(TURNS), range(2)):
        reading = [asyncio.create_task(origins.read(url)) for _ in range(together)]
        for _ in range(turns):
            await asyncio.sleep(0)
        for task in reading:
            task.cancel()
        await asyncio.gather(*reading, return_exceptions=True)

    assert connections_to(url) <= together
