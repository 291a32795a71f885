"""Where the time goes in ways whose bars are missed: processor time of the daemon's threads, and
what its main thread, the event loop, does with its own.

    python -m benchmarks.where [WAY…]

Not part of `make bench`: looking slows what is looked at, so processor time is taken in rounds
without py-spy, and only the shares in rounds with it.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory, mkdtemp

from benchmarks import callers
from benchmarks.measuring import Round, Work, digest_of, in_new_process, in_new_processes
from benchmarks.series import Series, single_frames, slices
from daemon_process import DaemonProcess
from origins.orthanc import orthanc

_SLICES, _ONE_BY_ONE, _PROCESSES = 200, 50, 8
_ROUNDS = 5
# A frame's time belongs to the innermost of these that it was called by.
_OWNERS = {
    "/httpx/": "HTTP client",
    "/httpcore/": "HTTP client",
    "/h11/": "HTTP client",
    "/imageid_daemon/origins/": "origins: turns, retries, streams",
    "/imageid_loaders/": "loader: the answer taken apart",
    "/imageid_daemon/fills/": "fills and their files",
    "/imageid_daemon/cache/": "cache: books and index",
    "/imageid_daemon/resolver/": "resolver",
    "/written_stream.py": "gRPC's core: messages out",
    "/imageid_daemon/service/": "service: answers made",
}
_LOOP = "event loop, sockets, waking"


Once = Callable[[DaemonProcess], Awaitable[float]]


@dataclass(frozen=True, slots=True)
class Way:
    """What is looked at. Args: images: that the daemon gives in a round."""

    images: int
    round_at: Callable[[str, Series, Sequence[str]], Round]


def _together(processes: int) -> Way:
    return Way(
        _SLICES * processes,
        lambda address, series, ids: in_new_processes(
            [Work(series.digest, callers.load_bodies, (address, ids))] * processes
        ),
    )


WAYS = {
    "cold series": _together(1),
    "cold series, 8 processes": _together(_PROCESSES),
    "cold frames, one after the other": Way(
        _ONE_BY_ONE,
        lambda address, _, ids: in_new_process(
            digest_of(slices(_ONE_BY_ONE)), callers.load_one_by_one, address, ids[:_ONE_BY_ONE]
        ),
    ),
}


async def look(names: Sequence[str]) -> None:
    """Print a table for each way."""
    series = single_frames(_SLICES)
    with TemporaryDirectory() as name:
        async with orthanc(Path(name)) as origin:
            await origin.seed(series.files)
            ids = [
                f"wadors:{origin.dicomweb_url}{file.instance_path}/frames/1"
                for file in series.files
            ]
            for each in names:
                await _look_at(each, Path(name), series, ids)


async def _look_at(name: str, directory: Path, series: Series, ids: Sequence[str]) -> None:
    way = WAYS[name]

    def once(daemon: DaemonProcess) -> Awaitable[float]:
        return way.round_at(daemon.address, series, ids)()

    milliseconds = [await _processor_time(directory, once) for _ in range(_ROUNDS)]
    owners: Counter[str] = Counter()
    for _ in range(_ROUNDS):
        owners += await _owners(directory, once)
    _print(name, way, milliseconds, owners)


def _print(
    name: str, way: Way, milliseconds: list[tuple[float, float]], owners: Counter[str]
) -> None:
    main, others = (median(each) for each in zip(*milliseconds, strict=True))
    print(f"\n{name}: processor time of the daemon for each of {way.images} images")
    print(f"  {main / way.images:6.3f} ms  main thread, of which")
    for owner, samples in owners.most_common():
        share = samples / owners.total()
        print(f"  {main * share / way.images:6.3f} ms    {share:4.0%}  {owner}")
    print(f"  {others / way.images:6.3f} ms  other threads: files, digests, index, gRPC's core")


async def _processor_time(directory: Path, once: Once) -> tuple[float, float]:
    """Milliseconds of the main thread, and of all others, in a round of a new daemon."""
    async with _daemon(directory) as daemon:
        before = _threads(daemon.pid)
        await once(daemon)
        after = _threads(daemon.pid)
    main = str(daemon.pid)
    taken = {thread: after[thread] - before.get(thread, 0) for thread in after}
    return taken[main] / 1e6, sum(taken[each] for each in taken if each != main) / 1e6


async def _owners(directory: Path, once: Once) -> Counter[str]:
    """Samples of the main thread by whom it worked for, in a round of a new daemon."""
    async with _daemon(directory) as daemon:
        stacks = directory / "stacks"
        looking = await asyncio.create_subprocess_exec(
            *(Path(sys.executable).with_name("py-spy"), "record", "--pid", str(daemon.pid)),
            *("--rate", "500", "--full-filenames", "--threads", "--format", "raw"),
            *("--output", stacks),
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        await asyncio.sleep(1)  # py-spy does not say when it has begun
        await once(daemon)
        looking.send_signal(signal.SIGINT)
        await looking.wait()
    owners: Counter[str] = Counter()
    for line in stacks.read_text().splitlines():
        frames, _, samples = line.rpartition(" ")
        if "MainThread" in frames:
            owners[_owner(frames.split(";"))] += int(samples)
    return owners


def _owner(frames: Sequence[str]) -> str:
    for frame in reversed(frames):
        for part, owner in _OWNERS.items():
            if part in frame:
                return owner
    return _LOOP


@asynccontextmanager
async def _daemon(directory: Path) -> AsyncIterator[DaemonProcess]:
    async with DaemonProcess(Path(mkdtemp(dir=directory))) as daemon:
        yield daemon


def _threads(pid: int) -> dict[str, int]:
    """Nanoseconds on a processor by thread."""
    return {
        each.name: int((each / "schedstat").read_text().split()[0])
        for each in Path(f"/proc/{pid}/task").iterdir()
    }


if __name__ == "__main__":
    asyncio.run(look(sys.argv[1:] or list(WAYS)))
