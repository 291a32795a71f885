"""What programs that use imageid do; each function is one in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from time import perf_counter

import numpy as np  # noqa: F401 - what the client would import while it is measured

import imageid
from benchmarks.measuring import Taken, digest_of
from benchmarks.sums import sum_all


def load_arrays(address: str, image_ids: Sequence[str], summed: bool = False) -> Taken:
    """Connect and load the pixels of every image."""
    started = perf_counter()
    with imageid.connect(address) as client:
        arrays = [image.pixels for image in client.load_many(image_ids)]
        if summed:
            sum_all(arrays)
        seconds = perf_counter() - started
    return Taken(seconds, digest_of(arrays))


def load_bodies(address: str, image_ids: Sequence[str]) -> Taken:
    """Connect and load every image as its origin gives it."""
    started = perf_counter()
    with imageid.connect(address) as client:
        bodies = [image.data for image in client.load_many(image_ids, output="encoded")]
        seconds = perf_counter() - started
    return Taken(seconds, digest_of(bodies))
