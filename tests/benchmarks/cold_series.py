"""What nobody has asked for yet, from a real Orthanc, as its bytes: a series of 200 CT slices, the
120 frames of one instance, and frames one after the other. Beside it httpx, frame by frame with
as many connections as it is fastest with, and in one request. Every process is new and connects
in its time, and each round of imageid has a daemon of its own. Orthanc has answered everything
once before, so that its own disk is no part of this.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import callers
from benchmarks.measuring import Round, Work, digest_of, in_new_process, in_new_processes, medians
from benchmarks.new_daemon import anew
from benchmarks.peers import plain_httpx
from benchmarks.report import Report
from benchmarks.series import Series, multi_frame, single_frames, slices
from origins.orthanc import Orthanc, orthanc

_SLICES, _FRAMES, _FRAME_SIDE = 200, 120, 256
_PROCESSES = 8
_ONE_BY_ONE = 50
_CONNECTIONS = (2, 4, 8, 16)
_ROUNDS = 3


def measure(report: Report) -> None:
    """See the module."""
    with TemporaryDirectory() as name:
        asyncio.run(_measure(report, Path(name)))


async def _measure(report: Report, directory: Path) -> None:
    series, instance = single_frames(_SLICES), multi_frame(_FRAMES, _FRAME_SIDE)
    async with orthanc(directory) as origin:
        await origin.seed(series.files + instance.files)
        await _series(report, origin, directory, series)
        await _one_by_one(report, origin, directory, series)
        await _frames_of_an_instance(report, origin, directory, instance)


async def _series(report: Report, origin: Orthanc, directory: Path, series: Series) -> None:
    """The first round of httpx, which is not counted, wakes Orthanc."""
    ids, urls = _frames(origin, series, 1)
    series_url = urls[0].partition("/instances/")[0]
    digest = series.digest

    def of(processes: int) -> Callable[[str], Round]:
        return lambda address: in_new_processes(
            [Work(digest, callers.load_bodies, (address, ids))] * processes
        )

    found = await medians(
        {
            "httpx frame by frame": await _frame_by_frame(report, digest, urls),
            "httpx in one request": in_new_process(digest, plain_httpx.retrieve_series, series_url),
            "imageid": anew(directory, of(1)),
            "imageid in 8 processes": anew(directory, of(_PROCESSES)),
        },
        _ROUNDS,
    )
    report.seconds(f"cold series of {_SLICES}", found)
    own = found["imageid"]
    report.reach("series/frame_by_frame", own / found["httpx frame by frame"])
    report.reach("series/one_request", own / found["httpx in one request"])
    report.reach("eight_processes/one", found["imageid in 8 processes"] / own)


async def _one_by_one(report: Report, origin: Orthanc, directory: Path, series: Series) -> None:
    ids, urls = (each[:_ONE_BY_ONE] for each in _frames(origin, series, 1))
    digest = digest_of(slices(_ONE_BY_ONE))
    found = await medians(
        {
            "httpx": in_new_process(digest, plain_httpx.retrieve_frames, urls, 1),
            "imageid": anew(
                directory,
                lambda address: in_new_process(digest, callers.load_one_by_one, address, ids),
            ),
        },
        _ROUNDS,
    )
    report.seconds(f"{_ONE_BY_ONE} cold frames one after the other", found)
    report.reach("one_by_one/httpx", found["imageid"] / found["httpx"])


async def _frames_of_an_instance(
    report: Report, origin: Orthanc, directory: Path, instance: Series
) -> None:
    ids, urls = _frames(origin, instance, _FRAMES)
    found = await medians(
        {
            "httpx frame by frame": await _frame_by_frame(report, instance.digest, urls),
            "imageid": anew(
                directory,
                lambda address: in_new_process(instance.digest, callers.load_bodies, address, ids),
            ),
        },
        _ROUNDS,
    )
    report.seconds(f"{_FRAMES} cold frames of an instance", found)
    report.reach("multi_frame/frame_by_frame", found["imageid"] / found["httpx frame by frame"])


async def _frame_by_frame(report: Report, digest: str, urls: Sequence[str]) -> Round:
    """With as many connections as are the fastest."""
    ways = {
        connections: in_new_process(digest, plain_httpx.retrieve_frames, urls, connections)
        for connections in _CONNECTIONS
    }
    seconds = await medians(ways, rounds=1)
    best = min(seconds, key=seconds.__getitem__)
    report.add("connections that httpx is the fastest with", best, "")
    return ways[best]


def _frames(origin: Orthanc, series: Series, frames: int) -> tuple[list[str], list[str]]:
    """ImageIds and URLs of the frames of each instance."""
    urls = [
        f"{origin.dicomweb_url}{file.instance_path}/frames/{frame}"
        for file in series.files
        for frame in range(1, frames + 1)
    ]
    return [f"wadors:{url}" for url in urls], urls
