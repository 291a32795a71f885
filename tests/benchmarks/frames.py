"""Multi-frame files in compressed transfer syntaxes, made of real images with imagecodecs."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
from numpy.typing import NDArray
from pydicom.data import get_testdata_file
from pydicom.encaps import encapsulate
from pydicom.pixels import get_encoder
from pydicom.uid import UID, HTJ2KLossless, RLELossless

Samples = NDArray[Any]
FRAMES = 4
_DICOM = "1.2.840.10008.1.2"


@dataclass(frozen=True)
class Syntax:
    """One transfer syntax.

    Args:
        encode: one frame.
        decode: the bare call of the codec that the daemon uses.
        bits_stored: what it is limited to.
        is_color: for colour images of 8 bits alone, else for grey ones.
    """

    name: str
    uid: str
    encode: Callable[[Samples], bytes]
    decode: Callable[[bytes], Samples]
    bits_stored: int = 16
    is_color: bool = False


@dataclass(frozen=True)
class Picture:
    """A real image to be encoded.

    Args:
        name: for people, with its size.
        file: of pydicom or pydicom-data.
        lowest: what is added so that no value is negative.
    """

    name: str
    file: str
    lowest: int = 0
    is_color: bool = False

    def frames(self, bits_stored: int) -> list[Samples]:
        """Shifted a little from frame to frame."""
        stored = pydicom.dcmread(_path(self.file)).pixel_array.astype(np.int32) + self.lowest
        excess = max(int(stored.max()).bit_length() - bits_stored, 0)
        image = (np.maximum(stored, 0) >> excess).astype(np.uint8 if self.is_color else np.uint16)
        return [np.ascontiguousarray(np.roll(image, 7 * n, 0)) for n in range(FRAMES)]


PICTURES = (
    Picture("CT, 512 KiB", "693_UNCI.dcm", lowest=2971),
    Picture("radiograph, 6.9 MiB", "RG1_UNCI.dcm"),
    Picture("ultrasound in colour, 900 KiB", "US1_UNCI.dcm", is_color=True),
)


@dataclass(frozen=True)
class File:
    """A file of `FRAMES` frames, each frame's codestream, and what it decodes to."""

    path: Path
    codestreams: list[bytes]
    expected: list[Samples]


def write(syntax: Syntax, picture: Picture, directory: Path) -> File:
    """Make the file."""
    images = picture.frames(syntax.bits_stored)
    codestreams = [bytes(syntax.encode(image)) for image in images]
    dataset = _template(images[0], syntax)
    dataset.PixelData = encapsulate(codestreams)
    path = directory / f"{syntax.uid}.dcm"
    dataset.save_as(path, enforce_file_format=True)
    named = path.read_bytes().replace(_written_as(syntax).encode(), syntax.uid.encode(), 1)
    path.write_bytes(named)
    return File(path, codestreams, [syntax.decode(each) for each in codestreams])


def _template(image: Samples, syntax: Syntax) -> pydicom.FileDataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        dataset = pydicom.dcmread(_path("693_UNCI.dcm"))
    dataset.file_meta.TransferSyntaxUID = UID(_written_as(syntax))
    dataset.NumberOfFrames = FRAMES
    dataset.Rows, dataset.Columns = image.shape[:2]
    dataset.SamplesPerPixel = 3 if syntax.is_color else 1
    dataset.PhotometricInterpretation = "YBR_FULL_422" if syntax.is_color else "MONOCHROME2"
    dataset.BitsAllocated = image.dtype.itemsize * 8
    dataset.BitsStored = 8 if syntax.is_color else syntax.bits_stored
    dataset.HighBit = dataset.BitsStored - 1
    dataset.PixelRepresentation = 0
    if syntax.is_color:
        dataset.PlanarConfiguration = 0
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    return dataset


def _written_as(syntax: Syntax) -> str:
    """The syntax, or where pydicom does not know it, another with a name of the same length."""
    return syntax.uid if UID(syntax.uid).is_transfer_syntax else HTJ2KLossless


def _path(name: str) -> str:
    found = get_testdata_file(name, download=False)
    assert isinstance(found, str), f"{name} is not installed"
    return found


def _encode_rle(image: Samples) -> bytes:
    return get_encoder(RLELossless).encode(
        image.tobytes(),
        rows=image.shape[0],
        columns=image.shape[1],
        samples_per_pixel=1,
        bits_allocated=16,
        bits_stored=16,
        pixel_representation=0,
        number_of_frames=1,
        photometric_interpretation="MONOCHROME2",
    )


def _decode_rle(data: bytes) -> Samples:
    return np.frombuffer(imagecodecs.dicomrle_decode(data, "<u2"), "<u2")


_lossless_jpeg = partial(imagecodecs.jpeg8_encode, lossless=True)
_decode_jpeg_color = partial(imagecodecs.jpeg8_decode, colorspace="YCBCR", outcolorspace="RGB")
_lossy_j2k = partial(imagecodecs.jpeg2k_encode, level=40, codecformat="j2k", reversible=False)
_lossless_j2k = partial(imagecodecs.jpeg2k_encode, level=0, codecformat="j2k", reversible=True)
_lossless_jxl = partial(imagecodecs.jpegxl_encode, lossless=True, numthreads=1, usecontainer=False)

SYNTAXES = (
    Syntax("RLE", f"{_DICOM}.5", _encode_rle, _decode_rle),
    Syntax(
        "JPEG baseline, colour",
        f"{_DICOM}.4.50",
        partial(imagecodecs.jpeg8_encode, level=90),
        _decode_jpeg_color,
        is_color=True,
    ),
    Syntax(
        "JPEG extended, 12 bits",
        f"{_DICOM}.4.51",
        partial(imagecodecs.jpeg8_encode, level=95, bitspersample=12),
        imagecodecs.jpeg8_decode,
        bits_stored=12,
    ),
    Syntax("JPEG lossless", f"{_DICOM}.4.57", _lossless_jpeg, imagecodecs.jpeg8_decode),
    Syntax("JPEG lossless SV1", f"{_DICOM}.4.70", _lossless_jpeg, imagecodecs.jpeg8_decode),
    Syntax("JPEG-LS", f"{_DICOM}.4.80", imagecodecs.jpegls_encode, imagecodecs.jpegls_decode),
    Syntax(
        "JPEG-LS near-lossless",
        f"{_DICOM}.4.81",
        partial(imagecodecs.jpegls_encode, level=2),
        imagecodecs.jpegls_decode,
    ),
    Syntax("JPEG 2000 lossless", f"{_DICOM}.4.90", _lossless_j2k, imagecodecs.jpeg2k_decode),
    Syntax("JPEG 2000", f"{_DICOM}.4.91", _lossy_j2k, imagecodecs.jpeg2k_decode),
    Syntax(
        "HTJ2K lossless",
        f"{_DICOM}.4.201",
        partial(imagecodecs.htj2k_encode, reversible=True),
        # OpenJPH is faster, but makes pixels of damaged codestreams that OpenJPEG refuses.
        imagecodecs.jpeg2k_decode,
    ),
    Syntax(
        "HTJ2K",
        f"{_DICOM}.4.203",
        partial(imagecodecs.htj2k_encode, level=0.001, reversible=False),
        imagecodecs.jpeg2k_decode,
    ),
    Syntax(
        "JPEG XL lossless",
        f"{_DICOM}.4.110",
        _lossless_jxl,
        partial(imagecodecs.jpegxl_decode, numthreads=1),
    ),
)
