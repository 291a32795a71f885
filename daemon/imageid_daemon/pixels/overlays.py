"""Overlay planes that are attributes of their own (PS3.3 C.9.2, C.9.3; PS3.5 8.1.2)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from pydicom import Dataset

from imageid_daemon.pixels.attributes import integer, integers, number, text, values
from imageid_daemon.pixels.encoded_frame import Instance
from imageid_daemon.pixels.metadata_modules import Overlay

_ROWS, _COLUMNS, _TYPE, _ORIGIN = 0x0010, 0x0011, 0x0040, 0x0050
_NUMBER_OF_FRAMES, _FRAME_ORIGIN = 0x0015, 0x0051
_BIT_POSITION, _DATA = 0x0102, 0x3000
_DESCRIPTION, _SUBTYPE, _LABEL = 0x0022, 0x0045, 0x1500
_AREA, _MEAN, _DEVIATION = 0x1301, 0x1302, 0x1303


def read(instance: Instance, frame: int) -> tuple[Overlay, ...]:
    """Every overlay of the frame, 1-based, that has data; too short ones are left out."""
    planes = (_plane(instance, frame, group) for group in instance.once(_groups))
    return tuple(plane for plane in planes if plane is not None)


def _groups(instance: Instance) -> tuple[int, ...]:
    return tuple(groups(instance.attributes))


def groups(attributes: Dataset) -> Iterator[int]:
    """The repeating groups that hold an overlay's size."""
    present = attributes.keys()
    for group in range(0x6000, 0x6100, 2):
        if (group << 16 | _ROWS) in present:
            yield group


def bit_position(attributes: Dataset, group: int) -> int | None:
    """The bit of the pixel data that holds the overlay, where it has no data of its own."""
    if (group << 16 | _DATA) in attributes:
        return None
    return integer(attributes, group << 16 | _BIT_POSITION)


def plane_of(attributes: Dataset, group: int, data: bytes, *, embedded: bool) -> Overlay | None:
    """An overlay plane with its facts; None where it does not say its size.

    One that does not say where it begins is taken to begin at the image's first sample.
    """
    at = group << 16
    rows, columns = integer(attributes, at | _ROWS), integer(attributes, at | _COLUMNS)
    if not rows or not columns:
        return None
    origin = integers(attributes, at | _ORIGIN)
    return Overlay(
        group=group,
        rows=rows,
        columns=columns,
        origin_row=origin[0] if len(origin) == 2 else 1,
        origin_column=origin[1] if len(origin) == 2 else 1,
        type=text(attributes, at | _TYPE) or "",
        data=data,
        label=text(attributes, at | _LABEL),
        description=text(attributes, at | _DESCRIPTION),
        subtype=text(attributes, at | _SUBTYPE),
        embedded=embedded,
        roi_area=number(attributes, at | _AREA),
        roi_mean=number(attributes, at | _MEAN),
        roi_standard_deviation=number(attributes, at | _DEVIATION),
    )


def _plane(instance: Instance, frame: int, group: int) -> Overlay | None:
    attributes, at = instance.attributes, group << 16
    index = _index(attributes, group, frame)
    found = values(attributes, at | _DATA)
    if index is None or not found or not isinstance(found[0], bytes):
        return None
    rows, columns = integer(attributes, at | _ROWS) or 0, integer(attributes, at | _COLUMNS) or 0
    swapped = not instance.little_endian and attributes[at | _DATA].VR == "OW"
    data = _bits(_swap_pairs(found[0]) if swapped else found[0], rows * columns, index)
    return plane_of(attributes, group, data, embedded=False) if data is not None else None


def _index(attributes: Dataset, group: int, frame: int) -> int | None:
    """Which plane of the overlay belongs to the frame, from 0; None is none of them.

    Without NumberOfFramesInOverlay its one plane belongs to every frame.
    """
    planes = integer(attributes, group << 16 | _NUMBER_OF_FRAMES)
    if planes is None:
        return 0
    first_frame = integer(attributes, group << 16 | _FRAME_ORIGIN) or 1
    index = frame - first_frame
    return index if 0 <= index < planes else None


def _bits(data: bytes, count: int, index: int) -> bytes | None:
    """Plane `index` of planes of `count` bits, which follow each other without padding."""
    first, last = index * count, (index + 1) * count
    if count == 0 or last > len(data) * 8:
        return None
    if first % 8 == 0 and count % 8 == 0:
        return data[first // 8 : last // 8]
    window = np.frombuffer(data[first // 8 : (last + 7) // 8], np.uint8)
    bits = np.unpackbits(window, bitorder="little")[first % 8 : first % 8 + count]
    return np.packbits(bits, bitorder="little").tobytes()


def _swap_pairs(data: bytes) -> bytes:
    words = np.frombuffer(data[: len(data) // 2 * 2], np.uint16)
    return words.byteswap().tobytes()
