"""Pictures of noise: no two alike, and too random to be equal by accident."""

from __future__ import annotations

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def noise(seed: int, side: int = 64) -> NDArray[np.uint8]:
    """Samples of shape (side, side, 3)."""
    samples = np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)
    return samples.astype(np.uint8)


def encoded(samples: NDArray[np.uint8], kind: str) -> bytes:
    """As JPEG, PNG, GIF, BMP, TIFF or WEBP."""
    file = BytesIO()
    Image.fromarray(samples).save(file, kind)
    return file.getvalue()


def noise_jpeg(seed: int, side: int = 64) -> bytes:
    return encoded(noise(seed, side), "JPEG")


def noise_png(seed: int, side: int = 64) -> bytes:
    return encoded(noise(seed, side), "PNG")


def decoded(data: bytes) -> NDArray[np.uint8]:
    """What Pillow reads: (rows, columns) or (rows, columns, 3)."""
    with Image.open(BytesIO(data)) as picture:
        return np.asarray(picture)
