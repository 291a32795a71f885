"""The pixels of 200 slices in JPEG 2000 that nobody has asked for yet, from a web server, as
arrays in a new client process; beside imagecodecs alone, in two processes that share out
codestreams which they have in memory. What the server, the daemon and its client do beside
decoding is done by the same two processors.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import callers
from benchmarks.measuring import Round, Work, digest_of, in_new_process, in_new_processes, medians
from benchmarks.new_daemon import anew
from benchmarks.peers import bare_codec
from benchmarks.report import Report
from benchmarks.series import codestreams, single_frames_in_jpeg_2000, slices
from origins.nginx import nginx

_SLICES = 200
_PROCESSES = 2
_ROUNDS = 5


def measure(report: Report) -> None:
    """See the module."""
    with TemporaryDirectory() as name:
        asyncio.run(_measure(report, Path(name)))


async def _measure(report: Report, directory: Path) -> None:
    series = single_frames_in_jpeg_2000(_SLICES)
    series.write(directory)
    data, images = codestreams(series), list(slices(_SLICES))
    shares = [slice(first, None, _PROCESSES) for first in range(_PROCESSES)]
    works = [Work(digest_of(images[share]), bare_codec.decode, (data[share],)) for share in shares]
    async with nginx(directory, directory) as origin:
        ids = series.ids_below(f"{origin.url}/fresh")

        def own(address: str) -> Round:
            return in_new_process(series.digest, callers.load_arrays, address, ids)

        found = await medians(
            {"imageid": anew(directory, own), "imagecodecs": in_new_processes(works)}, _ROUNDS
        )
    report.seconds(f"pixels of {_SLICES} cold slices", found)
    report.reach("cold_pixels/imagecodecs", found["imagecodecs"] / found["imageid"])
