"""Which planes make a volume, and where it is (PS3.3 C.7.6.2). Pure."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Literal, NamedTuple, TypeAlias

from imageid._metadata import Metadata

Vector: TypeAlias = tuple[float, ...]

Mixed: TypeAlias = Literal["refuse", "largest"]
Gaps: TypeAlias = Literal["refuse", "accept"]

# DICOM writes decimals of 16 characters and scanners round: cosines to 1e-4 or so, mm to 1e-3.
_COSINE_TOLERANCE = 1e-3
_RELATIVE_TOLERANCE = 1e-3
# A slice may lie a tenth of a pixel aside; a tilted gantry moves each by much more.
_ASIDE_PIXELS = 0.1
_SAME_PLACE_MM = 1e-3
# Each slice may lie a tenth of a step away from its place in an even stack: positions rounded to
# 0.1 mm are within that, a missing slice is a whole step, and steps that grow add up to more.
_UNEVEN_STEPS = 0.1


class GeometryError(ValueError):
    """These images do not make one volume; the message says which and what to do."""


class Plane(NamedTuple):
    """Where one image is.

    Args:
        position: of the centre of its first pixel, in mm, LPS.
        orientation: cosines of its rows' direction, then of its columns'.
        pixel_spacing: between rows (y), between columns (x), in mm.
        thickness: from one slice to the next as the header says; None where it does not.
    """

    rows: int
    columns: int
    position: Vector
    orientation: Vector
    pixel_spacing: Vector
    frame_of_reference_uid: str | None
    thickness: float | None

    @property
    def normal(self) -> Vector:
        """The cross product of rows and columns, which slices follow each other along."""
        rx, ry, rz, cx, cy, cz = self.orientation
        return (ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx)


@dataclass(frozen=True, slots=True)
class Stack:
    """Planes in the order of their places along the normal.

    Args:
        order: indices of the images, the first slice's first.
        spacing: (z, y, x) in mm.
        origin: of the first slice's first pixel, in mm, LPS.
        direction: three rows: x, y and z of the directions in which columns (x), rows (y) and
            slices (z) grow, one in each column.
    """

    order: tuple[int, ...]
    spacing: tuple[float, float, float]
    origin: tuple[float, float, float]
    direction: tuple[tuple[float, float, float], ...]


def plane_of(metadata: Metadata | None, index: int) -> Plane:
    """What an image says of its place.

    Raises:
        GeometryError: it does not say it all.
    """
    if metadata is None:
        raise GeometryError(f"image {index} came without metadata: load it as pixels")
    position = tuple(metadata.image_position_patient or ())
    orientation = tuple(metadata.image_orientation_patient or ())
    spacing = tuple(metadata.pixel_spacing or ())
    if (len(position), len(orientation), len(spacing)) != (3, 6, 2):
        raise GeometryError(
            f"image {index} does not say where it is (ImagePositionPatient, "
            "ImageOrientationPatient, PixelSpacing): leave it out, or use load_many"
        )
    _check_directions(index, orientation, (*position, *spacing))
    return Plane(
        metadata.rows or 0,
        metadata.columns or 0,
        position,
        orientation,
        spacing,
        metadata.frame_of_reference_uid,
        metadata.spacing_between_slices or metadata.slice_thickness,
    )


def _check_directions(index: int, orientation: Vector, lengths: Vector) -> None:
    row, column = orientation[:3], orientation[3:]
    are_units = all(abs(math.hypot(*each) - 1) <= _COSINE_TOLERANCE for each in (row, column))
    are_square = abs(_dot(row, column)) <= _COSINE_TOLERANCE
    is_finite = all(map(math.isfinite, lengths)) and min(lengths[3:]) > 0
    if not (are_units and are_square and is_finite):
        raise GeometryError(
            f"image {index} says where it is by what is no place (ImagePositionPatient, "
            "ImageOrientationPatient, PixelSpacing): leave it out, or use load_many"
        )


def stack(planes: Sequence[Plane], mixed: Mixed = "refuse", gaps: Gaps = "refuse") -> Stack:
    """Put planes on each other, in whatever order they come.

    Args:
        mixed: "largest" takes the most planes that are alike in size, spacing, orientation and
            frame of reference, and leaves the others (a localizer, say) out.
        gaps: "accept" takes slices at uneven distances; the spacing is then their median.

    Raises:
        GeometryError: they are of several kinds, two are at one place, one is missing, they
            are sheared (a tilted gantry), or there is none.
    """
    if not planes:
        raise GeometryError("there are no images: nothing can be made of them")
    kinds = _alike(planes)
    if len(kinds) > 1 and mixed == "refuse":
        raise _of_several_kinds(planes, kinds)
    chosen = max(kinds, key=len)
    normal = planes[chosen[0]].normal
    order = sorted(chosen, key=lambda index: _dot(planes[index].position, normal))
    _check_straight(planes, order, normal)
    first = planes[order[0]]
    rx, ry, rz, cx, cy, cz = first.orientation
    nx, ny, nz = normal
    row_mm, column_mm = first.pixel_spacing
    x, y, z = first.position
    return Stack(
        tuple(order),
        (_step(planes, order, normal, gaps), row_mm, column_mm),
        (x, y, z),
        ((rx, cx, nx), (ry, cy, ny), (rz, cz, nz)),
    )


def _alike(planes: Sequence[Plane]) -> list[list[int]]:
    """Indices of those that are, together."""
    kinds: list[list[int]] = []
    for index, plane in enumerate(planes):
        for kind in kinds:
            if _difference(planes[kind[0]], plane) is None:
                kind.append(index)
                break
        else:
            kinds.append([index])
    return kinds


def _difference(first: Plane, other: Plane) -> str | None:
    """What keeps two from being slices of one volume."""
    if (first.rows, first.columns) != (other.rows, other.columns):
        return f"{first.rows}x{first.columns} and {other.rows}x{other.columns} pixels"
    if not _close(first.pixel_spacing, other.pixel_spacing, relative=_RELATIVE_TOLERANCE):
        return "their pixels are of different size"
    if not _close(first.orientation, other.orientation, absolute=_COSINE_TOLERANCE):
        return "they are not parallel"
    if first.frame_of_reference_uid != other.frame_of_reference_uid:
        return "they are of different frames of reference"
    return None


def _of_several_kinds(planes: Sequence[Plane], kinds: list[list[int]]) -> GeometryError:
    one, other = kinds[0][0], kinds[1][0]
    return GeometryError(
        f"images {one} and {other} are not of one volume: "
        f"{_difference(planes[one], planes[other])}. Leave some out, or say mixed='largest' to "
        "take the most that are alike"
    )


def _check_straight(planes: Sequence[Plane], order: Sequence[int], normal: Vector) -> None:
    first = planes[order[0]]
    limit_mm = _ASIDE_PIXELS * min(first.pixel_spacing)
    for index in order[1:]:
        way = _minus(planes[index].position, first.position)
        along = _dot(way, normal)
        aside = math.dist(way, [along * component for component in normal])
        if aside > limit_mm:
            raise GeometryError(
                f"image {index} lies {aside:.3f} mm aside of image {order[0]}: the slices are "
                "sheared (a tilted gantry) or of several volumes. Resample them after load_many"
            )


def _step(planes: Sequence[Plane], order: Sequence[int], normal: Vector, gaps: Gaps) -> float:
    places = [_dot(planes[index].position, normal) for index in order]
    steps = [after - before for before, after in pairwise(places)]
    if not steps:
        thickness = planes[order[0]].thickness
        if thickness is None:
            raise GeometryError("one slice does not say how thick it is: use load")
        return thickness
    for number, step in enumerate(steps):
        if step < _SAME_PLACE_MM:
            raise GeometryError(
                f"images {order[number]} and {order[number + 1]} are at the same place: they are "
                "of several volumes (phases, echoes), which are to be loaded one by one"
            )
    if _are_even(places):
        # Not a single step: what rounding takes from each would add up over all of them.
        return (places[-1] - places[0]) / len(steps)
    usual = median(steps)
    if gaps == "refuse":
        number = max(range(len(steps)), key=lambda each: abs(steps[each] - usual))
        raise GeometryError(
            f"from image {order[number]} to image {order[number + 1]} it is "
            f"{steps[number]:.3f} mm and {usual:.3f} mm elsewhere: a slice is missing. Complete "
            "the series, or say gaps='accept'"
        )
    return usual


def _are_even(places: Sequence[float]) -> bool:
    step = (places[-1] - places[0]) / (len(places) - 1)
    return all(
        abs(place - (places[0] + number * step)) <= _UNEVEN_STEPS * step
        for number, place in enumerate(places)
    )


def _close(one: Vector, other: Vector, *, relative: float = 0.0, absolute: float = 0.0) -> bool:
    pairs = zip(one, other, strict=True)
    return all(math.isclose(a, b, rel_tol=relative, abs_tol=absolute) for a, b in pairs)


def _dot(one: Vector, other: Vector) -> float:
    return math.fsum(a * b for a, b in zip(one, other, strict=True))


def _minus(one: Vector, other: Vector) -> Vector:
    return tuple(a - b for a, b in zip(one, other, strict=True))
