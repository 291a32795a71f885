"""Small sound files, one for each codec and each kind of header: what mutants are made of."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import imagecodecs
import numpy as np
from PIL import Image
from pydicom import Dataset, Sequence
from pydicom.pixels.encoders import RLELosslessEncoder

from pixels.material import dataset, grey, part10, path_of
from pixels.second_codecs import halved_chroma

ROOT = "1.2.840.10008.1.2"
SHAPE = {"Rows": 16, "Columns": 16, "BitsAllocated": 16, "NumberOfFrames": 2}
GREY = np.random.default_rng(1).integers(0, 4096, (16, 16), np.uint16)
GREY[4:12] = 100
GREY8 = (GREY >> 4).astype(np.uint8)
RGB8 = np.stack([GREY8, GREY8[::-1], GREY8.T], axis=2)
COLOR = SHAPE | {
    "BitsAllocated": 8,
    "SamplesPerPixel": 3,
    "PlanarConfiguration": 0,
    "PhotometricInterpretation": "RGB",
}


def seeds() -> dict[str, bytes]:
    """Files by name; a name that begins with "document" is DICOM JSON."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "seed.dcm"
        makers = {**_codecs(), **_headers()}
        made = {name: make(path).read_bytes() for name, make in makers.items()}
    return {**made, **_pictures(), "document": _document()}


def _codecs() -> dict[str, Callable[[Path], Path]]:
    return {
        "rle": _encapsulated(f"{ROOT}.5", _rle(GREY)),
        "jpeg baseline": _encapsulated(f"{ROOT}.4.50", imagecodecs.jpeg8_encode(RGB8), COLOR),
        "jpeg extended": _encapsulated(
            f"{ROOT}.4.51", imagecodecs.jpeg8_encode(GREY, bitspersample=12), {"BitsStored": 12}
        ),
        "jpeg lossless": _encapsulated(
            f"{ROOT}.4.70", imagecodecs.jpeg8_encode(GREY, lossless=True, bitspersample=16)
        ),
        "jpeg-ls": _encapsulated(f"{ROOT}.4.80", imagecodecs.jpegls_encode(GREY)),
        "jpeg-ls near": _encapsulated(f"{ROOT}.4.81", imagecodecs.jpegls_encode(GREY, level=3)),
        "jpeg-ls colour": _encapsulated(f"{ROOT}.4.80", imagecodecs.jpegls_encode(RGB8), COLOR),
        "jpeg 2000": _encapsulated(f"{ROOT}.4.90", _jpeg_2000(GREY, reversible=True)),
        "jpeg 2000 lossy": _encapsulated(f"{ROOT}.4.91", _jpeg_2000(RGB8, level=40), COLOR),
        "htj2k": _encapsulated(f"{ROOT}.4.201", imagecodecs.htj2k_encode(GREY, reversible=True)),
        "htj2k lossy": _encapsulated(f"{ROOT}.4.203", imagecodecs.htj2k_encode(GREY)),
        "jpeg xl": _encapsulated(f"{ROOT}.4.110", imagecodecs.jpegxl_encode(GREY, lossless=True)),
        "deflated frame": _encapsulated(f"{ROOT}.8.1", imagecodecs.deflate_encode(GREY, raw=True)),
        "halved chroma": _halved_chroma,
        "overlay in samples": lambda path: part10(
            path,
            [imagecodecs.jpegls_encode(GREY | 0x1000)] * 2,
            f"{ROOT}.4.80",
            elements=_OVERLAY_IN_SAMPLES,
            **SHAPE | {"BitsStored": 12},
        ),
        "jpeg 2000 called native": _encapsulated(f"{ROOT}.1", _jpeg_2000(GREY, reversible=True)),
        "encapsulated": _encapsulated(f"{ROOT}.1.98", GREY.tobytes()),
    }


def _headers() -> dict[str, Callable[[Path], Path]]:
    groups = {"PerFrameFunctionalGroupsSequence": _groups(2)}
    palette = {f"{color}PaletteColorLookupTableData": bytes(512) for color in _COLORS}
    described = {f"{color}PaletteColorLookupTableDescriptor": [256, 0, 16] for color in _COLORS}
    return {
        "native": lambda path: grey(path, GREY),
        "native colour": lambda path: part10(path, RGB8.tobytes() * 2, **COLOR),
        "single bits": lambda path: part10(path, bytes(64), **SHAPE | {"BitsAllocated": 1}),
        "deflated": lambda path: part10(path, GREY.tobytes() * 2, f"{ROOT}.1.99", **SHAPE),
        "groups": lambda path: part10(path, GREY.tobytes() * 2, **SHAPE, **groups),
        "palette": lambda path: part10(
            path,
            GREY8.tobytes() * 2,
            **SHAPE | palette | described,
            PhotometricInterpretation="PALETTE COLOR",
        ),
        "subsampled": lambda path: part10(
            path, RGB8.tobytes()[:512] * 2, **COLOR | {"PhotometricInterpretation": "YBR_FULL_422"}
        ),
        "implicit": _shipped("MR_small_implicit.dcm"),
        "big endian": _shipped("MR_small_bigendian.dcm"),
    }


_COLORS = ("Red", "Green", "Blue")
_OVERLAY_IN_SAMPLES = [
    (0x60000000 | number, "US", value)
    for number, value in ((0x10, 16), (0x11, 16), (0x100, 16), (0x102, 12))
]


def _halved_chroma(path: Path) -> Path:
    frame = halved_chroma(path.parent, 2, 2, columns=16)
    ybr = {"PhotometricInterpretation": "YBR_FULL_422"}
    return part10(path, [frame, frame], f"{ROOT}.4.91", **SHAPE | COLOR | ybr)


def _encapsulated(
    syntax: str, frame: bytes, attributes: dict[str, Any] | None = None
) -> Callable[[Path], Path]:
    described = SHAPE | (attributes or {})
    return lambda path: part10(path, [frame, frame], syntax, **described)


def _shipped(name: str) -> Callable[[Path], Path]:
    return lambda _: Path(path_of(name))


def _rle(frame: np.ndarray) -> bytes:
    return RLELosslessEncoder.encode(
        frame.tobytes(),
        rows=16,
        columns=16,
        samples_per_pixel=1,
        bits_allocated=16,
        bits_stored=16,
        pixel_representation=0,
        number_of_frames=1,
        photometric_interpretation="MONOCHROME2",
    )


def _jpeg_2000(frame: np.ndarray, **options: Any) -> bytes:
    return imagecodecs.jpeg2k_encode(frame, codecformat="j2k", **options)


def _groups(count: int) -> Sequence:
    groups = []
    for number in range(count):
        plane, group = Dataset(), Dataset()
        plane.ImagePositionPatient = [0, 0, number]
        group.PlanePositionSequence = Sequence([plane])
        groups.append(group)
    return Sequence(groups)


def _pictures() -> dict[str, bytes]:
    found = {}
    for name in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP"):
        target = io.BytesIO()
        Image.fromarray(RGB8).save(target, name)
        found[name.lower()] = target.getvalue()
    return found


def _document() -> bytes:
    described = dataset("liver_1frame.dcm").to_json_dict()
    kept = {tag: value for tag, value in described.items() if tag < "7FE0"}
    profile = {"vr": "OB", "BulkDataURI": "../bulk/profile"}
    return json.dumps(kept | {"00282000": profile}).encode()
