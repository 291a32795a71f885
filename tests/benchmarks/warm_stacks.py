"""The arrays of 200 slices that a program has had before, in a new process: from imageid's cache;
by dicomweb-client from Orthanc; by httpx from hishel's cache; by httpx from nginx's cache. All
but the first decode with pydicom, which for these slices, uncompressed, is little work.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import callers
from benchmarks.measuring import in_new_process, medians
from benchmarks.peers import dicomweb_library, hishel_cache, nginx_cache
from benchmarks.report import Report
from benchmarks.series import single_frames
from daemon_process import DaemonProcess
from origins.orthanc import orthanc

_SLICES = 200
_CONNECTIONS = 4
_ROUNDS = 3


def measure(report: Report) -> None:
    """See the module."""
    with TemporaryDirectory() as name:
        asyncio.run(_measure(report, Path(name)))


async def _measure(report: Report, directory: Path) -> None:
    series = single_frames(_SLICES)
    digest, first = series.digest, series.files[0]
    async with (
        orthanc(directory) as origin,
        nginx_cache.caching_nginx(directory / "nginx", origin.url) as nginx_url,
        DaemonProcess(directory / "d") as daemon,
    ):
        await origin.seed(series.files)
        queries = [f"/wado?{file.wado_query}" for file in series.files]
        urls = [origin.url + query for query in queries]
        ids = [f"wadouri:{url}" for url in urls]
        by_nginx = [nginx_url + query for query in queries]
        found = await medians(
            {
                "imageid": in_new_process(digest, callers.load_arrays, daemon.address, ids),
                "dicomweb-client, Orthanc": in_new_process(
                    digest,
                    dicomweb_library.read,
                    origin.dicomweb_url,
                    first.study,
                    first.series,
                ),
                "httpx, hishel, pydicom": in_new_process(
                    digest, hishel_cache.read, directory / "hishel.db", urls
                ),
                "httpx, nginx, pydicom": in_new_process(
                    digest, nginx_cache.read, by_nginx, _CONNECTIONS
                ),
            },
            _ROUNDS,
        )
    report.seconds(f"{_SLICES} warm slices", found)
    own = found["imageid"]
    report.reach("warm/dicomweb_client", found["dicomweb-client, Orthanc"] / own)
    report.reach("warm/hishel", found["httpx, hishel, pydicom"] / own)
    report.reach("warm/nginx", found["httpx, nginx, pydicom"] / own)
