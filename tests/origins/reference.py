"""What pydicom itself reads: the oracle for the daemon's pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.pixels import pixel_array

from origins.corpus import DicomFile, quiet

PIXEL_KEYWORDS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")


def has_pixels(dataset: pydicom.Dataset) -> bool:
    return any(keyword in dataset for keyword in PIXEL_KEYWORDS)


def frame_count(dataset: pydicom.Dataset) -> int:
    """NumberOfFrames; a value that is no number counts as one frame."""
    try:
        return int(dataset.get("NumberOfFrames") or 1)
    except ValueError:
        return 1


def reference_pixels(file: DicomFile, frame: int = 1) -> NDArray[Any]:
    """Frame `frame`, counted from 1, of shape (rows, columns[, 3]); YBR as RGB."""
    with quiet():
        return pixel_array(file.dataset(), index=frame - 1)


def pydicom_refuses(file: DicomFile) -> bool:
    """Whether pydicom, with Pillow as its only codec, cannot decode the first frame."""
    try:
        reference_pixels(file)
    except Exception:
        return True
    return False


def difference(found: NDArray[Any], expected: NDArray[Any]) -> str:
    """How two images differ, empty where they are equal in shape, type and value."""
    if found.shape != expected.shape:
        return f"shape {found.shape}, not {expected.shape}"
    if found.dtype.newbyteorder("=") != expected.dtype.newbyteorder("="):
        return f"type {found.dtype}, not {expected.dtype}"
    if np.array_equal(found, expected):
        return ""
    distance = np.abs(found.astype(np.float64) - expected.astype(np.float64))
    return f"{np.count_nonzero(distance)} of {distance.size} samples, by up to {distance.max():g}"
