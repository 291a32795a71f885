"""Modality values are computed in 64-bit floating point and lose nothing (PS3.3 C.11.1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset
from pydicom.pixels import apply_modality_lut

from imageid_daemon.pixels import Description, Encoded, PixelsOptions, decode, transform
from pixels.material import dataset, encoded, grey, path_of, samples


def modality(path: str | Path, folder: Path) -> tuple[np.ndarray, Description]:
    pixels, target = str(folder / "pixels"), str(folder / "modality")
    written = decode(Encoded(str(path), "application/dicom"), "default", pixels)
    result = transform(pixels, written.description, PixelsOptions(values="modality"), target)
    return samples(target, result.description), result.description


@pytest.mark.parametrize(
    ("slope", "intercept", "stored", "expected", "dtype"),
    [
        pytest.param(
            "0.05", "0", [0, 100, 1000, 3000, 4000], [0, 5, 50, 150, 200], "uint8", id="small"
        ),
        pytest.param("0.5", "0", [0, 1, 3], [0, 0.5, 1.5], "float32", id="halves"),
        pytest.param("-1", "50", [0, 50, 100], [50, 0, -50], "int8", id="negative"),
        pytest.param("1", "-1024", [0, 1024, 4095], [-1024, 0, 3071], "int16", id="CT"),
        pytest.param("1000", "0", [0, 65535], [0, 65535000], "uint32", id="large"),
        pytest.param("-100000", "0", [0, 20000], [0, -2000000000], "int32", id="large negative"),
        pytest.param("1000000", "0", [0, 65535], [0, 65535e6], "uint64", id="very large"),
        pytest.param("1E15", "0", [0, 65535], [0, 65535e15], "float32", id="beyond exactness"),
    ],
)
def test_slope_and_intercept(
    slope: str, intercept: str, stored: list[int], expected: list[float], dtype: str, tmp_path: Path
) -> None:
    array = np.array([stored], np.uint16)
    path = grey(tmp_path / "a.dcm", array, RescaleSlope=slope, RescaleIntercept=intercept)

    found, description = modality(path, tmp_path)

    assert found.dtype == dtype
    assert found[0].tolist() == pytest.approx(expected, rel=1e-6)
    assert description.metadata.modality_values
    assert description.metadata.min_pixel_value == found.min()
    assert description.metadata.max_pixel_value == found.max()


def test_values_of_a_wide_range_are_computed_one_by_one(tmp_path: Path) -> None:
    array = np.array([[0, 2**31, 7]], np.uint32)
    path = grey(tmp_path / "a.dcm", array, RescaleSlope="0.5", RescaleIntercept="1")

    found, _ = modality(path, tmp_path)

    assert found.tolist() == [[1, 2**30, 4.5]]  # the nearest float32


def test_floating_point_stored_values_are_scaled_too(tmp_path: Path) -> None:
    array = np.array([[0.25, 1.5]], np.float32)
    path = grey(
        tmp_path / "a.dcm",
        array,
        FloatPixelData=array.tobytes(),
        RescaleSlope="2",
        RescaleIntercept="0",
    )

    found, _ = modality(path, tmp_path)

    assert found.tolist() == [[0.5, 3]]


def test_without_a_modality_lut_the_values_are_the_stored_ones(tmp_path: Path) -> None:
    found, description = modality(
        grey(tmp_path / "a.dcm", np.array([[1, 300]], np.uint16)), tmp_path
    )

    assert found.tolist() == [[1, 300]]
    assert description.metadata.rescale_slope is None


@pytest.mark.parametrize("name", ["mlut_18.dcm", "CT_small.dcm", "693_UNCR.dcm", "RG3_UNCI.dcm"])
def test_files_give_the_values_that_pydicom_gives(name: str, tmp_path: Path) -> None:
    source = dataset(name)

    found, _ = modality(path_of(name), tmp_path)

    assert np.array_equal(found, apply_modality_lut(source.pixel_array, source))


def test_the_first_mapped_value_of_a_signed_image_may_be_negative(tmp_path: Path) -> None:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [3, 65534, 16])  # -2 in the wrong VR
    item.add_new("LUTData", "US", [100, 200, 300])
    array = np.array([[-5, -2, -1, 0, 9]], np.int16)
    path = grey(tmp_path / "a.dcm", array, ModalityLUTSequence=[item])

    found, _ = modality(path, tmp_path)

    assert found.tolist() == [[100, 100, 200, 300, 300]]


def test_each_frame_of_an_enhanced_image_has_its_own_slope(tmp_path: Path) -> None:
    def group(**attributes: Any) -> Dataset:
        macro, item = Dataset(), Dataset()
        for keyword, value in attributes.items():
            setattr(item, keyword, value)
        macro.PixelValueTransformationSequence = [item]
        return macro

    path = grey(
        tmp_path / "a.dcm",
        np.array([[1], [2]], np.uint8),
        Rows=1,
        NumberOfFrames=2,
        PerFrameFunctionalGroupsSequence=[
            group(RescaleSlope="1", RescaleIntercept="0"),
            group(RescaleSlope="10", RescaleIntercept="5"),
        ],
    )
    pixels, target = str(tmp_path / "pixels"), str(tmp_path / "modality")
    written = decode(encoded(path, 2), "default", pixels)

    result = transform(pixels, written.description, PixelsOptions(values="modality"), target)

    assert samples(target, result.description).tolist() == [[25]]


def test_colour_images_have_no_modality_values(tmp_path: Path) -> None:
    found, description = modality(path_of("SC_rgb_rle.dcm"), tmp_path)

    assert found.dtype == np.uint8
    assert not description.metadata.modality_values
