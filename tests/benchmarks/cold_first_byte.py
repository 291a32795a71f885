"""How long a caller of the daemon waits for the first byte of an image that nobody has asked for
yet, beside httpx that asks the same origin. The origin gives the first 64 KiB of a mebibyte at
once, and the rest when the first byte has arrived.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import imageid.aio
from benchmarks.measuring import Taken, digest_of, medians
from benchmarks.peers.plain_httpx import plain_client
from benchmarks.report import Report
from daemon_process import DaemonProcess
from origins.scripted import Answer, ScriptedOrigin

_BODY = os.urandom(2**20)
_FIRST_BYTES = 2**16
_ROUNDS = 50


def measure(report: Report) -> None:
    """See the module."""
    with TemporaryDirectory() as name:
        asyncio.run(_measure(report, Path(name)))


async def _measure(report: Report, directory: Path) -> None:
    async with (
        ScriptedOrigin() as origin,
        DaemonProcess(directory) as daemon,
        imageid.aio.connect(daemon.address) as client,
        plain_client() as plain,
    ):
        images = _images(origin)

        async def by_imageid() -> float:
            url, released = next(images)
            started = perf_counter()
            async with client.stream(url, "encoded") as image:
                return await _first_byte(aiter(image), started, released)

        async def by_httpx() -> float:
            url, released = next(images)
            started = perf_counter()
            async with plain.stream("GET", url) as answer:
                return await _first_byte(answer.aiter_raw(), started, released)

        found = await medians({"imageid": by_imageid, "httpx": by_httpx}, _ROUNDS)
    report.seconds("first byte of a cold image", found)
    report.reach("first_byte/origin", (found["imageid"] - found["httpx"]) * 1000)


def _images(origin: ScriptedOrigin) -> Iterator[tuple[str, asyncio.Event]]:
    """The URL of ever another image, and what lets the rest of it go."""
    for number in count():
        released = asyncio.Event()
        answer = Answer(_BODY, "image/jpeg").stalled(_FIRST_BYTES, released)
        yield origin.route(f"/{number}.jpg", answer), released


async def _first_byte(
    chunks: AsyncIterator[bytes], started: float, released: asyncio.Event
) -> float:
    """Seconds until it has come; the whole body is waited for, and checked."""
    arrived = [await anext(chunks)]
    seconds = perf_counter() - started
    released.set()
    arrived += [chunk async for chunk in chunks]
    return Taken(seconds, digest_of(arrived)).checked(digest_of([_BODY]))
