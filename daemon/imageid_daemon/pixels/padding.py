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
    first, last = _range(value, limit)
    return (stored >= first) & (stored <= last)


def measured_extremes(
    stored: Samples, described: ImageMetadata
) -> tuple[float | None, float | None]:
    """The `extremes` of what is not padding.

    Colour has no padding, nor have values after the modality LUT: leave it out before.
    """
    grey = described.samples_per_pixel == 1 and not described.modality_values
    if described.pixel_padding_value is None or not grey or stored.size == 0:
        return extremes(stored)
    ends = np.array([np.fmin.reduce(stored, None), np.fmax.reduce(stored, None)])
    low_is_padding, high_is_padding = is_padding(ends, described)
    first, last = _range(described.pixel_padding_value, described.pixel_padding_range_limit)
    if low_is_padding and high_is_padding:
        return None, None
    if low_is_padding:
        ends[0] = _smallest_above(stored, last)
    if high_is_padding:
        ends[1] = _largest_below(stored, first)
    return extremes(ends)


def extremes(samples: Samples) -> tuple[float | None, float | None]:
    """The smallest and the largest sample; None where it is no finite number, or nothing is."""
    if samples.size == 0:
        return None, None
    low, high = float(np.fmin.reduce(samples, None)), float(np.fmax.reduce(samples, None))
    return (low if math.isfinite(low) else None), (high if math.isfinite(high) else None)


def _range(value: float, limit: float | None) -> tuple[float, float]:
    other = value if limit is None else limit
    return min(value, other), max(value, other)


def _smallest_above(stored: Samples, last: float) -> Any:
    """There is one; a mask of the padding would take as long as some codecs do."""
    if not _counts_exactly(stored):
        return np.fmin.reduce(stored[stored > last])
    # Counted upwards from there, modulo the type, what is below comes last.
    start = math.floor(last) + 1
    unsigned = _unsigned(stored)
    return start + int(np.subtract(unsigned, _modulo(start, unsigned)).min())


def _largest_below(stored: Samples, first: float) -> Any:
    """As `_smallest_above`, counted downwards."""
    if not _counts_exactly(stored):
        return np.fmax.reduce(stored[stored < first])
    start = math.ceil(first) - 1
    unsigned = _unsigned(stored)
    return start - int(np.subtract(_modulo(start, unsigned), unsigned).min())


def _counts_exactly(stored: Samples) -> bool:
    """Whether every value is an integer that float64, which padding is given in, holds."""
    return stored.dtype.kind in "iu" and stored.itemsize < 8


def _unsigned(stored: Samples) -> Samples:
    return stored.view(stored.dtype.str.replace("i", "u"))


def _modulo(value: int, unsigned: Samples) -> Samples:
    return np.asarray(value % (1 << 8 * unsigned.itemsize), unsigned.dtype)
