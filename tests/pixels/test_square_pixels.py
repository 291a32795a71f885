"""Pictures have square pixels and fit their box, whatever a header claims."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest

from imageid_daemon.pixels import ImageMetadata, RenderedOptions, picture_size
from pixels.material import grey, part10, path_of
from pixels.rendered import deep_picture, picture


def size_of(rows: int, columns: int, **options: Any) -> tuple[int, int]:
    metadata = {
        name: options.pop(name) for name in ImageMetadata.__struct_fields__ if name in options
    }
    return picture_size.fit(rows, columns, ImageMetadata(**metadata), RenderedOptions(**options))


@pytest.mark.parametrize(
    ("spacing", "size"),
    [
        ((1.0, 1.0), (200, 100)),
        ((2.0, 1.0), (200, 200)),
        ((1.0, 2.0), (400, 100)),
        ((0.5, 0.75), (300, 100)),
    ],
)
def test_the_axis_along_which_pixels_are_longer_is_enlarged(
    spacing: tuple[float, float], size: tuple[int, int]
) -> None:
    assert size_of(100, 200, pixel_spacing=spacing) == size


@pytest.mark.parametrize(
    ("box", "size"),
    [
        ({"max_width": 100}, (100, 100)),
        ({"max_height": 50}, (50, 50)),
        ({"max_width": 1000, "max_height": 1000}, (200, 200)),
        ({"max_width": 1}, (1, 1)),
    ],
)
def test_the_box_holds_the_picture_of_square_pixels(
    box: dict[str, int], size: tuple[int, int]
) -> None:
    assert size_of(100, 200, pixel_spacing=(2.0, 1.0), **box) == size


def test_spacing_in_the_patient_comes_first_then_at_the_detector_then_on_film_then_the_ratio() -> (
    None
):
    wide, high, square = (1.0, 2.0), (2.0, 1.0), (1, 1)
    said = {"nominal_scanned_pixel_spacing": high, "pixel_aspect_ratio": square}

    assert size_of(10, 10, pixel_spacing=wide, imager_pixel_spacing=high, **said) == (20, 10)
    assert size_of(10, 10, imager_pixel_spacing=wide, **said) == (20, 10)
    assert size_of(10, 10, **said) == (10, 20)
    assert size_of(10, 10, pixel_aspect_ratio=(1, 3)) == (30, 10)
    assert size_of(10, 10) == (10, 10)


@pytest.mark.parametrize(
    "impossible",
    [(0.0, 0.0), (0.0, 1.0), (-1.0, 1.0), (-1.0, -2.0), (1.0,), (1.0, 1000.0), (float("nan"), 1.0)],
)
def test_a_spacing_that_cannot_be_is_passed_over(impossible: tuple[float, ...]) -> None:
    assert size_of(10, 10, pixel_spacing=impossible) == (10, 10)
    assert size_of(10, 10, pixel_spacing=impossible, pixel_aspect_ratio=(1, 2)) == (20, 10)


def test_no_ratio_makes_a_picture_that_exhausts_the_memory() -> None:
    width, height = size_of(65_535, 8_000, pixel_spacing=(1.0, 50.0))
    line = size_of(1, 65_535, pixel_spacing=(1.0, 50.0))

    assert width * height <= max(65_535 * 8_000, 1 << 26) * 1.001
    assert width / height == pytest.approx(8_000 * 50 / 65_535, rel=0.001)
    assert max(line) <= 1_000_000


def test_a_picture_is_not_longer_than_jpeg_can_be() -> None:
    assert max(size_of(1, 65_535, format="jpeg")) <= 65_500


def test_the_samples_of_a_ct_slice_of_oblong_pixels_are_spread(tmp_path: Path) -> None:
    path = grey(tmp_path / "a.dcm", np.array([[0, 255]], np.uint8), PixelSpacing=[1, 2])

    found, _ = picture(path, tmp_path)

    assert found.tolist() == [[0, 64, 191, 255]]


def test_colours_and_16_bits_are_spread_alike(tmp_path: Path) -> None:
    rgb = np.array([[[0, 10, 255], [255, 20, 255]]], np.uint8)
    path = part10(
        tmp_path / "a.dcm",
        rgb.tobytes(),
        Rows=1,
        Columns=2,
        SamplesPerPixel=3,
        PlanarConfiguration=0,
        PhotometricInterpretation="RGB",
        BitsAllocated=8,
        PixelAspectRatio=[1, 2],
    )

    found, _ = picture(path, tmp_path)
    deep = deep_picture(path, tmp_path)

    assert found[0].tolist() == [[0, 10, 255], [64, 13, 255], [191, 18, 255], [255, 20, 255]]
    assert deep.shape == (1, 4, 3)
    assert np.abs(deep / 257 - found).max() < 1


@pytest.mark.parametrize("bit_depth", [8, 16])
def test_shrinking_weighs_every_pixel_at_each_depth(bit_depth: int, tmp_path: Path) -> None:
    stripes = np.tile(np.array([[0, 1]], np.uint8), (64, 32))
    path = grey(tmp_path / "a.dcm", stripes)

    found, _ = picture(path, tmp_path, max_width=8, bit_depth=bit_depth)

    assert found.shape == (8, 8)
    assert np.abs(found[:, 1:-1] / (2**bit_depth - 1) - 0.5).max() < 0.01


def test_what_is_transparent_does_not_tint_what_is_not(tmp_path: Path) -> None:
    pixels = np.zeros((2, 2, 4), np.uint16)
    pixels[:, 0] = (65535, 0, 0, 65535)
    pixels[:, 1] = (0, 65535, 0, 0)
    (tmp_path / "a.png").write_bytes(imagecodecs.png_encode(pixels))
    options = {"media_type": "image/png", "max_width": 1}

    deep = deep_picture(tmp_path / "a.png", tmp_path, **options)
    found, _ = picture(tmp_path / "a.png", tmp_path, **options)

    assert deep[0, 0].tolist() == [65535, 0, 0, 32768]
    assert found[0, 0].tolist() == [255, 0, 0, 128]


def test_a_real_image_of_oblong_pixels(tmp_path: Path) -> None:
    found, _ = picture(path_of("color-pl.dcm"), tmp_path)

    assert found.shape == (160, 256, 3)  # 120 rows, PixelAspectRatio 4\3
