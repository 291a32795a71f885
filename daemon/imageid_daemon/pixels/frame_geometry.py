"""Where the frames of RT Dose and nuclear medicine images lie; their headers tell it once."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

from pydicom import Dataset

from imageid_daemon.pixels.attributes import (
    integer,
    integers,
    is_present,
    item,
    number,
    numbers,
    texts,
)

Vector = tuple[float, ...]

_RECONSTRUCTED = ("RECON TOMO", "RECON GATED TOMO")
_TOLERANCE = 1e-3


class FrameGeometry(NamedTuple):
    """Of one frame, in mm; () or None where the image does not say.

    Args:
        position: of the centre of the first sample.
        orientation: direction cosines of the row and of the column.
    """

    position: Vector = ()
    orientation: Vector = ()
    spacing_between_slices: float | None = None


def read(attributes: Dataset, frame: int) -> FrameGeometry | None:
    """Place a frame, 1-based; None where the image is of neither kind."""
    modality = texts(attributes, "Modality")
    if modality == ("RTDOSE",) or is_present(attributes, "GridFrameOffsetVector"):
        return _dose(attributes, frame)
    if is_present(attributes, "DetectorInformationSequence"):
        return _nuclear(attributes, frame)
    return None


def normal_of(orientation: Vector) -> Vector:
    """The cross product of the row's and the column's cosines (PS3.3 C.7.6.2.1.1)."""
    rx, ry, rz, cx, cy, cz = orientation
    return (ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx)


def _dose(attributes: Dataset, frame: int) -> FrameGeometry:
    first = _exactly(3, attributes, "ImagePositionPatient")
    orientation = _exactly(6, attributes, "ImageOrientationPatient")
    offsets = numbers(attributes, "GridFrameOffsetVector")
    position = first if frame == 1 else ()
    if first and orientation and 0 < frame <= len(offsets):
        position = _dose_position(first, orientation, offsets, frame)
    spacing = number(attributes, "SpacingBetweenSlices")
    return FrameGeometry(position, orientation, spacing or _even_step(offsets))


def _dose_position(first: Vector, orientation: Vector, offsets: Vector, frame: int) -> Vector:
    """PS3.3 C.8.8.3.2: offsets from the first frame along the normal, or z of axial frames."""
    offset = offsets[frame - 1]
    if offsets[0] == 0:
        return _along(first, normal_of(orientation), offset)
    axial = abs(abs(normal_of(orientation)[2]) - 1) < _TOLERANCE
    if axial and abs(offsets[0] - first[2]) < _TOLERANCE:
        return (first[0], first[1], offset)
    return first if frame == 1 else ()


def _even_step(offsets: Vector) -> float | None:
    steps = [abs(after - before) for before, after in pairwise(offsets)]
    even = bool(steps) and max(steps) - min(steps) < _TOLERANCE
    return steps[0] if even and steps[0] > 0 else None


def _nuclear(attributes: Dataset, frame: int) -> FrameGeometry | None:
    """PS3.3 C.8.4.15: slices are stacked from the first along the normal, or against it."""
    image_type = texts(attributes, "ImageType")
    detector = item(attributes, "DetectorInformationSequence")
    if detector is None or len(image_type) < 3 or image_type[2] not in _RECONSTRUCTED:
        return None
    first = _exactly(3, detector, "ImagePositionPatient")
    orientation = _exactly(6, detector, "ImageOrientationPatient")
    spacing = number(attributes, "SpacingBetweenSlices")
    position = _stacked(first, orientation, spacing, _slice(attributes, frame))
    return FrameGeometry(position, orientation, spacing)


def _slice(attributes: Dataset, frame: int) -> int | None:
    """The 1-based slice that a frame shows."""
    slices = integers(attributes, "SliceVector")
    if slices:
        return slices[frame - 1] if 0 < frame <= len(slices) else None
    frames = integer(attributes, "NumberOfFrames") or 1
    return frame if frames in (1, integer(attributes, "NumberOfSlices")) else None


def _stacked(
    first: Vector, orientation: Vector, spacing: float | None, number_of_slice: int | None
) -> Vector:
    if not first or number_of_slice is None:
        return ()
    if number_of_slice == 1:
        return first
    if not orientation or not spacing:
        return ()
    return _along(first, normal_of(orientation), spacing * (number_of_slice - 1))


def _along(first: Vector, direction: Vector, distance: float) -> Vector:
    return tuple(p + d * distance for p, d in zip(first, direction, strict=True))


def _exactly(count: int, attributes: Dataset, keyword: str) -> Vector:
    found = numbers(attributes, keyword)
    return found if len(found) == count else ()
