"""Depth, inversion and colours of pictures, and that they are always the same bytes."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest

from imageid_loaders.errors import InvalidOption
from pixels.material import dataset, decoded, encoded, grey, path_of
from pixels.rendered import deep_picture, levels, picture, picture_bytes


def test_a_colour_of_8_bits_is_stretched_to_16(tmp_path: Path) -> None:
    found, _ = picture(path_of("US1_UNCI.dcm"), tmp_path)

    assert np.array_equal(deep_picture(path_of("US1_UNCI.dcm"), tmp_path), found * np.uint16(257))


def test_a_colour_of_16_bits_keeps_them_all(tmp_path: Path) -> None:
    stored, _ = decoded(encoded("SC_rgb_16bit.dcm"), tmp_path)

    assert np.array_equal(deep_picture(path_of("SC_rgb_16bit.dcm"), tmp_path), stored)


@pytest.mark.parametrize("options", [{"bit_depth": 12}, {"bit_depth": 16, "format": "jpeg"}])
def test_a_depth_that_the_format_lacks_is_refused(options: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(InvalidOption) as refusal:
        picture(path_of("CT_small.dcm"), tmp_path, **options)

    assert refusal.value.metadata == {"field": "bit_depth"}


@pytest.mark.parametrize("name", ["CT_small.dcm", "RG3_UNCI.dcm", "US1_UNCI.dcm", "OBXXXX1A.dcm"])
def test_inversion_exchanges_black_and_white_of_what_would_be_shown(
    name: str, tmp_path: Path
) -> None:
    found, _ = picture(path_of(name), tmp_path, invert=True)
    deep = deep_picture(path_of(name), tmp_path, invert=True)

    assert np.array_equal(found, 255 - picture(path_of(name), tmp_path)[0])
    assert np.array_equal(deep, 65535 - deep_picture(path_of(name), tmp_path))


def test_inversion_leaves_opacity_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(
        imagecodecs.png_encode(np.array([[[10, 20, 30, 40]]], np.uint8))
    )

    found, _ = picture(tmp_path / "a.png", tmp_path, media_type="image/png", invert=True)

    assert found[0, 0].tolist() == [245, 235, 225, 40]


def test_inverting_monochrome1_shows_low_values_dark(tmp_path: Path) -> None:
    options = {"PhotometricInterpretation": "MONOCHROME1", "window": (10, 5), "invert": True}

    assert levels(tmp_path, [0, 99], **options) == [0, 255]


@pytest.mark.parametrize(
    "options", [{"window": (0, 10)}, {"percentiles": (1, 99)}, {"window_name": "A"}]
)
def test_colour_images_ignore_windows(options: dict[str, Any], tmp_path: Path) -> None:
    expected = picture_bytes(path_of("US1_UNCI.dcm"), tmp_path)

    assert picture_bytes(path_of("US1_UNCI.dcm"), tmp_path, **options) == expected


def supplemental(path: Path, **attributes: Any) -> Path:
    """Values 0 to 3 grey, 4 and 5 red and green (PS3.3 C.7.6.19)."""
    tables = {"Red": [0xFFFF, 0], "Green": [0, 0x8080], "Blue": [0, 0]}
    descriptors = {f"{name}PaletteColorLookupTableDescriptor": [2, 4, 16] for name in tables}
    data = {
        f"{name}PaletteColorLookupTableData": np.array(entries, "<u2").tobytes()
        for name, entries in tables.items()
    }
    return grey(
        path,
        np.array([[0, 1, 2, 3, 4, 5, 9]], np.uint16),
        **{"PixelPresentation": "COLOR", **descriptors, **data, **attributes},
    )


GREYS = [[0] * 3, [85] * 3, [170] * 3, [255] * 3]
COLOURS = [[255, 0, 0], [0, 128, 0], [0, 128, 0]]


def test_a_supplemental_palette_colours_the_values_from_its_first_on(tmp_path: Path) -> None:
    found, _ = picture(supplemental(tmp_path / "a.dcm"), tmp_path)
    deep = deep_picture(supplemental(tmp_path / "a.dcm"), tmp_path)

    assert found[0].tolist() == GREYS + COLOURS
    assert np.array_equal(deep, found * np.uint16(257))


def test_the_grey_values_beside_a_supplemental_palette_pass_the_window(tmp_path: Path) -> None:
    path = supplemental(tmp_path / "a.dcm", RescaleSlope="10", RescaleIntercept="-10")

    found, _ = picture(path, tmp_path, window=(0, 2))

    assert found[0].tolist() == [[0] * 3, [255] * 3, [255] * 3, [255] * 3, *COLOURS]


@pytest.mark.parametrize("presentation", ["MONOCHROME", "TRUE_COLOR", None])
def test_a_grey_image_that_does_not_ask_for_colours_stays_grey(
    presentation: str | None, tmp_path: Path
) -> None:
    path = supplemental(tmp_path / "a.dcm", PixelPresentation=presentation)

    assert picture(path, tmp_path)[0].shape == (1, 7)


def test_frames_of_a_mixed_image_say_themselves_whether_they_have_colours(tmp_path: Path) -> None:
    image = dataset("eCT_Supplemental.dcm")
    image.PixelPresentation = "MIXED"
    frame_type = deepcopy(image.SharedFunctionalGroupsSequence[0].CTImageFrameTypeSequence)
    frame_type[0].PixelPresentation = "MONOCHROME"
    image.PerFrameFunctionalGroupsSequence[0].CTImageFrameTypeSequence = frame_type
    image.save_as(tmp_path / "mixed.dcm")

    assert picture(tmp_path / "mixed.dcm", tmp_path, frame=1)[0].ndim == 2
    assert picture(tmp_path / "mixed.dcm", tmp_path, frame=2)[0].ndim == 3


def test_a_real_image_with_a_supplemental_palette(tmp_path: Path) -> None:
    name = "eCT_Supplemental.dcm"
    stored, _ = decoded(encoded(name), tmp_path)
    image = dataset(name)
    tables = [
        np.frombuffer(image[f"{color}PaletteColorLookupTableData"].value, "<u2")
        for color in ("Red", "Green", "Blue")
    ]

    found, _ = picture(path_of(name), tmp_path)

    colored = stored >= 1024
    index = np.minimum(stored[colored].astype(int) - 1024, 99)
    assert 0 < colored.sum() < stored.size
    assert np.array_equal(found[colored], np.stack([table[index] >> 8 for table in tables], -1))
    # Window 49/102 in modality values, which begin at -1024: black.
    assert found[~colored].max() == 0


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"bit_depth": 16, "percentiles": (1, 99)},
        {"format": "jpeg", "quality": 70, "max_width": 77},
        {"voi_lut_function": "SIGMOID", "invert": True, "max_height": 30, "bit_depth": 16},
    ],
)
def test_another_process_makes_the_same_bytes(options: dict[str, Any], tmp_path: Path) -> None:
    here = hashlib.sha256(picture_bytes(path_of("CT_small.dcm"), tmp_path, **options)).hexdigest()
    program = (
        "import hashlib, sys, pathlib; from pixels.rendered import picture_bytes;"
        f"data = picture_bytes(sys.argv[1], pathlib.Path(sys.argv[2]), **{options!r});"
        "print(hashlib.sha256(data).hexdigest())"
    )

    other = subprocess.run(
        [sys.executable, "-c", program, path_of("CT_small.dcm"), str(tmp_path)],
        cwd=Path(__file__).parents[1],
        capture_output=True,
        check=True,
        text=True,
        timeout=60,
    )

    assert other.stdout.strip() == here
