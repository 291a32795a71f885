"""Colour: YBR to RGB (PS3.3 C.7.6.3.1.2) and palettes applied (C.7.9)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imageid_daemon.pixels.description import LookupTable, Palette
from imageid_daemon.pixels.lookup_table import entries

Samples = NDArray[Any]

# R = Y + 1.402 (CR - 128) and so on, from the luminance weights of ITU-R BT.601.
_RED_OF_CR = 1.402
_BLUE_OF_CB = 1.772
_GREEN_OF_CB = -0.114 * 1.772 / 0.587
_GREEN_OF_CR = -0.299 * 1.402 / 0.587


def is_ybr_full(photometric_interpretation: str | None) -> bool:
    """Whether `ybr_full_to_rgb` understands the samples, spread to one of each a pixel."""
    return photometric_interpretation in ("YBR_FULL", "YBR_FULL_422")


def ybr_full_to_rgb(samples: Samples, bits_stored: int) -> Samples:
    """Convert unsigned samples of shape (rows, columns, 3), rounding half up."""
    maximum = (1 << bits_stored) - 1
    middle = 1 << (bits_stored - 1)
    rgb = np.empty_like(samples)
    # One row of pixels at a time is too slow, a whole frame in float64 eight times its size.
    step = max(1, (1 << 18) // max(samples.shape[1], 1))
    for start in range(0, samples.shape[0], step):
        y, cb, cr = np.moveaxis(samples[start : start + step].astype(np.float64), -1, 0)
        cb -= middle
        cr -= middle
        part = rgb[start : start + step]
        part[..., 0] = _rounded(y + _RED_OF_CR * cr, maximum)
        part[..., 1] = _rounded(y + _GREEN_OF_CB * cb + _GREEN_OF_CR * cr, maximum)
        part[..., 2] = _rounded(y + _BLUE_OF_CB * cb, maximum)
    return rgb


def apply_palette(indices: Samples, palette: Palette) -> Samples:
    """Look each index up in the three tables.

    Returns:
        uint8 where every table has 8 bits, else uint16; shape (rows, columns, 3).
    """
    tables = (palette.red, palette.green, palette.blue)
    dtype = np.uint8 if max(table.bits for table in tables) <= 8 else np.uint16
    rgb = np.empty((*indices.shape, 3), dtype)
    for channel, table in enumerate(tables):
        rgb[..., channel] = _look_up(indices, table)
    return rgb


def palette_bits(palette: Palette) -> int:
    """Of each sample that `apply_palette` gives."""
    return max(palette.red.bits, palette.green.bits, palette.blue.bits)


def _look_up(indices: Samples, table: LookupTable) -> Samples:
    data = entries(table)
    position = np.clip(indices.astype(np.int64) - table.first_mapped, 0, data.size - 1)
    return data[position]


def _rounded(values: NDArray[np.float64], maximum: int) -> NDArray[np.float64]:
    return np.clip(np.floor(values + 0.5), 0, maximum)
