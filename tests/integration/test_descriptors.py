"""A daemon that may open no more files refuses, lives on, and serves again by itself."""

from __future__ import annotations

import asyncio
import resource
from pathlib import Path

import psutil
import pytest

import imageid
from daemon_process import DaemonProcess
from origins.pictures import noise_jpeg
from origins.scripted import Answer, ScriptedOrigin

CALLERS = 30


async def load_anew(daemon: DaemonProcess, url: str) -> bytes:
    """By a connection of its own."""
    async with imageid.aio.connect(daemon.address, timeout=2) as client:
        return bytes((await client.load(url, "encoded")).data)


@pytest.mark.parametrize("left", [0, 1, 3])
async def test_who_comes_while_there_are_no_descriptors_costs_the_later_ones_nothing(
    tmp_path: Path, origin: ScriptedOrigin, left: int
) -> None:
    body = noise_jpeg(7)
    lasting = Answer(body, "image/jpeg").with_headers(Cache_Control="max-age=60")
    urls = [origin.route(f"/{number}.jpg", lasting) for number in range(CALLERS)]
    async with DaemonProcess(tmp_path) as daemon:
        assert await load_anew(daemon, urls[0]) == body
        process = psutil.Process(daemon.pid)
        before = process.rlimit(resource.RLIMIT_NOFILE)

        process.rlimit(resource.RLIMIT_NOFILE, (process.num_fds() + left, before[1]))
        tried = await asyncio.gather(
            *(load_anew(daemon, url) for url in urls), return_exceptions=True
        )
        process.rlimit(resource.RLIMIT_NOFILE, before)
        served = await asyncio.gather(*(load_anew(daemon, url) for url in urls))

    assert all(each == body for each in tried if isinstance(each, bytes))
    assert any(isinstance(each, imageid.Error) for each in tried)
    assert set(served) == {body}
