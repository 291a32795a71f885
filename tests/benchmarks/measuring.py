"""Side by side: ways to do the same take turns, and their medians are compared."""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from statistics import median
from threading import Barrier
from time import perf_counter
from typing import Any, TypeVar

_START_SECONDS = 60.0

Name = TypeVar("Name")
Asked = TypeVar("Asked")
Round = Callable[[], Awaitable[float]]
"""Does the work once and gives the seconds that it took."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a piece of work took, and the SHA-256 of what it gave, hexadecimal."""

    seconds: float
    digest: str

    def checked(self, expected_digest: str) -> float:
        """Its seconds, if it gave what it should.

        Raises:
            AssertionError: it gave other bytes.
        """
        if self.digest != expected_digest:
            raise AssertionError("other bytes arrived than were sent")
        return self.seconds


async def medians(ways: Mapping[Name, Round], rounds: int) -> dict[Name, float]:
    """Seconds of each way, in the median of rounds.

    All take part in each round, so that whatever else the machine does meets them alike. A
    first round warms up and is not counted.
    """
    seconds = defaultdict(list)
    for number in range(rounds + 1):
        for name, way in ways.items():
            taken = await way()
            if number:
                seconds[name].append(taken)
    return {name: median(taken) for name, taken in seconds.items()}


def digest_of(parts: Iterable[Any]) -> str:
    """SHA-256 of buffers, one after the other, hexadecimal."""
    sha256 = hashlib.sha256()
    for part in parts:
        sha256.update(part)
    return sha256.hexdigest()


@dataclass(frozen=True, slots=True)
class Work:
    """What one process does, and the digest of what it shall get."""

    expected_digest: str
    function: Callable[..., Taken]
    arguments: tuple[object, ...]

    def after(self, barrier: Barrier) -> Taken:
        """Do it when all processes are ready."""
        barrier.wait(_START_SECONDS)
        return self.function(*self.arguments)


def in_new_processes(works: Sequence[Work]) -> Round:
    """Rounds of works at the same moment; the longest counts.

    Each is done in a Python that has done nothing before but import what it needs.
    """

    async def once() -> float:
        loop = asyncio.get_running_loop()
        spawn = get_context("spawn")
        with spawn.Manager() as manager, ProcessPoolExecutor(len(works), spawn) as pool:
            barrier = manager.Barrier(len(works))
            running = [loop.run_in_executor(pool, work.after, barrier) for work in works]
            taken = zip(await asyncio.gather(*running), works, strict=True)
        return max(each.checked(work.expected_digest) for each, work in taken)

    return once


def in_new_process(
    expected_digest: str, function: Callable[..., Taken], *arguments: object
) -> Round:
    """The same of one work."""
    return in_new_processes([Work(expected_digest, function, arguments)])


def in_this_process(
    expected_digest: str, function: Callable[..., Taken], *arguments: object
) -> Round:
    """Rounds in a thread of this process, for what is measured warmed up."""

    async def once() -> float:
        return (await asyncio.to_thread(function, *arguments)).checked(expected_digest)

    return once


async def by_callers(
    ask: Callable[[Asked], Awaitable[bytes]], asked: Sequence[Asked], callers: int
) -> Taken:
    """Ask for everything; each caller waits for one answer at a time."""
    waiting = iter(enumerate(asked))
    answers: dict[int, bytes] = {}

    async def one_caller() -> None:
        for number, each in waiting:
            answers[number] = await ask(each)

    started = perf_counter()
    await asyncio.gather(*(one_caller() for _ in range(callers)))
    seconds = perf_counter() - started
    return Taken(seconds, digest_of(answers[number] for number in range(len(asked))))
