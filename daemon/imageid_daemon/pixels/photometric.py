"""Colour: YBR to RGB (PS3.3 C.7.6.3.1.2) and palettes applied (C.7.9)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imageid_daemon.pixels.description import LookupTable, Palette
from imageid_daemon.pixels.lookup_table import entries

Samples = NDArray[Any]

# The luminance weights of ITU-R BT.601, from which every other coefficient follows:
# R = Y + 1.402 (CR - 128) and so on.
_RED_WEIGHT, _GREEN_WEIGHT, _BLUE_WEIGHT = 0.299, 0.587, 0.114
_RED_OF_CR = 2 * (1 - _RED_WEIGHT)
_BLUE_OF_CB = 2 * (1 - _BLUE_WEIGHT)
_GREEN_OF_CB = -_BLUE_WEIGHT * _BLUE_OF_CB / _GREEN_WEIGHT
_GREEN_OF_CR = -_RED_WEIGHT * _RED_OF_CR / _GREEN_WEIGHT


@dataclass(frozen=True, slots=True)
class _Range:
    """Of 8 bits: what is black, and what reaches from black to white, and of chrominance."""

    black: int
    luminance: int
    chrominance: int


_FULL = _Range(0, 255, 255)
_PARTIAL = _Range(16, 219, 224)
_RANGES = {
    "YBR_FULL": _FULL,
    "YBR_FULL_422": _FULL,
    "YBR_PARTIAL_422": _PARTIAL,
    "YBR_PARTIAL_420": _PARTIAL,
}

# What PS3.3-2001 C.7.6.3.1.2 leaves open of each: how inks mix, where on the circle of hues a
# sample is, and whether the alpha or what its palette makes of it decides.
RETIRED = ("HSV", "ARGB", "CMYK")


def is_ybr(photometric_interpretation: str | None) -> bool:
    """Whether `ybr_to_rgb` understands the samples, spread to one of each a pixel."""
    return photometric_interpretation in _RANGES


def ybr_to_rgb(samples: Samples, bits_stored: int, photometric_interpretation: str) -> Samples:
    """Convert unsigned samples of shape (rows, columns, 3), rounding half up."""
    scale = _RANGES[photometric_interpretation]
    maximum = (1 << bits_stored) - 1
    middle = 1 << (bits_stored - 1)
    black = scale.black * middle / 128
    rgb = np.empty_like(samples)
    # One row of pixels at a time is too slow, a whole frame in float64 eight times its size.
    step = max(1, (1 << 18) // max(samples.shape[1], 1))
    for start in range(0, samples.shape[0], step):
        y, cb, cr = np.moveaxis(samples[start : start + step].astype(np.float64), -1, 0)
        y = (y - black) * (255 / scale.luminance)
        cb = (cb - middle) * (255 / scale.chrominance)
        cr = (cr - middle) * (255 / scale.chrominance)
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
