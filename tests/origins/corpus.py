"""The DICOM files of pydicom and pydicom-data, each made an instance of its own."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pydicom
import pydicom.data
from pydicom.data.data_manager import external_data_sources
from pydicom.errors import InvalidDicomError
from pydicom.uid import generate_uid

UID_KEYWORDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")


@dataclass(frozen=True, slots=True)
class DicomFile:
    """One Part 10 file; a UID that the file lacks is an empty string."""

    name: str
    data: bytes
    study: str = ""
    series: str = ""
    sop: str = ""

    @property
    def instance_path(self) -> str:
        """Below a DICOMweb root."""
        return f"/studies/{self.study}/series/{self.series}/instances/{self.sop}"

    @property
    def wado_query(self) -> str:
        return (
            f"requestType=WADO&studyUID={self.study}&seriesUID={self.series}"
            f"&objectUID={self.sop}&contentType=application/dicom"
        )

    def dataset(self) -> pydicom.Dataset:
        """Orthanc takes more than pydicom does, without preamble for one."""
        with quiet():
            return pydicom.dcmread(BytesIO(self.data), force=True)


@contextmanager
def quiet() -> Iterator[None]:
    """pydicom warns of what is odd in these files, and odd is what they are for."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def own_files() -> list[Path]:
    """What the pydicom wheel itself holds."""
    root = Path(pydicom.data.__file__).parent / "test_files"
    return sorted(path for path in root.rglob("*") if path.is_file())


def all_files() -> list[Path]:
    """And what pydicom-data adds."""
    added = [
        path
        for source in external_data_sources().values()
        for path in source.data_path.rglob("*")
        if path.is_file()
    ]
    return own_files() + sorted(added)


def own_file(name: str) -> Path:
    return next(path for path in own_files() if path.name == name)


def as_instance(path: Path) -> DicomFile:
    """Give the file UIDs made from its name.

    The variants of one image in several transfer syntaxes share a SOPInstanceUID, and a
    server keeps only the first of them. A file without UIDs and without pixels, or one
    that pydicom cannot read or write, stays as it is.
    """
    data = path.read_bytes()
    with quiet():
        try:
            return rewritten(path)
        except (InvalidDicomError, LackingUidError, TypeError):
            return DicomFile(path.name, data)


class LackingUidError(Exception):
    """The file names no study, series or instance."""


def rewritten(path: Path) -> DicomFile:
    dataset = pydicom.dcmread(path)
    if "PixelData" not in dataset and not all(map(dataset.get, UID_KEYWORDS)):
        raise LackingUidError
    for keyword in UID_KEYWORDS:
        uid = generate_uid(entropy_srcs=[path.parent.name, path.name, keyword])
        setattr(dataset, keyword, uid)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    file = BytesIO()
    dataset.save_as(file)
    uids = (str(dataset[keyword].value) for keyword in UID_KEYWORDS)
    return DicomFile(path.name, file.getvalue(), *uids)
