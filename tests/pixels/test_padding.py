"""Padding (PS3.3 C.7.5.1.1.2) stands for no measurement and is no minimum or maximum."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageid_daemon.pixels import ImageMetadata, PixelsOptions, decode, padding, transform
from pixels.material import decoded, encoded, grey, part10

STORED = np.array([[-2000, -1000, 0, 400, 1000]], np.int16)


def extremes(described: ImageMetadata) -> tuple[float | None, float | None]:
    return described.min_pixel_value, described.max_pixel_value


def modality_extremes(path: Path, folder: Path) -> tuple[float | None, float | None]:
    pixels, target = str(folder / "pixels"), str(folder / "modality")
    written = decode(encoded(path), "default", pixels)
    options = PixelsOptions(values="modality")
    return extremes(transform(pixels, written.description, options, target).description.metadata)


@pytest.mark.parametrize(("value", "limit"), [(-2000, -1000), (-1000, -2000)])
def test_a_range_of_padding_has_its_limits_in_either_order(
    value: int, limit: int, tmp_path: Path
) -> None:
    path = grey(tmp_path / "a.dcm", STORED, PixelPaddingValue=value, PixelPaddingRangeLimit=limit)

    _, description = decoded(encoded(path), tmp_path)

    assert extremes(description.metadata) == (0, 1000)


def test_samples_of_padding_are_delivered_as_they_are(tmp_path: Path) -> None:
    path = grey(tmp_path / "a.dcm", STORED, PixelPaddingValue=-2000)

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, STORED)


def test_padding_is_left_out_of_modality_values_too(tmp_path: Path) -> None:
    path = grey(
        tmp_path / "a.dcm",
        STORED,
        PixelPaddingValue=-2000,
        RescaleSlope="-2",
        RescaleIntercept="10",
    )

    assert modality_extremes(path, tmp_path) == (-1990, 2010)


def test_padding_is_left_out_of_modality_values_of_a_wide_range(tmp_path: Path) -> None:
    array = np.array([[-(2**31), 0, 2**30]], np.int32)
    path = grey(
        tmp_path / "a.dcm",
        array,
        PixelPaddingValue=-(2**15),
        RescaleSlope="0.5",
        RescaleIntercept="0",
    )
    padded = grey(
        tmp_path / "b.dcm",
        np.array([[-(2**15), 0, 2**30]], np.int32),
        PixelPaddingValue=-(2**15),
        RescaleSlope="0.5",
        RescaleIntercept="0",
    )

    assert modality_extremes(path, tmp_path) == (-(2**30), 2**29)
    assert modality_extremes(padded, tmp_path) == (0, 2**29)


def test_an_image_of_padding_alone_has_neither_minimum_nor_maximum(tmp_path: Path) -> None:
    path = grey(tmp_path / "a.dcm", np.full((2, 2), 7, np.uint8), PixelPaddingValue=7)

    _, description = decoded(encoded(path), tmp_path)

    assert extremes(description.metadata) == (None, None)
    assert modality_extremes(path, tmp_path) == (None, None)


def test_colour_has_no_padding(tmp_path: Path) -> None:
    path = part10(
        tmp_path / "a.dcm",
        bytes([0, 5, 9]),
        Rows=1,
        Columns=1,
        BitsAllocated=8,
        SamplesPerPixel=3,
        PlanarConfiguration=0,
        PhotometricInterpretation="RGB",
        PixelPaddingValue=0,
    )

    _, description = decoded(encoded(path), tmp_path)

    assert extremes(description.metadata) == (0, 9)


@pytest.mark.parametrize(
    ("prefix", "dtype"), [("Float", "<f4"), ("DoubleFloat", "<f8")], ids=["float", "double"]
)
def test_float_pixel_data_have_padding_of_their_own(
    prefix: str, dtype: str, tmp_path: Path
) -> None:
    array = np.array([[-9999.5, -1.25, 0, 2.5, 8.5]], dtype)
    path = part10(
        tmp_path / "a.dcm",
        b"",
        Rows=1,
        Columns=5,
        BitsAllocated=array.itemsize * 8,
        **{
            f"{prefix}PixelData": array.tobytes(),
            f"{prefix}PixelPaddingValue": -9999.5,
            f"{prefix}PixelPaddingRangeLimit": -1.25,
        },
    )

    _, description = decoded(encoded(path), tmp_path)

    assert extremes(description.metadata) == (0, 8.5)


@given(
    dtype=st.sampled_from(["u1", "i1", "<u2", "<i2", "<i4", "<u8", "<i8", "<f4", "<f8"]),
    samples=st.lists(st.integers(0, 9), min_size=1, max_size=12),
    lowest=st.sampled_from(["of the type", "zero", "near the highest"]),
    value=st.integers(-2, 11),
    limit=st.none() | st.integers(-2, 11),
)
def test_extremes_are_those_of_the_samples_outside_the_padding(
    dtype: str, samples: list[int], lowest: str, value: int, limit: int | None
) -> None:
    of_type = np.iinfo(dtype.replace("f", "i"))
    offset = {"of the type": of_type.min, "zero": 0, "near the highest": of_type.max - 9}[lowest]
    stored = np.array([[offset + sample for sample in samples]], dtype)
    described = ImageMetadata(
        samples_per_pixel=1,
        pixel_padding_value=float(offset + value),
        pixel_padding_range_limit=None if limit is None else float(offset + limit),
    )

    outside = stored[~padding.is_padding(stored, described)]

    assert padding.measured_extremes(stored, described) == padding.extremes(outside)
