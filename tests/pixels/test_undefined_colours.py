"""Samples of which DICOM does not say what a screen shows are given exactly, and not shown."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom.uid import RLELossless

from imageid_daemon.pixels import PixelsOptions, RenderedOptions, render, transform
from imageid_loaders.errors import Unsupported
from pixels.material import decoded, encoded, part10

ODD = np.random.default_rng(4).integers(0, 256, (3, 5, 4), np.uint8)
RETIRED = {"HSV": 3, "ARGB": 4, "CMYK": 4}


def of_samples(path: Path, samples: np.ndarray, interpretation: str, **attributes: Any) -> Path:
    rows, columns, count = samples.shape
    return part10(
        path,
        **{
            "pixel_data": samples.tobytes(),
            "Rows": rows,
            "Columns": columns,
            "BitsAllocated": samples.dtype.itemsize * 8,
            "SamplesPerPixel": count,
            "PlanarConfiguration": 0,
            "PhotometricInterpretation": interpretation,
            **attributes,
        },
    )


@pytest.mark.parametrize("color", ["default", "stored"])
@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("interpretation", RETIRED)
def test_retired_colours_are_given_as_they_are_stored(
    interpretation: str, planar: int, color: str, tmp_path: Path
) -> None:
    samples = ODD[..., : RETIRED[interpretation]]
    planes = samples.transpose(2, 0, 1) if planar else samples
    path = of_samples(
        tmp_path / "a.dcm",
        samples,
        interpretation,
        pixel_data=planes.tobytes(),
        PlanarConfiguration=planar,
    )

    found, description = decoded(encoded(path), tmp_path, color)

    assert np.array_equal(found, samples)
    assert description.metadata.photometric_interpretation == interpretation


CODESTREAMS: dict[str, Callable[[np.ndarray], bytes]] = {
    "4.70": lambda samples: imagecodecs.jpeg8_encode(samples, lossless=True),
    "4.80": imagecodecs.jpegls_encode,
    "4.90": lambda samples: imagecodecs.jpeg2k_encode(samples, reversible=True, codecformat="j2k"),
    "4.110": lambda samples: imagecodecs.jpegxl_encode(samples, lossless=True),
    "5": lambda samples: run_lengths(samples),
}


@pytest.mark.parametrize("number", CODESTREAMS)
def test_retired_colours_of_a_codestream_are_left_alone(number: str, tmp_path: Path) -> None:
    samples = np.ascontiguousarray(ODD[..., :3])
    syntax = f"1.2.840.10008.1.2.{number}"
    frame = CODESTREAMS[number](samples)
    path = of_samples(tmp_path / "a.dcm", samples, "HSV", pixel_data=[frame], syntax=syntax)

    found, description = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, samples)
    assert description.metadata.photometric_interpretation == "HSV"


@pytest.mark.parametrize("inside", ["RGB", "YCBCR"])
def test_what_a_jpeg_encoder_made_of_retired_colours_is_undone(inside: str, tmp_path: Path) -> None:
    samples = np.full((16, 16, 3), (40, 200, 90), np.uint8)
    frame = imagecodecs.jpeg8_encode(samples, level=100, colorspace="RGB", outcolorspace=inside)
    syntax = "1.2.840.10008.1.2.4.50"
    path = of_samples(tmp_path / "a.dcm", samples, "HSV", pixel_data=[frame], syntax=syntax)

    found, description = decoded(encoded(path), tmp_path)

    assert np.abs(found.astype(int) - samples).max() <= 1
    assert description.metadata.photometric_interpretation == "HSV"


def run_lengths(samples: np.ndarray) -> bytes:
    """Of one byte a sample: each segment as literal runs."""
    planes = [plane.tobytes() for plane in samples.transpose(2, 0, 1)]
    segments = [bytes([len(plane) - 1]) + plane for plane in planes]
    starts = [64 + sum(map(len, segments[:index])) for index in range(len(segments))]
    header = [len(segments), *starts, *[0] * (15 - len(segments))]
    return struct.pack("<16I", *header) + b"".join(segments)


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "uint32"])
def test_two_samples_a_pixel_are_given_as_they_are_stored(
    dtype: str, planar: int, tmp_path: Path
) -> None:
    samples = ODD[..., :2].astype(dtype) * 3
    planes = samples.transpose(2, 0, 1) if planar else samples
    path = of_samples(
        tmp_path / "a.dcm",
        samples,
        "MONOCHROME2",
        pixel_data=planes.tobytes(),
        PixelRepresentation=int(dtype == "int16"),
        PlanarConfiguration=planar,
    )

    found, description = decoded(encoded(path), tmp_path)

    assert found.dtype == dtype
    assert np.array_equal(found, samples)
    assert description.metadata.samples_per_pixel == 2


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_two_samples_a_pixel_of_run_lengths_are_given_as_they_are_stored(
    dtype: str, tmp_path: Path
) -> None:
    samples = np.ascontiguousarray(ODD[..., :2].astype(dtype) * 3)
    octets = samples.astype(samples.dtype.newbyteorder(">")).view(np.uint8)
    path = of_samples(
        tmp_path / "a.dcm",
        samples,
        "MONOCHROME2",
        pixel_data=[run_lengths(octets)],
        syntax=RLELossless,
    )

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, samples)


@pytest.mark.parametrize(
    ("count", "interpretation", "reason"),
    [
        *((count, name, f"retired {name} samples") for name, count in RETIRED.items()),
        (2, "MONOCHROME2", "two samples per pixel"),
    ],
)
def test_what_has_no_defined_colours_is_neither_rendered_nor_turned_into_rgb(
    count: int, interpretation: str, reason: str, tmp_path: Path
) -> None:
    path = of_samples(tmp_path / "a.dcm", ODD[..., :count], interpretation)
    target = str(tmp_path / "target")
    _, description = decoded(encoded(path), tmp_path)
    pixels = str(tmp_path / "pixels")

    with pytest.raises(Unsupported, match=reason):
        render(pixels, description, RenderedOptions(), target)
    with pytest.raises(Unsupported, match=reason):
        transform(pixels, description, PixelsOptions(color="rgb"), target)
