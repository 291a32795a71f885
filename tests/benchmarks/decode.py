"""Milliseconds that a frame takes to become a file of samples in the pool of workers, beside
the bare call of the codec in this process. Both take turns on the same frames, above 256 KiB,
of one multi-frame file; ratios are of medians of rounds, and every frame's pixels are compared.
The frames of a round are all asked for at once, several times over, as viewers ask for series.
Samples that reach a file cost at least what the codec and the writing of as many bytes do, which
is measured too ("written to a file"): where that is over the bar, no worker can keep to it.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import ExitStack
from itertools import product
from math import ceil
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from benchmarks.frames import FRAMES, PICTURES, SYNTAXES, File, Syntax, write
from benchmarks.report import Report
from imageid_daemon.metrics import Metrics
from imageid_daemon.pixels import Encoded
from imageid_daemon.workers import Limits, Pool, tasks
from imageid_loaders.errors import Unsupported

ROUNDS = 3
# A round shall last longer than the kernel takes to find a processor for each worker, and
# all rounds together no longer than a person waits.
ROUND_SECONDS = 0.15
MOST_PASSES = 8
OVERHEAD_BAR = 1.10
SCALING_BAR = 1.8
_LIMITS = Limits(memory_bytes=2**32, cpu_seconds=60.0, wall_seconds=120.0)


def measure(report: Report) -> None:
    """See the module."""
    with TemporaryDirectory() as directory:
        asyncio.run(_measure(report, Path(directory)))


async def _measure(report: Report, directory: Path) -> None:
    one, two = (Pool(size, _LIMITS, Metrics()) for size in (1, 2))
    await asyncio.gather(one.start(), two.start())
    for picture, syntax in product(PICTURES, SYNTAXES):
        if picture.is_color == syntax.is_color:
            file = write(syntax, picture, directory)
            try:
                await _compare(one, file)
            except Unsupported:
                continue  # a syntax to come
            await _compare(two, file)
            name = f"{syntax.name} ({syntax.uid.removeprefix('1.2.840.10008.1.2')}), {picture.name}"
            await _report(report, name, syntax, file, (one, two))
    await asyncio.gather(one.close(), two.close())


async def _report(
    report: Report, name: str, syntax: Syntax, file: File, pools: tuple[Pool, Pool]
) -> None:
    one, two = pools
    passes = min(MOST_PASSES, ceil(ROUND_SECONDS / _bare_seconds(syntax, file, 1)))
    bare, floor, alone, both = [], [], [], []
    for _ in range(ROUNDS + 1):
        bare.append(_bare_seconds(syntax, file, passes))
        floor.append(_floor_seconds(syntax, file, passes))
        alone.append(await _pool_seconds(one, file, passes))
        both.append(await _pool_seconds(two, file, passes))
    for rounds in (bare, floor, alone, both):
        # The first touches memory that the machine has never had before.
        del rounds[0]
    per_frame = 1000 / (FRAMES * passes)
    report.add(f"{name}: bare codec", median(bare) * per_frame, " ms")
    report.add(f"{name}: bare codec, written to a file", median(floor) * per_frame, " ms")
    report.add(f"{name}: one worker", median(alone) * per_frame, " ms")
    report.add(f"{name}: two workers", median(both) * per_frame, " ms")
    ratio = median(alone) / median(bare)
    report.add(f"{name}: one worker / bare codec", ratio, "", at_most=OVERHEAD_BAR)
    report.add(f"{name}: one worker / written to a file", median(alone) / median(floor), "")
    scaling = median(alone) / median(both)
    bar = SCALING_BAR if "2000" in syntax.name else 0
    report.add(f"{name}: one worker / two workers", scaling, "", at_least=bar)


def _bare_seconds(syntax: Syntax, file: File, passes: int) -> float:
    started = perf_counter()
    for codestream in file.codestreams * passes:
        syntax.decode(codestream)
    return perf_counter() - started


def _floor_seconds(syntax: Syntax, file: File, passes: int) -> float:
    with ExitStack() as stack:
        _, targets = _opened(stack, file, FRAMES * passes)
        started = perf_counter()
        for target, codestream in zip(targets, file.codestreams * passes, strict=True):
            os.pwrite(target, np.ascontiguousarray(syntax.decode(codestream)), 0)
        return perf_counter() - started


async def _pool_seconds(pool: Pool, file: File, passes: int) -> float:
    with ExitStack() as stack:
        source, targets = _opened(stack, file, FRAMES * passes)
        started = perf_counter()
        await _decode_all(pool, source, targets)
        return perf_counter() - started


async def _compare(pool: Pool, file: File) -> None:
    with ExitStack() as stack:
        source, targets = _opened(stack, file, FRAMES)
        await _decode_all(pool, source, targets)
        for target, expected in zip(targets, file.expected, strict=True):
            received = os.pread(target, 2**30, 0)
            if received != np.ascontiguousarray(expected).tobytes():
                raise AssertionError(f"{file.path.name}: the pixels differ")


async def _decode_all(pool: Pool, source: int, targets: list[int]) -> None:
    jobs = (
        pool.run(tasks.decode, source, target, _encoded(number % FRAMES + 1), "default")
        for number, target in enumerate(targets)
    )
    await asyncio.gather(*jobs)


def _encoded(frame: int) -> Encoded:
    return Encoded("", "application/dicom", frame=frame)


def _opened(stack: ExitStack, file: File, count: int) -> tuple[int, list[int]]:
    """The source, and new empty files on the same disk, as the cache's spools are."""
    source = os.open(file.path, os.O_RDONLY)
    stack.callback(os.close, source)
    targets = []
    for number in range(count):
        path = file.path.with_suffix(f".{number}")
        targets.append(os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600))
        path.unlink()
        stack.callback(os.close, targets[-1])
    return source, targets


if __name__ == "__main__":
    measure(Report())
