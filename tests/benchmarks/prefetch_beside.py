"""How long somebody waits for the pixels of a slice in JPEG 2000 that nobody has asked for yet, one
slice after the other: alone, and while a prefetch with pixels of 80 others of the series keeps
every worker busy; all come from the same web server. How many of the others are ready before
a slice that is looked at, from when it is asked for, says how much stands before it, whatever
else the machine does; beside a queue in order of arrival it would be 16.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
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

_PREFETCHED = 80
_LOOKED_AT = 10
_ROUNDS = 2

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
    alone: list[float] = []
    beside = Beside()
    async with nginx(directory, directory) as origin:
        ids = series.ids_below(f"{origin.url}/fresh")
        wanted = list(zip(ids, slices(count), strict=True))
        for _ in range(_ROUNDS):
            async with (
                DaemonProcess(Path(mkdtemp(dir=directory))) as daemon,
                imageid.aio.connect(daemon.address) as client,
            ):
                alone += [await _load(client, each) for each in wanted[:_LOOKED_AT]]
                await beside.round(client, wanted[_LOOKED_AT:])
    found = {"alone": median(alone), "beside a prefetch": median(beside.seconds)}
    report.seconds("pixels of one cold slice", found)
    report.add("the same: beside a prefetch / alone", median(beside.seconds) / median(alone), "")
    report.reach("beside/ready_before", median(beside.ready_before))


@dataclass(slots=True)
class Beside:
    """Slices that were looked at while others were prefetched.

    Args:
        seconds: that each took.
        ready_before: how many of the others were ready before it, since it was asked for.
    """

    seconds: list[float] = field(default_factory=list)
    ready_before: list[int] = field(default_factory=list)

    async def round(self, client: imageid.aio.Client, wanted: Wanted) -> None:
        """Look at the first of these while the rest is prefetched."""
        looked_at, ahead = wanted[:_LOOKED_AT], [image_id for image_id, _ in wanted[_LOOKED_AT:]]
        ready: list[object] = []
        prefetch = asyncio.create_task(client.prefetch(ahead, "pixels", progress=ready.append))
        for each in looked_at:
            before = len(ready)
            self.seconds.append(await _load(client, each))
            self.ready_before.append(len(ready) - before)
        if prefetch.done():
            raise AssertionError("the prefetch was over before the last slice was looked at")
        await prefetch


async def _load(client: imageid.aio.Client, wanted: tuple[str, Slice]) -> float:
    image_id, samples = wanted
    started = perf_counter()
    pixels = (await client.load(image_id)).pixels
    seconds = perf_counter() - started
    return Taken(seconds, digest_of([pixels])).checked(digest_of([samples]))


if __name__ == "__main__":
    measure(Report())
