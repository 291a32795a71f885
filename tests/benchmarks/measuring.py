"""Side by side: ways to do the same take turns, and their medians are compared."""

from __future__ import annotations

import asyncio
import hashlib
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from statistics import median
from typing import Any

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


async def medians(ways: Mapping[str, Round], rounds: int) -> dict[str, float]:
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


def in_new_process(expected_digest: str, work: Callable[..., Taken], *arguments: object) -> Round:
    """Rounds of `work`, each in a Python that has done nothing before but import what it needs."""

    async def once() -> float:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            loop = asyncio.get_running_loop()
            taken = await loop.run_in_executor(pool, work, *arguments)
        return taken.checked(expected_digest)

    return once


def in_this_process(expected_digest: str, work: Callable[..., Taken], *arguments: object) -> Round:
    """Rounds of `work` in a thread of this process, for what is measured warmed up."""

    async def once() -> float:
        return (await asyncio.to_thread(work, *arguments)).checked(expected_digest)

    return once
