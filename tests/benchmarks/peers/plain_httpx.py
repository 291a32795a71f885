"""httpx without a cache: what a program of some care writes itself.

The parts of multipart answers are taken out after the time is up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from email.message import Message
from io import BytesIO
from time import perf_counter

import httpx
from pydicom import dcmread

from benchmarks.measuring import Taken, digest_of

_FRAMES = {"accept": 'multipart/related; type="application/octet-stream"; transfer-syntax=*'}
_INSTANCES = {"accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}


def retrieve_frames(urls: Sequence[str], connections: int) -> Taken:
    """A request for each frame, so many at a time."""
    answers, seconds = asyncio.run(_retrieve(urls, _FRAMES, connections))
    return Taken(seconds, digest_of(part for answer in answers for part in _parts(answer)))


def retrieve_series(url: str) -> Taken:
    """The whole series in one answer."""
    answers, seconds = asyncio.run(_retrieve([url], _INSTANCES, connections=1))
    files = (part for answer in answers for part in _parts(answer))
    return Taken(seconds, digest_of(dcmread(BytesIO(file)).PixelData for file in files))


async def _retrieve(
    urls: Sequence[str], headers: dict[str, str], connections: int
) -> tuple[list[httpx.Response], float]:
    answers: dict[str, httpx.Response] = {}
    waiting = iter(urls)
    started = perf_counter()
    async with plain_client() as client:

        async def one_connection() -> None:
            for url in waiting:
                answers[url] = await client.get(url, headers=headers)

        await asyncio.gather(*(one_connection() for _ in range(connections)))
        seconds = perf_counter() - started
    return [answers[url].raise_for_status() for url in urls], seconds


def plain_client() -> httpx.AsyncClient:
    """One that does not read certificates, which takes longer than some of these downloads."""
    return httpx.AsyncClient(trust_env=False, verify=False, timeout=60)


def _parts(answer: httpx.Response) -> Iterator[bytes]:
    """The bodies within a multipart body (RFC 2046 section 5.1)."""
    header = Message()
    header["content-type"] = answer.headers["content-type"]
    delimiter = b"--" + str(header.get_param("boundary")).encode()
    for part in answer.content.split(delimiter)[1:-1]:
        yield part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
