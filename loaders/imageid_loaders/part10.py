"""Synthetic DICOM files (PS3.10), the same bytes for the same picture every time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from io import BytesIO
from typing import Any

_SECONDARY_CAPTURE = "1.2.840.10008.5.1.4.1.1.7"
_CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
_EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"

PHANTOM_SLICES = 64


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


def phantom_file(number: int) -> bytes:
    """Slice `number` (from 1) of a head-like CT phantom.

    256x256 samples, int16, rescaled to HU by slope 1 and intercept -1024; 1 mm pixels,
    2 mm between slices; water within a skull, two ventricles, and a rod that wanders from
    slice to slice.
    """
    from pydicom.uid import generate_uid

    dataset = _dataset(f"imageid example {number}", _CT_IMAGE, "CT")
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=["imageid example"])
    dataset.FrameOfReferenceUID = generate_uid(entropy_srcs=["imageid example frame"])
    dataset.InstanceNumber = number
    dataset.ImagePositionPatient = [-127.5, -127.5, 2.0 * (number - 1)]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.SliceThickness = 2
    dataset.WindowCenter, dataset.WindowWidth = 40, 400
    return _file(dataset, _phantom(number), bits=16, signed=True, intercept=-1024.0)


def ramp_file(ramp: Ramp) -> bytes:
    import numpy

    kind = numpy.uint8 if ramp.bits <= 8 else numpy.uint16
    row = (numpy.arange(ramp.width, dtype=numpy.int64) << ramp.bits) // ramp.width
    samples = numpy.broadcast_to(row.astype(kind), (ramp.height, ramp.width))
    dataset = _dataset(f"imageid {ramp}", _SECONDARY_CAPTURE, "OT")
    dataset.InstanceNumber = 1
    spacing = (ramp.row_spacing_mm, ramp.column_spacing_mm)
    return _file(
        dataset, samples, ramp.bits, False, ramp.intercept, slope=ramp.slope, spacing=spacing
    )


def _phantom(number: int) -> Any:
    import numpy

    y, x = numpy.ogrid[-127.5:128.5, -127.5:128.5]

    def inside(center_x: float, center_y: float, radius_x: float, radius_y: float) -> Any:
        return ((x - center_x) / radius_x) ** 2 + ((y - center_y) / radius_y) ** 2 <= 1

    # The head narrows towards both ends, as an ellipsoid does.
    size = math.sqrt(1 - ((number - 0.5) / PHANTOM_SLICES * 1.6 - 0.8) ** 2)
    angle = 2 * math.pi * number / PHANTOM_SLICES
    hounsfield = numpy.full((256, 256), -1000, numpy.int16)
    hounsfield[inside(0, 0, 95 * size, 115 * size)] = 900
    hounsfield[inside(0, 0, 87 * size, 107 * size)] = 35
    hounsfield[inside(-18, -10, 9 * size, 32 * size)] = 5
    hounsfield[inside(18, -10, 9 * size, 32 * size)] = 5
    hounsfield[inside(40 * math.cos(angle), 40 * math.sin(angle), 6, 6)] = 300
    return hounsfield + numpy.int16(1024)


def _dataset(entropy: str, sop_class_uid: str, modality: str) -> Any:
    from pydicom.dataset import Dataset
    from pydicom.uid import generate_uid

    dataset = Dataset()
    dataset.SOPClassUID = sop_class_uid
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=[entropy])
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=["imageid synthetic study"])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=[entropy, "series"])
    dataset.Modality = modality
    dataset.PatientName, dataset.PatientID = "Synthetic", "synthetic"
    return dataset


def _file(
    dataset: Any,
    samples: Any,
    bits: int,
    signed: bool,
    intercept: float,
    slope: float = 1.0,
    spacing: tuple[float, float] = (1.0, 1.0),
) -> bytes:
    from pydicom.valuerep import format_number_as_ds

    dataset.Rows, dataset.Columns = samples.shape
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = samples.dtype.itemsize * 8
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    dataset.PixelRepresentation = int(signed)
    dataset.PixelSpacing = [format_number_as_ds(value) for value in spacing]
    dataset.RescaleSlope = format_number_as_ds(slope)
    dataset.RescaleIntercept = format_number_as_ds(intercept)
    data = samples.astype(samples.dtype.newbyteorder("<")).tobytes()
    dataset.PixelData = data + b"\0" * (len(data) % 2)
    return _encoded(dataset)


def _encoded(dataset: Any) -> bytes:
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import generate_uid

    dataset["PixelData"].VR = "OB" if dataset.BitsAllocated == 8 else "OW"
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = _EXPLICIT_VR_LITTLE_ENDIAN
    # Given here, because pydicom's own would change the bytes with its version.
    dataset.file_meta.ImplementationClassUID = generate_uid(entropy_srcs=["imageid"])
    dataset.file_meta.ImplementationVersionName = "IMAGEID"
    stream = BytesIO()
    dataset.save_as(stream, enforce_file_format=True)
    return stream.getvalue()
