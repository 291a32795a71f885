"""Pictures show what PS3.3 C.11 says."""

from __future__ import annotations

import math
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset

from imageid_daemon.pixels import RenderedOptions, decode, render
from imageid_loaders.errors import InvalidOption
from pixels.material import encoded, grey, part10, path_of
from pixels.rendered import levels, picture

# PS3.3 C.11.2.1.2.1 for center 10 and width 5: black to 7.5, white above 11.5.
LINEAR = {7: 0, 8: 32, 9: 96, 10: 159, 11: 223, 12: 255}
# C.11.2.1.3.2: black to 7.5, white above 12.5.
LINEAR_EXACT = {7: 0, 8: 26, 9: 77, 10: 128, 11: 179, 12: 230, 13: 255}
# C.11.2.1.3.1.
SIGMOID = {x: math.floor(255 / (1 + math.exp(-4 * (x - 10) / 5)) + 0.5) for x in range(20)}


@pytest.mark.parametrize(
    ("function", "expected"),
    [("LINEAR", LINEAR), ("LINEAR_EXACT", LINEAR_EXACT), ("SIGMOID", SIGMOID)],
)
def test_each_function_gives_the_levels_of_the_standard(
    function: str, expected: dict[int, int], tmp_path: Path
) -> None:
    of_caller = levels(tmp_path, list(expected), window=(10, 5), voi_lut_function=function)
    of_image = levels(
        tmp_path, list(expected), WindowCenter="10", WindowWidth="5", VOILUTFunction=function
    )

    assert of_caller == of_image == list(expected.values())


def test_a_linear_window_of_width_one_is_a_threshold(tmp_path: Path) -> None:
    assert levels(tmp_path, [9, 10, 11], window=(10, 1)) == [0, 255, 255]
    assert levels(tmp_path, [9, 10, 11], window=(10.5, 1)) == [0, 0, 255]


def test_a_window_applies_to_modality_values(tmp_path: Path) -> None:
    found = levels(
        tmp_path, [1000, 1024, 1048], RescaleSlope="2", RescaleIntercept="-2048", window=(0.5, 97)
    )

    assert found == [0, 128, 255]


def test_the_first_of_several_windows_is_taken(tmp_path: Path) -> None:
    found = levels(tmp_path, [7, 12], WindowCenter=["10", "1"], WindowWidth=["5", "1"])

    assert found == [0, 255]


def test_the_window_of_the_caller_comes_before_that_of_the_image(tmp_path: Path) -> None:
    found = levels(tmp_path, [8], WindowCenter="100", WindowWidth="5", window=(10, 5))

    assert found == [LINEAR[8]]


def test_without_a_window_the_range_of_values_is_shown(tmp_path: Path) -> None:
    assert levels(tmp_path, [-100, 0, 100]) == [0, 128, 255]


def test_padding_does_not_widen_the_range(tmp_path: Path) -> None:
    found = levels(tmp_path, [-2000, 0, 50, 100], PixelPaddingValue=-2000)

    assert found == [0, 0, 128, 255]


def test_a_range_of_padding_does_not_widen_the_range_in_either_order(tmp_path: Path) -> None:
    attributes = {"PixelPaddingValue": -1990, "PixelPaddingRangeLimit": -2000}

    assert levels(tmp_path, [-2000, -1995, 0, 100], **attributes) == [0, 0, 0, 255]


def test_an_image_of_one_value_is_shown(tmp_path: Path) -> None:
    assert len(set(levels(tmp_path, [7, 7, 7]))) == 1


def test_monochrome1_is_inverted(tmp_path: Path) -> None:
    found = levels(tmp_path, list(LINEAR), window=(10, 5), PhotometricInterpretation="MONOCHROME1")

    assert found == [255 - level for level in LINEAR.values()]


def test_an_inverse_presentation_lut_inverts_once(tmp_path: Path) -> None:
    inverse = {"PresentationLUTShape": "INVERSE", "window": (10, 5)}

    assert levels(tmp_path, [7, 12], **inverse) == [255, 0]
    assert levels(tmp_path, [7, 12], PhotometricInterpretation="MONOCHROME1", **inverse) == [255, 0]


def test_a_voi_lut_is_used_where_there_is_no_window(tmp_path: Path) -> None:
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [3, 10, 12])
    item.add_new("LUTData", "US", [0, 1024, 4095])

    found = levels(tmp_path, [0, 10, 11, 12, 99], VOILUTSequence=[item])

    assert found == [0, 0, 64, 255, 255]


def test_floating_point_values_with_a_narrow_window_of_their_own_are_shown(tmp_path: Path) -> None:
    array = np.array([[0.0, 0.25, 0.5]], np.float32)
    path = grey(
        tmp_path / "a.dcm",
        array,
        FloatPixelData=array.tobytes(),
        WindowCenter="0.25",
        WindowWidth="0.5",
    )

    assert picture(path, tmp_path)[0].tolist() == [[0, 128, 255]]


def test_values_that_are_no_number_are_black(tmp_path: Path) -> None:
    array = np.array([[np.nan, 0.0, 1.0]], np.float32)
    path = grey(tmp_path / "a.dcm", array, FloatPixelData=array.tobytes())

    assert picture(path, tmp_path)[0].tolist() == [[0, 0, 255]]


@pytest.mark.parametrize(
    ("window", "function", "hint"),
    [
        ((10, 0.5), None, "at least 1; use LINEAR_EXACT"),
        ((10, 0), "SIGMOID", "above 0"),
        ((math.nan, 5), None, "at least 1"),
        ((10, math.inf), "LINEAR_EXACT", "above 0"),
    ],
)
def test_an_impossible_window_is_refused(
    window: tuple[float, float], function: str | None, hint: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidOption, match=hint):
        levels(tmp_path, [1, 2], window=window, voi_lut_function=function)


@pytest.mark.parametrize(
    "options", [{"quality": 0}, {"quality": 101}, {"max_width": -1}, {"max_height": -1}]
)
def test_impossible_options_are_refused(options: dict[str, int], tmp_path: Path) -> None:
    with pytest.raises(InvalidOption):
        picture(path_of("CT_small.dcm"), tmp_path, **options)


def test_segments_of_one_bit_are_black_and_white(tmp_path: Path) -> None:
    found, _ = picture(path_of("liver_1frame.dcm"), tmp_path)

    assert sorted(set(found.reshape(-1).tolist())) == [0, 255]


def test_colour_is_shown_as_it_is(tmp_path: Path) -> None:
    found, _ = picture(path_of("SC_rgb_rle.dcm"), tmp_path)
    wide, _ = picture(path_of("SC_rgb_rle_16bit.dcm"), tmp_path)

    assert found.shape == (100, 100, 3)
    assert np.array_equal(found, wide)


def test_a_palette_is_applied(tmp_path: Path) -> None:
    table = struct.pack("<2H", 0x1000, 0xFFFF)
    path = part10(
        tmp_path / "a.dcm",
        b"\0\1",
        Rows=1,
        Columns=2,
        BitsAllocated=8,
        PhotometricInterpretation="PALETTE COLOR",
        **{
            f"{name}PaletteColorLookupTableDescriptor": [2, 0, 16]
            for name in ("Red", "Green", "Blue")
        },
        **{f"{name}PaletteColorLookupTableData": table for name in ("Red", "Green", "Blue")},
    )

    assert picture(path, tmp_path)[0].tolist() == [[[16, 16, 16], [255, 255, 255]]]


def test_stored_ybr_is_shown_as_rgb(tmp_path: Path) -> None:
    name, pixels, target = "SC_rgb_dcmtk_+eb+cy+np.dcm", tmp_path / "pixels", tmp_path / "picture"
    expected, _ = picture(path_of(name), tmp_path)

    written = decode(encoded(name), "stored", str(pixels))
    render(str(pixels), written.description, RenderedOptions(), str(target))

    with Image.open(target) as image:
        assert np.array_equal(np.asarray(image), expected)


@pytest.mark.parametrize(
    ("box", "size"),
    [
        ((0, 0), (484, 300)),
        ((100, 0), (100, 62)),
        ((0, 100), (161, 100)),
        ((100, 10), (16, 10)),
        ((4000, 4000), (484, 300)),
    ],
)
def test_the_picture_fits_the_box_with_its_aspect_kept_and_is_never_enlarged(
    box: tuple[int, int], size: tuple[int, int], tmp_path: Path
) -> None:
    found, _ = picture(
        path_of("examples_overlay.dcm"), tmp_path, max_width=box[0], max_height=box[1]
    )

    assert found.shape == (size[1], size[0])


def test_shrinking_weighs_every_pixel(tmp_path: Path) -> None:
    stripes = np.tile(np.array([[0, 255]], np.uint8), (64, 32))
    found, _ = picture(grey(tmp_path / "a.dcm", stripes), tmp_path, max_width=8)

    assert (abs(found[:, 1:-1].astype(int) - 128) < 3).all()


def test_jpeg_has_the_quality_that_is_asked_for(tmp_path: Path) -> None:
    fine, large = picture(path_of("CT_small.dcm"), tmp_path, format="jpeg", quality=95)
    _, small = picture(path_of("CT_small.dcm"), tmp_path, format="jpeg", quality=10)
    exact, _ = picture(path_of("CT_small.dcm"), tmp_path)

    assert large[:3] == small[:3] == b"\xff\xd8\xff"
    assert len(small) < len(large) / 3
    assert np.abs(fine.astype(int) - exact).mean() < 3


@pytest.mark.parametrize("form", ["png", "jpeg"])
def test_the_same_picture_has_the_same_bytes(form: str, tmp_path: Path) -> None:
    assert (
        picture(path_of("CT_small.dcm"), tmp_path, format=form)[1]
        == picture(path_of("CT_small.dcm"), tmp_path, format=form)[1]
    )
