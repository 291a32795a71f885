"""A series on the disk."""

from __future__ import annotations

from pathlib import Path

import pydicom
from pydicom.data import get_testdata_file
from pydicom.uid import generate_uid


def write_series(folder: Path) -> Path:
    """Three slices of pydicom's CT, one on the other; their names are in the wrong order."""
    series_instance_uid = generate_uid()
    for instance_number, name in ((1, "c.dcm"), (2, "b.dcm"), (3, "a.dcm")):
        dataset = pydicom.dcmread(get_testdata_file("CT_small.dcm"))
        dataset.SeriesInstanceUID = series_instance_uid
        dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
        dataset.InstanceNumber = instance_number
        dataset.ImagePositionPatient = [0, 0, 5 * instance_number]
        dataset.save_as(folder / name)
    return folder
