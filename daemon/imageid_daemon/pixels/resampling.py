"""Another size for a picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[Any]


def resize(picture: Picture, size: tuple[int, int]) -> Picture:
    """Bilinear where it grows; where it shrinks, a triangle that weighs every pixel.

    Args:
        picture: uint8 or uint16, shape (rows, columns[, samples]); a fourth sample is
            opacity.
        size: width and height.
    """
    if size == (picture.shape[1], picture.shape[0]):
        return picture
    if picture.dtype == np.uint8:
        return np.asarray(_resized(picture, size))
    if picture.ndim == 2:
        return _sixteen_bits(_resized(picture.astype(np.float32), size))
    return _deep_color(picture, size)


def _resized(picture: Picture, size: tuple[int, int]) -> Picture:
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))


def _deep_color(picture: Picture, size: tuple[int, int]) -> Picture:
    # Pillow has no 16-bit colour: one plane after another. What cannot be seen must not
    # tint its neighbours, so colours are weighed by their opacity, as Pillow does.
    planes = np.moveaxis(picture.astype(np.float32), -1, 0)
    opacity = planes[3:] / np.float32(0xFFFF)
    planes[:3] *= opacity if opacity.size else 1
    resized = np.stack([_resized(plane, size) for plane in planes])
    opacity = resized[3:] / np.float32(0xFFFF)
    np.divide(resized[:3], opacity, out=resized[:3], where=opacity > 0) if opacity.size else None
    return _sixteen_bits(np.moveaxis(resized, 0, -1))


def _sixteen_bits(levels: Picture) -> Picture:
    return np.floor(np.clip(levels, 0, 0xFFFF) + 0.5).astype(np.uint16)
