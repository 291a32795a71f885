"""The distinct stored values of a frame, so that a point operation is computed once for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[Any]

_TABLE_ENTRIES = 1 << 16


@dataclass(frozen=True, slots=True)
class Domain:
    """Values that occur, and where.

    Args:
        values: ascending and distinct, or every sample in its order.
        counts: how often each of `values` occurs; None where `values` is every sample.
        positions: of each sample in `values`; None where `values` is every sample.
        shape: of the frame.
    """

    values: Samples
    counts: Samples | None
    positions: Samples | None
    shape: tuple[int, ...]

    def spread(self, mapped: Samples) -> Samples:
        """Give each sample what its value was mapped to."""
        placed = mapped if self.positions is None else mapped[self.positions]
        return placed.reshape(self.shape)


def of(samples: Samples) -> Domain:
    """Find the values of a frame; of wide ranges and of floats, every sample is its own."""
    flat = samples.reshape(-1)
    if flat.dtype.kind == "f" or flat.dtype.itemsize == 8:
        return Domain(flat, None, None, samples.shape)
    low, high = int(flat.min()), int(flat.max())
    if high - low >= _TABLE_ENTRIES:
        return Domain(flat, None, None, samples.shape)
    offsets = flat.astype(np.int64) - low
    counts = np.bincount(offsets, minlength=high - low + 1)
    occurring = np.flatnonzero(counts)
    rank = np.zeros(high - low + 1, np.int64)
    rank[occurring] = np.arange(occurring.size)
    return Domain(occurring + low, counts[occurring], rank[offsets], samples.shape)
