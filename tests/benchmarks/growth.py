"""What a hit costs among many entries: three daemons, each over an index of its own size, serve
the same hundred small pictures to one caller, in turns.
"""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

import imageid
from benchmarks import callers
from benchmarks.measuring import digest_of, in_this_process, medians
from benchmarks.report import Report
from benchmarks.start import fill
from daemon_process import DaemonProcess
from origins.nginx import nginx
from origins.pictures import noise_jpeg

_ENTRIES = (1_000, 10_000, 200_000)
_PICTURES, _PASSES = 100, 3
_ROUNDS = 9


def measure(report: Report) -> None:
    """See the module."""
    with TemporaryDirectory() as name:
        asyncio.run(_measure(report, Path(name)))


async def _measure(report: Report, directory: Path) -> None:
    pictures = {f"{number}.jpg": noise_jpeg(number) for number in range(_PICTURES)}
    for name, picture in pictures.items():
        (directory / name).write_bytes(picture)
    digest = digest_of(list(pictures.values()) * _PASSES)
    async with AsyncExitStack() as stack:
        origin = await stack.enter_async_context(nginx(directory, directory))
        ids = [f"{origin.url}/fresh/{name}" for name in pictures] * _PASSES
        ways = {}
        for entries in _ENTRIES:
            daemon = await _filled(directory / str(entries), entries)
            await stack.enter_async_context(daemon)
            work = (callers.load_often, daemon.address, ids, 1)
            ways[daemon.address] = in_this_process(digest, *work)
        found = await medians(ways, _ROUNDS)
        for address, entries in zip(ways, _ENTRIES, strict=True):
            await asyncio.to_thread(_check, address, entries)
    hits = [seconds / len(ids) for seconds in found.values()]
    report.seconds("a hit", {f"{n} entries": hit for n, hit in zip(_ENTRIES, hits, strict=True)})
    report.reach("growth/10000", hits[1] / hits[0])
    report.reach("growth/200000", hits[2] / hits[0])


async def _filled(directory: Path, entries: int) -> DaemonProcess:
    """A daemon over an index of so many entries, and a disk on which there is room for them."""
    directory.mkdir()
    daemon = DaemonProcess(
        directory,
        arguments=("--cache-size", "100GiB"),
        environment={"IMAGEID_CACHE_MIN_FREE": "0"},
    )
    await fill(daemon.cache_directory, entries)
    return daemon


def _check(address: str, entries: int) -> None:
    """Say no if the daemon has dropped what it was given."""
    with imageid.connect(address) as client:
        assert client.stats().entries >= entries
