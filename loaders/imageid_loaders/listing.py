"""The images of one instance, out of its DICOM JSON document (PS3.18 annex F)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from imageid_loaders.base import ListedImage
from imageid_loaders.errors import Corrupt

SERIES_INSTANCE_UID = "0020000E"
SOP_INSTANCE_UID = "00080018"
ROWS = "00280010"
NUMBER_OF_FRAMES = "00280008"
INSTANCE_NUMBER = "00200013"
POSITION = "00200032"
ORIENTATION = "00200037"
SHARED_GROUPS = "52009229"
PER_FRAME_GROUPS = "52009230"
GRID_FRAME_OFFSET_VECTOR = "3004000C"
PLANE_POSITION_SEQUENCE = "00209113"
PLANE_ORIENTATION_SEQUENCE = "00209116"

_FRAMES_LIMIT = 1_000_000
_TOLERANCE_MM = 1e-3
_AXIAL = 0.999

Json = Mapping[str, Any]


def listed_images(
    instance: Json, image_id_of: Callable[[int | None], str]
) -> Iterator[ListedImage]:
    """One for each frame; none when the instance is no image.

    Args:
        image_id_of: gives the imageId of a frame; of a single-frame image for None.

    Raises:
        errors.Corrupt: it claims more frames than anything has.
    """
    if _first(instance, ROWS) is None:
        return
    for frame in _frame_numbers(instance):
        yield ListedImage(
            image_id=image_id_of(frame),
            series_instance_uid=text(instance, SERIES_INSTANCE_UID),
            sop_instance_uid=text(instance, SOP_INSTANCE_UID),
            instance_number=_integer(_first(instance, INSTANCE_NUMBER)),
            frame_number=frame,
            position=_position(instance, frame),
            orientation=_orientation(instance, frame),
        )


def text(instance: Json, tag: str) -> str | None:
    value = _first(instance, tag)
    return value if isinstance(value, str) else None


def _frame_numbers(instance: Json) -> Iterator[int | None]:
    frames = _integer(_first(instance, NUMBER_OF_FRAMES)) or 1
    if frames > _FRAMES_LIMIT:
        raise Corrupt("The metadata claim more than a million frames of one instance.")
    return iter(range(1, frames + 1) if frames > 1 else [None])


def _position(instance: Json, frame: int | None) -> tuple[float, float, float] | None:
    values = _plane(instance, frame, PLANE_POSITION_SEQUENCE, POSITION, 3)
    if values and frame and GRID_FRAME_OFFSET_VECTOR in instance:
        values = _dose_position(instance, frame, values)
    return (values[0], values[1], values[2]) if values else None


def _dose_position(instance: Json, frame: int, first: list[float]) -> list[float] | None:
    """PS3.3 C.8.8.3.2: offsets from the first plane along the normal, or z of axial planes."""
    offsets = _numbers(instance, GRID_FRAME_OFFSET_VECTOR)
    orientation = _numbers(instance, ORIENTATION, 6)
    if not offsets or not orientation or frame > len(offsets):
        return None
    if offsets[0] == 0:
        normal = _normal(orientation)
        return [p + n * offsets[frame - 1] for p, n in zip(first, normal, strict=True)]
    if abs(offsets[0] - first[2]) < _TOLERANCE_MM and abs(_normal(orientation)[2]) > _AXIAL:
        return [first[0], first[1], offsets[frame - 1]]
    return None


def _normal(orientation: Sequence[float]) -> tuple[float, float, float]:
    """The cross product of the row's and the column's cosines (PS3.3 C.7.6.2.1.1)."""
    rx, ry, rz, cx, cy, cz = orientation
    return (ry * cz - rz * cy, rz * cx - rx * cz, rx * cy - ry * cx)


def _orientation(
    instance: Json, frame: int | None
) -> tuple[float, float, float, float, float, float] | None:
    v = _plane(instance, frame, PLANE_ORIENTATION_SEQUENCE, ORIENTATION, 6)
    return (v[0], v[1], v[2], v[3], v[4], v[5]) if v else None


def _plane(
    instance: Json, frame: int | None, sequence: str, tag: str, count: int
) -> list[float] | None:
    """From the frame's functional groups, those of all frames, or the instance itself."""
    groups = _values(instance, PER_FRAME_GROUPS)
    own = groups[frame - 1] if frame and frame <= len(groups) else {}
    for group in (own, _first(instance, SHARED_GROUPS) or {}):
        found = _numbers(_first(group, sequence) or {}, tag, count)
        if found:
            return found
    return _numbers(instance, tag, count)


def _numbers(item: Json, tag: str, count: int | None = None) -> list[float] | None:
    try:
        numbers = [float(value) for value in _values(item, tag)]
    except (TypeError, ValueError):
        return None
    return numbers if count in (None, len(numbers)) else None


def _integer(value: Any) -> int | None:
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        return None


def _first(item: Json, tag: str) -> Any:
    return next(iter(_values(item, tag)), None)


def _values(item: Json, tag: str) -> list[Any]:
    """Of an element; servers leave out "Value", or write null, when there is none."""
    element = item.get(tag) if isinstance(item, Mapping) else None
    values = element.get("Value") if isinstance(element, Mapping) else None
    return values if isinstance(values, list) else []
