"""nginx that caches what an origin answers, asked by httpx, decoded by pydicom."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from time import perf_counter

from pydicom import dcmread

from benchmarks.measuring import Taken, digest_of
from benchmarks.peers.plain_httpx import get_all
from origins.nginx import nginx

_CACHE = "proxy_cache_path {directory}/kept keys_zone=kept:10m max_size=10g inactive=1h;"
_SERVER = """
        location /wado {{
            proxy_pass {origin};
            proxy_cache kept;
            proxy_cache_valid 200 1h;
            proxy_ignore_headers Cache-Control Expires Set-Cookie;
            access_log off;
        }}
"""


@asynccontextmanager
async def caching_nginx(directory: Path, origin_url: str) -> AsyncIterator[str]:
    """Run one in `directory` before an origin; gives the URL to use instead."""
    directory.mkdir()
    http = _CACHE.format(directory=directory)
    server = _SERVER.format(origin=origin_url)
    async with nginx(directory, directory, http=http, server=server) as running:
        yield running.url


def read(urls: Sequence[str], connections: int) -> Taken:
    """The array of the DICOM file at each URL."""
    started = perf_counter()
    answers = asyncio.run(get_all(urls, {}, connections))
    arrays = [dcmread(BytesIO(answer.content)).pixel_array for answer in answers]
    return Taken(perf_counter() - started, digest_of(arrays))
