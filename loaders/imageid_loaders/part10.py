"""Synthetic DICOM files (PS3.10), the same bytes for the same picture every time.

Made without pydicom and NumPy, which the daemon's own process never imports.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from imageid_loaders.data_elements import Attributes, part10_file, uid_of

_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"

PHANTOM_SLICES = 64
_SIDE = 256
_CENTER = (_SIDE - 1) / 2
_CT_INTERCEPT = -1024


@dataclass(frozen=True, slots=True)
class Ramp:
    """A picture whose samples rise from left to right, from 0 to the highest.

    Args:
        bits: BitsStored, 1 to 16, unsigned.
        column_spacing_mm: between the centres of two columns.
        row_spacing_mm: between the centres of two rows.
    """

    width: int
    height: int
    bits: int
    column_spacing_mm: float
    row_spacing_mm: float
    slope: float
    intercept: float


@dataclass(frozen=True, slots=True)
class _Ellipse:
    """In mm from the slice's centre, filled with one value in HU."""

    center_x: float
    center_y: float
    radius_x: float
    radius_y: float
    hounsfield: int


def phantom_file(number: int) -> bytes:
    """Slice `number` (from 1) of a head-like CT phantom.

    256x256 samples, int16, rescaled to HU by slope 1 and intercept -1024; 1 mm pixels,
    2 mm between slices; water within a skull, two ventricles, and a rod that wanders from
    slice to slice.
    """
    return part10_file(
        _identity(f"imageid example {number}", _CT_IMAGE, "CT")
        | _grey(_SIDE, _SIDE, bits=16, signed=True)
        | _scale(1.0, _CT_INTERCEPT, spacing=(1.0, 1.0))
        | {
            (0x00180050, "DS"): 2.0,  # SliceThickness
            (0x0020000E, "UI"): uid_of("imageid example"),  # SeriesInstanceUID
            (0x00200013, "IS"): number,  # InstanceNumber
            (0x00200032, "DS"): (-_CENTER, -_CENTER, 2.0 * (number - 1)),  # ImagePositionPatient
            (0x00200037, "DS"): (1.0, 0.0, 0.0, 0.0, 1.0, 0.0),  # ImageOrientationPatient
            (0x00200052, "UI"): uid_of("imageid example frame"),  # FrameOfReferenceUID
            (0x00281050, "DS"): 40.0,  # WindowCenter
            (0x00281051, "DS"): 400.0,  # WindowWidth
            (0x7FE00010, "OW"): _little_endian(_phantom(number)),  # PixelData
        }
    )


def ramp_file(ramp: Ramp) -> bytes:
    small = ramp.bits <= 8
    levels = ((column << ramp.bits) // ramp.width for column in range(ramp.width))
    row = array("B" if small else "H", levels)
    return part10_file(
        _identity(f"imageid {ramp}", _SECONDARY_CAPTURE, "OT")
        | _grey(ramp.height, ramp.width, ramp.bits, signed=False)
        | _scale(ramp.slope, ramp.intercept, (ramp.row_spacing_mm, ramp.column_spacing_mm))
        | {
            (0x00200013, "IS"): 1,  # InstanceNumber
            (0x7FE00010, "OB" if small else "OW"): _little_endian(row) * ramp.height,  # PixelData
        }
    )


def _phantom(number: int) -> array[int]:
    samples = array("h", [-1000 - _CT_INTERCEPT]) * (_SIDE * _SIDE)
    for ellipse in _ellipses(number):
        value = array("h", [ellipse.hounsfield - _CT_INTERCEPT])
        for start, stop in _runs(ellipse):
            samples[start:stop] = value * (stop - start)
    return samples


def _ellipses(number: int) -> list[_Ellipse]:
    """From the outermost; each covers what is below it."""
    # The head narrows towards both ends, as an ellipsoid does.
    size = math.sqrt(1 - ((number - 0.5) / PHANTOM_SLICES * 1.6 - 0.8) ** 2)
    angle = 2 * math.pi * number / PHANTOM_SLICES
    return [
        _Ellipse(0, 0, 95 * size, 115 * size, 900),
        _Ellipse(0, 0, 87 * size, 107 * size, 35),
        _Ellipse(-18, -10, 9 * size, 32 * size, 5),
        _Ellipse(18, -10, 9 * size, 32 * size, 5),
        _Ellipse(40 * math.cos(angle), 40 * math.sin(angle), 6, 6, 300),
    ]


def _runs(ellipse: _Ellipse) -> Iterator[tuple[int, int]]:
    """Where the ellipse lies in the samples, row by row: start and stop."""
    for row in range(_SIDE):
        height = (row - _CENTER - ellipse.center_y) / ellipse.radius_y
        if abs(height) <= 1:
            half = ellipse.radius_x * math.sqrt(1 - height**2)
            middle = ellipse.center_x + _CENTER
            first, last = math.ceil(middle - half), math.floor(middle + half)
            yield row * _SIDE + first, row * _SIDE + last + 1


def _little_endian(samples: array[int]) -> bytes:
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


def _identity(name: str, sop_class_uid: str, modality: str) -> Attributes:
    return {
        (0x00080016, "UI"): sop_class_uid,
        (0x00080018, "UI"): uid_of(name),
        (0x00080060, "CS"): modality,
        (0x00100010, "PN"): "Synthetic",
        (0x00100020, "LO"): "synthetic",
        (0x0020000D, "UI"): uid_of("imageid synthetic study"),
        (0x0020000E, "UI"): uid_of(f"{name} series"),
    }


def _grey(rows: int, columns: int, bits: int, signed: bool) -> Attributes:
    """The Image Pixel Module (PS3.3 C.7.6.3) without its samples."""
    return {
        (0x00280002, "US"): 1,  # SamplesPerPixel
        (0x00280004, "CS"): "MONOCHROME2",
        (0x00280010, "US"): rows,
        (0x00280011, "US"): columns,
        (0x00280100, "US"): 8 if bits <= 8 else 16,
        (0x00280101, "US"): bits,
        (0x00280102, "US"): bits - 1,
        (0x00280103, "US"): int(signed),
    }


def _scale(slope: float, intercept: float, spacing: tuple[float, float]) -> Attributes:
    return {
        (0x00280030, "DS"): spacing,  # PixelSpacing: between rows, between columns
        (0x00281052, "DS"): intercept,
        (0x00281053, "DS"): slope,
    }
