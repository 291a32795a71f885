"""How long somebody waits for the pixels of a slice in JPEG 2000 that nobody has asked for yet, one
slice after the other: alone, and while a prefetch with pixels of 240 others of the series keeps
the origin and every worker busy. All come from the same web server.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory, mkdtemp
from time import perf_counter

import imageid.aio
from benchmarks.measuring import Taken, digest_of
from benchmarks.report import Report
from benchmarks.series import Slice, single_frames_in_jpeg_2000, slices
from daemon_process import DaemonProcess
from origins.nginx import nginx

_PREFETCHED = 240
_LOOKED_AT = 20
_ROUNDS = 3

Wanted = Sequence[tuple[str, Slice]]
"""ImageIds, and what their pixels are to be."""


def measure(report: Report) -> None:
    """See the module."""
    with TemporaryDirectory() as name:
        asyncio.run(_measure(report, Path(name)))


async def _measure(report: Report, directory: Path) -> None:
    count = _PREFETCHED + 2 * _LOOKED_AT
    series = single_frames_in_jpeg_2000(count)
    series.write(directory)
    alone, beside = [], []
    async with nginx(directory, directory) as origin:
        ids = series.ids_below(f"{origin.url}/fresh")
        wanted = list(zip(ids, slices(count), strict=True))
        for _ in range(_ROUNDS):
            async with (
                DaemonProcess(Path(mkdtemp(dir=directory))) as daemon,
                imageid.aio.connect(daemon.address) as client,
            ):
                alone += await _look_at(client, wanted[:_LOOKED_AT])
                beside += await _beside_a_prefetch(client, wanted[_LOOKED_AT:])
    found = {"alone": median(alone), "beside a prefetch": median(beside)}
    report.seconds("pixels of one cold slice", found)
    report.reach("beside/alone", median(beside) / median(alone))


async def _look_at(client: imageid.aio.Client, wanted: Wanted) -> list[float]:
    return [await _load(client, image_id, samples) for image_id, samples in wanted]


async def _load(client: imageid.aio.Client, image_id: str, samples: Slice) -> float:
    started = perf_counter()
    pixels = (await client.load(image_id)).pixels
    seconds = perf_counter() - started
    return Taken(seconds, digest_of([pixels])).checked(digest_of([samples]))


async def _beside_a_prefetch(client: imageid.aio.Client, wanted: Wanted) -> list[float]:
    ahead = [image_id for image_id, _ in wanted[_LOOKED_AT:]]
    begun = asyncio.Event()
    progress = lambda *_: begun.set()  # noqa: E731
    prefetch = asyncio.create_task(client.prefetch(ahead, "pixels", progress=progress))
    await begun.wait()
    seconds = await _look_at(client, wanted[:_LOOKED_AT])
    if prefetch.done():
        raise AssertionError("the prefetch was over before the last slice was looked at")
    await prefetch
    return seconds


if __name__ == "__main__":
    measure(Report())
