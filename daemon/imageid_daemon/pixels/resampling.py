"""Another size for a picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[Any]

_OPAQUE = np.float32(0xFFFF)


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
        return _resized(picture, size)
    # Pillow has no 16-bit colour: one plane after another.
    levels = np.atleast_3d(picture).astype(np.float32)
    has_opacity = levels.shape[2] == 4
    if has_opacity:
        # What cannot be seen must not tint its neighbours; Pillow does so for 8 bits.
        levels[..., :3] *= levels[..., 3:] / _OPAQUE
    resized = np.stack([_resized(plane, size) for plane in np.moveaxis(levels, -1, 0)], -1)
    if has_opacity:
        opacity = resized[..., 3:] / _OPAQUE
        np.divide(resized[..., :3], opacity, out=resized[..., :3], where=opacity > 0)
    rounded = np.floor(np.clip(resized, 0, _OPAQUE) + 0.5).astype(np.uint16)
    return np.asarray(rounded.reshape(size[1], size[0], *picture.shape[2:]))


def _resized(picture: Picture, size: tuple[int, int]) -> Picture:
    return np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR))
