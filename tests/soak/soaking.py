"""One soak: shifts of programs at a daemon, what they found wrong, and what it used meanwhile."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from asyncio.subprocess import PIPE, Process
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

import imageid
from daemon_process import DaemonProcess
from imageid_loaders.part10 import phantom_file
from origins.corpus import DicomFile, as_instance, own_file
from soak import origins
from soak.flat import not_flat
from soak.material import Material, files_in, hostile_file, observed
from soak.origins import Origins
from soak.sampling import Sample, metrics, sampled, untrue_books

TESTS = Path(__file__).parents[1]
_LIMIT_BYTES = 12 * 2**20
_PROGRAMS = 3
_SECONDS_BETWEEN_SAMPLES = 2.0
_TRIES_TO_REST, _SECONDS_BETWEEN_TRIES = 120, 0.25
_SERIES_FILES = ("CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm")

_CONFIG = """
[network]
allow = ["127.0.0.1:*"]
[cache]
size = "{limit}"
min_free = "0%"
keep_partial = "10s"
partial_share = "30%"
[fills]
finish_missing = "64KiB"
[decode]
workers = 2
timeout = "3s"
[loaders.file]
roots = ["{roots}"]
"""

# What may be more in the last third of the work than in the first, and at rest in the end than
# after the first shift. Memory: what gRPC's and malloc's arenas take before they are full.
ALLOWED_WHILE_WORKING = {
    "descriptors": 80, "descriptors of workers": 40, "threads": 12, "tasks": 150,
    "memory": 48, "memory of workers": 64, "fills": 60, "queued jobs": 60,
    "spool files": 60, "partial files": 60,
}  # fmt: skip
ALLOWED_AT_REST = {
    "descriptors": 4, "descriptors of workers": 12, "threads": 8, "tasks": 0,
    "memory": 40, "memory of workers": 64, "fills": 0, "queued jobs": 0, "damaged files": 0,
    "spool files": 0,
}  # fmt: skip


@dataclass(slots=True)
class Soaked:
    """What came of it.

    Args:
        working: samples of the shifts after the first.
        resting: one after each shift.
        wrong: in words; nothing where all is well.
        continued: requests for the rest of a body that had broken off.
    """

    done: Counter[str] = field(default_factory=Counter)
    working: list[Sample] = field(default_factory=list)
    resting: list[Sample] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    evicted_blobs: int = 0
    worker_deaths: int = 0
    continued: int = 0

    def judge(self) -> list[str]:
        """Everything that is wrong, with what is not flat."""
        working = {name: _points(self.working, name) for name in ALLOWED_WHILE_WORKING}
        resting = {name: _points(self.resting, name) for name in ALLOWED_AT_REST}
        return [
            *self.wrong,
            *not_flat(working, {}, ALLOWED_WHILE_WORKING),
            *not_flat({}, resting, ALLOWED_AT_REST),
        ]

    def __str__(self) -> str:
        lines = [f"{count:8} {what}" for what, count in sorted(self.done.items())]
        for name in self.resting[0] if self.resting else ():
            if name != "seconds":
                most = max((each[name] for each in self.working), default=0)
                at_rest = " ".join(f"{each[name]:.0f}" for each in self.resting)
                lines.append(f"{name}: up to {most:.0f}; at rest {at_rest}")
        lines.append(
            f"{self.evicted_blobs} blobs evicted, {self.worker_deaths} workers died,"
            f" {self.continued} bodies continued"
        )
        return "\n".join(lines)


@dataclass(slots=True)
class Soak:
    """Args:
    shift_seconds: how long the programs work before all of them leave.
    program: what is started as the daemon.
    """

    directory: Path
    seed: int
    shift_seconds: float
    program: tuple[str, ...] = ("-m", "imageid_daemon")
    soaked: Soaked = field(default_factory=Soaked)

    async def run(self, shifts: int) -> Soaked:
        """The first shift is the warm-up."""
        (roots := self.directory / "files").mkdir()
        async with AsyncExitStack() as stack:
            served = await stack.enter_async_context(origins.running())
            daemon = DaemonProcess(
                self.directory,
                _CONFIG.format(limit=_LIMIT_BYTES, roots=roots),
                environment={"PYTHONPATH": str(TESTS)},
                program=self.program,
            )
            await stack.enter_async_context(daemon)
            material = await known_material(daemon, served, roots, self.seed)
            (path := self.directory / "material").write_bytes(msgspec.json.encode(material))
            for number in range(shifts):
                await self._shift(daemon, path, number)
                self.soaked.continued += served.forget()
                await self._rest(daemon, served)
            figures = await metrics(daemon)
            self.soaked.evicted_blobs = int(figures["imageid_cache_evicted_blobs_total"])
            self.soaked.worker_deaths = int(figures.get("imageid_worker_deaths_total", 0))
        self._read_log(daemon)
        return self.soaked

    async def _shift(self, daemon: DaemonProcess, material: Path, number: int) -> None:
        seeds = range(number * _PROGRAMS, (number + 1) * _PROGRAMS)
        async with visiting(daemon, material, [self.seed * 1000 + s for s in seeds]) as programs:
            ends = time.monotonic() + self.shift_seconds
            while time.monotonic() < ends:
                await asyncio.sleep(_SECONDS_BETWEEN_SAMPLES)
                await self._sample(daemon, is_warm=number > 0)
            # One of them ends as programs do that crash: with all its calls open.
            programs[-1].kill()
            await asyncio.gather(*(self._leave(program) for program in programs[:-1]))

    async def _sample(self, daemon: DaemonProcess, *, is_warm: bool) -> None:
        sample = await sampled(daemon)
        if is_warm:
            self.soaked.working.append(sample)
        async with imageid.aio.connect(daemon.address) as client:
            stats = await client.stats()
        held_bytes = stats.stored_bytes + stats.reserved_bytes
        if held_bytes > stats.limit_bytes:
            self.soaked.wrong.append(f"the cache holds {held_bytes} of {stats.limit_bytes} bytes")

    async def _leave(self, program: Process) -> None:
        said, _ = await program.communicate(b"\n")
        if program.returncode:
            self.soaked.wrong.append(f"a program ended with {program.returncode}")
            return
        told = json.loads(said)
        self.soaked.done.update(told["done"])
        self.soaked.wrong += told["wrong"]

    async def _rest(self, daemon: DaemonProcess, served: Origins) -> None:
        """Wait until the daemon uses what it did after the first shift, not for ever."""
        first = self.soaked.resting[0] if self.soaked.resting else None
        before: Sample = {}
        for number in range(_TRIES_TO_REST):
            await self._use_connections(daemon, served, len(self.soaked.resting), number)
            sample = await sampled(daemon)
            if _rests(sample, first or before):
                break
            before = sample
            await asyncio.sleep(_SECONDS_BETWEEN_TRIES)
        self.soaked.resting.append(sample)
        self.soaked.wrong += untrue_books(daemon, await metrics(daemon))

    async def _use_connections(
        self, daemon: DaemonProcess, served: Origins, shift: int, number: int
    ) -> None:
        """Fetch something: idle connections to origins are closed when another is wanted."""
        async with imageid.aio.connect(daemon.address) as client:
            await client.load(f"{served.once}{10**13 + shift * 1000 + number}", "encoded")

    def _read_log(self, daemon: DaemonProcess) -> None:
        log = daemon.log.read_text()
        for said in ("call failed unexpectedly", "Traceback", "never retrieved", "was destroyed"):
            if said in log:
                self.soaked.wrong.append(f"the log says {said!r}:\n{daemon.log_end()}")


def _rests(sample: Sample, like: Sample) -> bool:
    idle = not (sample["fills"] or sample["queued jobs"] or sample["spool files"])
    exact = ("tasks", "descriptors", "threads", "partial files")
    return idle and bool(like) and all(sample[name] <= like[name] for name in exact)


def _points(samples: list[Sample], name: str) -> list[tuple[float, float]]:
    return [(sample["seconds"], sample[name]) for sample in samples]


@asynccontextmanager
async def visiting(
    daemon: DaemonProcess, material: Path, seeds: list[int]
) -> AsyncIterator[list[Process]]:
    """Programs that visit the daemon; none outlives the context."""
    arguments = (daemon.address, daemon.tcp_address, daemon.token, str(material))
    environment = os.environ | {"PYTHONPATH": str(TESTS)}
    programs = [
        await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "soak.visits", *arguments, str(seed)),
            stdin=PIPE, stdout=PIPE, env=environment,
        )
        for seed in seeds
    ]  # fmt: skip
    try:
        yield programs
    finally:
        for program in programs:
            if program.returncode is None:
                program.kill()
            await program.wait()


async def known_material(
    daemon: DaemonProcess, served: Origins, roots: Path, seed: int
) -> Material:
    """What is right of each image, asked of the daemon while nobody else is there."""
    series = [as_instance(own_file(name)) for name in _SERIES_FILES]
    files = {f"file://{path}": path.read_bytes() for path in files_in(roots)}
    sound = files | served.slices() | served.add_series(series)
    async with imageid.aio.connect(daemon.address) as client:
        subjects = [await observed(client, name, data) for name, data in sound.items()]
    subjects += served.bodies() + served.moods(seed)
    first = DicomFile("", phantom_file(1)).dataset()
    return Material(
        subjects,
        missing=[f"{served.orderly.url}/missing.jpg", f"file://{roots}/missing.dcm"],
        once=served.once,
        hostile=f"file://{hostile_file(roots / 'hostile.dcm')}",
        roots=[_series_root(served, file) for file in series],
        prefixes=[f"{served.orderly.url}/slices/1", f"{served.moody.url}/", f"file://{roots}/C"],
        studies=[series[0].study, str(first.StudyInstanceUID)],
        series=[series[1].series, str(first.SeriesInstanceUID)],
        origins=served.hosts,
    )


def _series_root(served: Origins, file: DicomFile) -> str:
    return f"wadors:{served.dicomweb.dicomweb_url}/studies/{file.study}/series/{file.series}"
