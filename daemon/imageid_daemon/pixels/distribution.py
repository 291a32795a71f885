"""How the modality values of a frame are distributed, for windows that are found by it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Distribution:
    """The finite values that are not padding; there may be none.

    Args:
        values: float64, in any order.
        counts: how often each occurs; None is once.
    """

    values: NDArray[np.float64]
    counts: NDArray[Any] | None

    def extremes(self) -> tuple[float, float]:
        """The lowest and the highest value; zeros where there is none."""
        if not self.values.size:
            return 0.0, 0.0
        return float(self.values.min()), float(self.values.max())

    def percentiles(self, low: float, high: float) -> tuple[float, float]:
        """By nearest rank: the smallest value with at least that share of samples up to it.

        Such a value occurs in the frame; at 0 it is the lowest and at 100 the highest.
        """
        if not self.values.size:
            return 0.0, 0.0
        found = np.percentile(self.values, (low, high), weights=self.counts, method="inverted_cdf")
        return float(found[0]), float(found[1])


def of(
    values: NDArray[np.float64], counts: NDArray[Any] | None, shown: NDArray[np.bool_]
) -> Distribution:
    """Leave out what is not shown by its intensity, and what is no finite number."""
    kept = shown & np.isfinite(values)
    return Distribution(values[kept], None if counts is None else counts[kept])
