"""What origins hold: series of CT slices, made of a real one, no two slices alike."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.encaps import encapsulate, get_frame
from pydicom.uid import (
    CTImageStorage,
    ExplicitVRLittleEndian,
    JPEG2000Lossless,
    generate_uid,
)

from benchmarks.frames import PICTURES
from benchmarks.measuring import digest_of
from origins.corpus import DicomFile

SIDE = 512
SLICE_BYTES = SIDE * SIDE * 2
_SPACING_MILLIMETRES = 0.75
_STEP_MILLIMETRES = 1.25
_NOISE_SIGMA = 5.0

Slice = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Series:
    """Part 10 files.

    Args:
        digest: SHA-256 of the samples of all their frames, int16, little endian.
    """

    files: list[DicomFile]
    digest: str

    def ids_below(self, url: str) -> list[str]:
        """ImageIds of the files where a web server has them, in slice order."""
        return [f"wadouri:{url}/{file.name}" for file in self.files]

    def write(self, folder: Path) -> list[Path]:
        """The files in a folder, in slice order."""
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / file.name for file in self.files]
        for path, file in zip(paths, self.files, strict=True):
            path.write_bytes(file.data)
        return paths


def slices(number: int, side: int = SIDE) -> Iterator[Slice]:
    """That many slices, of `side` rows and columns: one image, moved from slice to slice."""
    still = PICTURES[0].frames(bits_stored=16)[0].astype(np.int16) - PICTURES[0].lowest
    # Without noise, which a scanner's images have, it would be far too easy to compress.
    noise = np.random.default_rng(0).normal(0, _NOISE_SIGMA, still.shape)
    image = (still + noise).astype(np.int16)
    for row in range(number):
        yield np.ascontiguousarray(np.roll(image, row, 0)[:side, :side])


def single_frames(number: int) -> Series:
    """An instance a slice, uncompressed."""
    made = _headers(number, SIDE)
    for dataset, image in zip(made, slices(number), strict=True):
        _put_uncompressed(dataset, image)
    return Series(_files(made), digest_of(slices(number)))


def single_frames_in_jpeg_2000(number: int) -> Series:
    """An instance a slice, lossless."""
    made = _headers(number, SIDE)
    with ThreadPoolExecutor() as threads:
        for dataset, codestream in zip(made, threads.map(_encode, slices(number)), strict=True):
            _put_jpeg_2000(dataset, codestream)
    return Series(_files(made), digest_of(slices(number)))


def multi_frame(frames: int, side: int) -> Series:
    """One instance of many frames, uncompressed."""
    (dataset,) = _headers(1, side)
    dataset.NumberOfFrames = frames
    _put_uncompressed(dataset, np.stack(list(slices(frames, side))))
    return Series(_files([dataset]), digest_of(slices(frames, side)))


def codestreams(series: Series) -> list[bytes]:
    """The one frame of each compressed instance, as the codec takes it."""
    found = (file.dataset().PixelData for file in series.files)
    return [get_frame(data, 0, number_of_frames=1) for data in found]


def _headers(number: int, side: int) -> list[FileDataset]:
    """Slices of one new series, one on the other, still without samples."""
    study, series, frame_of_reference = generate_uid(), generate_uid(), generate_uid()
    made = []
    for instance_number in range(1, number + 1):
        dataset = _header(instance_number, side)
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, series
        dataset.FrameOfReferenceUID = frame_of_reference
        made.append(dataset)
    return made


def _header(instance_number: int, side: int) -> FileDataset:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = CTImageStorage
    meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID = meta.MediaStorageSOPClassUID
    dataset.SOPInstanceUID = meta.MediaStorageSOPInstanceUID
    dataset.Modality = "CT"
    dataset.PatientID, dataset.PatientName = "benchmark", "Benchmark"
    dataset.InstanceNumber = instance_number
    dataset.ImagePositionPatient = [0, 0, _STEP_MILLIMETRES * instance_number]
    dataset.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    dataset.PixelSpacing = [_SPACING_MILLIMETRES, _SPACING_MILLIMETRES]
    dataset.SliceThickness = _STEP_MILLIMETRES
    dataset.Rows = dataset.Columns = side
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, 16, 15
    dataset.PixelRepresentation = 1
    dataset.RescaleSlope, dataset.RescaleIntercept = 1, 0
    return dataset


def _put_uncompressed(dataset: FileDataset, samples: NDArray[Any]) -> None:
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.PixelData = samples.tobytes()
    dataset["PixelData"].VR = "OW"


def _put_jpeg_2000(dataset: FileDataset, codestream: bytes) -> None:
    dataset.file_meta.TransferSyntaxUID = JPEG2000Lossless
    dataset.PixelData = encapsulate([codestream])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True


_encode = partial(imagecodecs.jpeg2k_encode, level=0, codecformat="j2k", reversible=True)


def _files(datasets: list[FileDataset]) -> list[DicomFile]:
    files = []
    for number, dataset in enumerate(datasets, 1):
        file = BytesIO()
        dataset.save_as(file, enforce_file_format=True)
        uids = (dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID)
        files.append(DicomFile(f"{number:04}.dcm", file.getvalue(), *uids))
    return files
