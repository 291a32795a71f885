"""Samples that stand for no measurement (PS3.3 C.7.5.1.1.2), left out where values are counted."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imageid_daemon.pixels.description import ImageMetadata

Samples = NDArray[Any]
Mask = NDArray[np.bool_]


def is_padding(stored: Samples, described: ImageMetadata) -> Mask:
    """Tell which stored values are padding: one value, or a range, its limits in either order."""
    value, limit = described.pixel_padding_value, described.pixel_padding_range_limit
    if value is None:
        return np.zeros(stored.shape, np.bool_)
    other = value if limit is None else limit
    return (stored >= min(value, other)) & (stored <= max(value, other))


def measured(stored: Samples, described: ImageMetadata) -> Samples:
    """The stored values that are none of padding; `stored` itself where the image has none.

    Colour has no padding, nor have values after the modality LUT: leave it out before.
    """
    grey = described.samples_per_pixel == 1 and not described.modality_values
    if described.pixel_padding_value is None or not grey:
        return stored
    return stored[~is_padding(stored, described)]


def extremes(samples: Samples) -> tuple[float | None, float | None]:
    """The smallest and the largest sample; None where it is no finite number, or nothing is."""
    if samples.size == 0:
        return None, None
    low, high = float(np.fmin.reduce(samples, None)), float(np.fmax.reduce(samples, None))
    return (low if math.isfinite(low) else None), (high if math.isfinite(high) else None)
