"""Arrays in a diskcache of the program's own, with its default Disk, which pickles them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from time import perf_counter

from diskcache import Cache
from numpy.typing import NDArray

from benchmarks.measuring import Taken, digest_of
from benchmarks.sums import sum_all


def fill(directory: Path, arrays: Iterable[NDArray]) -> None:
    """Keep them under their numbers, from 0."""
    with Cache(directory, size_limit=2**40) as cache:
        for number, array in enumerate(arrays):
            cache[number] = array


def read(directory: Path, count: int, summed: bool = False) -> Taken:
    """Open the cache and get every array."""
    started = perf_counter()
    with Cache(directory, size_limit=2**40) as cache:
        arrays = [cache[number] for number in range(count)]
        if summed:
            sum_all(arrays)
        seconds = perf_counter() - started
    return Taken(seconds, digest_of(arrays))
