"""httpx without a cache: what a program of some care writes itself.

The parts of multipart answers are taken out after the time is up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
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
    started = perf_counter()
    answers = asyncio.run(get_all(urls, _FRAMES, connections))
    seconds = perf_counter() - started
    return Taken(seconds, digest_of(part for answer in answers for part in _parts(answer)))


def retrieve_series(url: str) -> Taken:
    """The whole series in one answer."""
    started = perf_counter()
    (answer,) = asyncio.run(get_all([url], _INSTANCES, connections=1))
    seconds = perf_counter() - started
    return Taken(seconds, digest_of(dcmread(BytesIO(file)).PixelData for file in _parts(answer)))


async def get_all(
    urls: Sequence[str], headers: Mapping[str, str], connections: int
) -> list[httpx.Response]:
    """Whole answers, in the order of the URLs, so many at a time."""
    answers: dict[str, httpx.Response] = {}
    waiting = iter(urls)
    async with plain_client() as client:

        async def one_connection() -> None:
            for url in waiting:
                answers[url] = (await client.get(url, headers=headers)).raise_for_status()

        await asyncio.gather(*(one_connection() for _ in range(connections)))
    return [answers[url] for url in urls]


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
