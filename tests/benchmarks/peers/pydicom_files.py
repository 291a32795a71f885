"""Local Part 10 files, decoded by pydicom at each reading."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from time import perf_counter

from pydicom import dcmread

from benchmarks.measuring import Taken, digest_of


def read(paths: Sequence[Path]) -> Taken:
    """dcmread(...).pixel_array of each file."""
    started = perf_counter()
    arrays = [dcmread(path).pixel_array for path in paths]
    return Taken(perf_counter() - started, digest_of(arrays))
