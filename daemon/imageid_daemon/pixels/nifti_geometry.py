"""Where a plane of a NIfTI volume lies, in the words of DICOM's Image Plane module (C.7.6.2)."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imageid_daemon.pixels.nifti_header import Volume
from imageid_loaders.base import Plane

Vector = NDArray[np.float64]

# Across an axis: the axis along a row, and the one along a column.
_AXES = {"x": (1, 2), "y": (0, 2), "z": (0, 1)}
# NIfTI counts to the right and to the front, DICOM to the left and to the back.
_TO_DICOM = np.array([[-1.0], [-1.0], [1.0]])
_SKEW_TOLERANCE = 1e-3


def of_plane(volume: Volume, plane: Plane) -> dict[str, Any]:
    """Give the fields of `ImageMetadata` that the file says; it may say none.

    A sheared volume has spacings, but no ImageOrientationPatient: that one's directions
    are perpendicular.
    """
    along, down = _AXES[plane.axis]
    across = "xyz".index(plane.axis)
    if volume.affine is None:
        steps = [volume.spacing[axis] for axis in (down, along)]
        return _spacings(steps, volume.spacing[across])
    directions = volume.affine[:3, :3] * _TO_DICOM
    row, column, normal = (directions[:, axis] for axis in (along, down, across))
    lengths = [float(np.linalg.norm(vector)) for vector in (column, row)]
    if not all(lengths):
        return {}
    column, row = column / lengths[0], row / lengths[1]
    found = _spacings(lengths, abs(float(np.dot(np.cross(row, column), normal))))
    if abs(float(np.dot(row, column))) > _SKEW_TOLERANCE:
        return found
    origin = volume.affine[:3, 3] * _TO_DICOM[:, 0] + normal * plane.index
    return {
        **found,
        "image_position_patient": _numbers(origin),
        "image_orientation_patient": (*_numbers(row), *_numbers(column)),
    }


def _spacings(steps: list[float], between: float) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if all(math.isfinite(step) and step > 0 for step in steps):
        found["pixel_spacing"] = tuple(steps)
    if math.isfinite(between) and between > 0:
        found["spacing_between_slices"] = between
    return found


def _numbers(vector: Vector) -> tuple[float, ...]:
    return tuple(float(number) + 0.0 for number in vector)  # without a negative zero
