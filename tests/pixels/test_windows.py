"""Which window or VOI LUT a picture is shown with, and the standard's own formulas."""

from __future__ import annotations

import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset

from imageid_loaders.errors import InvalidOption, Undecodable
from pixels.material import decoded, encoded, grey
from pixels.rendered import deep_picture, levels, picture

RAMP = list(range(-20, 41))
LUNG_AND_BONE = {
    "WindowCenter": ["10", "100"],
    "WindowWidth": ["4", "50"],
    "WindowCenterWidthExplanation": ["LUNG", "Soft  tissue"],
}


def voi_lut(
    explanation: str | None = None, first: int = 0, vr: str = "US", bits: int = 8
) -> Dataset:
    item = Dataset()
    item.add_new("LUTDescriptor", vr, [3, first, bits])
    item.add_new("LUTData", "US", [0, 51, 255])
    if explanation is not None:
        item.LUTExplanation = explanation
    return item


def exactly(x: int, center: Fraction, width: Fraction, function: str, maximum: int) -> int:
    """PS3.3 C.11.2.1.2.1 and C.11.2.1.3.2 as they are written, rounded half up."""
    low, high = center - width / 2, center + width / 2
    level = (x - center) / width + Fraction(1, 2)
    if function == "LINEAR":
        middle, reach = center - Fraction(1, 2), (width - 1) / 2
        low, high = middle - reach, middle + reach
        level = (x - middle) / (width - 1) + Fraction(1, 2) if width > 1 else Fraction(0)
    if x <= low:
        return 0
    return maximum if x > high else math.floor(level * maximum + Fraction(1, 2))


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT"])
@pytest.mark.parametrize("window", [(10, 21), (10.5, 20), (0, 1), (-3.25, 7.5), (7, 1024)])
def test_a_picture_has_the_levels_of_exact_arithmetic(
    function: str, window: tuple[float, float], tmp_path: Path
) -> None:
    options: dict[str, Any] = {"window": window, "voi_lut_function": function}
    path = grey(tmp_path / "b.dcm", np.array([RAMP], np.int16))

    eight, sixteen = levels(tmp_path, RAMP, **options), deep_picture(path, tmp_path, **options)

    center, width = map(Fraction, window)
    assert eight == [exactly(x, center, width, function, 255) for x in RAMP]
    assert sixteen[0].tolist() == [exactly(x, center, width, function, 65535) for x in RAMP]


@pytest.mark.parametrize("name", ["soft tissue", "SOFT TISSUE", " Soft  tissue ", "2"])
def test_a_window_is_found_by_its_explanation_or_number(name: str, tmp_path: Path) -> None:
    expected = levels(tmp_path, [80, 100, 120], window=(100, 50))

    assert levels(tmp_path, [80, 100, 120], window_name=name, **LUNG_AND_BONE) == expected


def test_an_explanation_comes_before_a_number(tmp_path: Path) -> None:
    attributes = LUNG_AND_BONE | {"WindowCenterWidthExplanation": ["2", "1"]}

    assert levels(tmp_path, [12, 80], window_name="2", **attributes) == [255, 255]


def test_a_voi_lut_is_found_by_its_explanation_or_by_its_number_after_the_windows(
    tmp_path: Path,
) -> None:
    attributes = LUNG_AND_BONE | {"VOILUTSequence": [voi_lut(), voi_lut("Bone", first=10)]}

    by_explanation = levels(tmp_path, [9, 11, 13], window_name="BONE", **attributes)
    by_number = levels(tmp_path, [9, 11, 13], window_name="4", **attributes)

    assert by_explanation == by_number == [0, 51, 255]


@pytest.mark.parametrize(
    ("name", "attributes", "hint"),
    [
        ("liver", LUNG_AND_BONE, "it has 2: they have the numbers 1 to 2"),
        ("0", LUNG_AND_BONE, "it has 2"),
        ("3", LUNG_AND_BONE, "it has 2"),
        ("-1", LUNG_AND_BONE, "it has 2"),
        ("9" * 60, LUNG_AND_BONE, "it has 2"),
        ("lung", {}, "it has 0: leave window_name out"),
        ("1", LUNG_AND_BONE | {"WindowWidth": ["0", "50"]}, "width is not above 0"),
    ],
)
def test_a_name_that_the_image_lacks_is_refused_without_quoting_the_file(
    name: str, attributes: dict[str, Any], hint: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidOption, match=hint) as refusal:
        levels(tmp_path, [1, 2], window_name=name, **attributes)

    assert refusal.value.metadata == {"field": "window_name"}
    assert "LUNG" not in refusal.value.message


def test_percentiles_are_values_of_the_frame_by_nearest_rank(tmp_path: Path) -> None:
    # Of ten samples, the second is the first with 20 % up to it, the ninth with 90 %.
    stored = [0, 10, 20, 30, 40, 50, 60, 70, 110, 500]

    found = levels(tmp_path, stored, percentiles=(20, 90))

    assert found == levels(tmp_path, stored, window=(60, 100), voi_lut_function="LINEAR_EXACT")
    assert (found[1], found[8]) == (0, 255)


def test_each_sample_counts_in_a_percentile_not_each_value(tmp_path: Path) -> None:
    stored = [0] * 90 + list(range(1, 11))

    assert levels(tmp_path, stored, percentiles=(90, 100))[-10:-8] == [26, 51]


def test_percentiles_of_floating_point_and_of_integers_are_the_same(tmp_path: Path) -> None:
    stored = [3, -7, 3, 0, 12, 100, 3, -50]
    array = np.array([stored], np.float32)
    path = grey(tmp_path / "f.dcm", array, FloatPixelData=array.tobytes())

    found = deep_picture(path, tmp_path, percentiles=(15, 85))

    integers = grey(tmp_path / "i.dcm", np.array([stored], np.int16))
    assert np.array_equal(found, deep_picture(integers, tmp_path, percentiles=(15, 85)))
    assert 0 < found[0, 3] < 65535


def test_percentiles_are_of_modality_values_with_padding_left_out(tmp_path: Path) -> None:
    attributes = {"RescaleSlope": "-2", "RescaleIntercept": "7", "PixelPaddingValue": -2000}

    found = levels(tmp_path, [-2000, 0, 25, 50], percentiles=(0, 100), **attributes)

    assert found == [255, 255, 128, 0]


@pytest.mark.parametrize("stored", [[5, 5, 5], [-2000, -2000]])
def test_percentiles_of_one_value_or_of_none_give_a_picture(
    stored: list[float], tmp_path: Path
) -> None:
    found = levels(tmp_path, stored, percentiles=(1, 99), PixelPaddingValue=-2000)

    assert len(set(found)) == 1


def test_equal_percentiles_part_what_is_above_from_the_rest(tmp_path: Path) -> None:
    assert levels(tmp_path, [0] * 98 + [1, 7], percentiles=(1, 97))[-3:] == [0, 255, 255]


def test_a_sigmoid_over_the_range_of_values_has_its_middle_and_width(tmp_path: Path) -> None:
    sigmoid = {"voi_lut_function": "SIGMOID"}

    found = levels(tmp_path, [0, 30, 100], **sigmoid)

    assert found == levels(tmp_path, [0, 30, 100], window=(50, 100), **sigmoid)
    assert found == levels(tmp_path, [0, 30, 100], percentiles=(0, 100), **sigmoid)


@pytest.mark.parametrize("width", ["0", "-400"])
def test_a_window_of_the_image_without_a_width_is_passed_over(width: str, tmp_path: Path) -> None:
    next_window = {"WindowCenter": ["0", "100"], "WindowWidth": [width, "50"]}
    alone = {"WindowCenter": "0", "WindowWidth": width}
    lut = alone | {"VOILUTSequence": [voi_lut()]}

    assert levels(tmp_path, [70, 130], **next_window) == [0, 255]
    assert levels(tmp_path, [0, 1, 2], **lut) == [0, 51, 255]
    assert levels(tmp_path, [0, 50, 100], **alone) == [0, 128, 255]


def test_a_window_of_the_image_comes_before_its_voi_lut(tmp_path: Path) -> None:
    attributes = LUNG_AND_BONE | {"VOILUTSequence": [voi_lut(first=10)]}

    assert levels(tmp_path, [7, 12], **attributes) == [0, 255]


def test_a_voi_lut_has_signed_input_where_modality_values_may_be_negative(
    tmp_path: Path,
) -> None:
    # PS3.3 C.11.2.1.1; this writer says US, as PixelRepresentation of the samples would.
    lut = {"VOILUTSequence": [voi_lut(first=0x10000 - 500)], "RescaleSlope": "1"}

    assert levels(tmp_path, [524, 525, 526], "uint16", RescaleIntercept="-1024", **lut) == [
        *(0, 51, 255)
    ]
    assert levels(
        tmp_path, [65035, 65036, 65037, 65038], "uint16", RescaleIntercept="0", **lut
    ) == [*(0, 0, 51, 255)]


def test_a_voi_lut_has_unsigned_input_after_a_modality_lut(tmp_path: Path) -> None:
    modality_lut = Dataset()
    modality_lut.add_new("LUTDescriptor", "US", [3, 0, 16])
    modality_lut.add_new("LUTData", "US", [40000, 40001, 40002])
    luts = {"ModalityLUTSequence": [modality_lut], "VOILUTSequence": [voi_lut(first=40000)]}

    assert levels(tmp_path, [0, 1, 2], "int16", **luts) == [0, 51, 255]


def test_a_voi_lut_whose_entries_exceed_the_bits_it_claims_uses_their_range(
    tmp_path: Path,
) -> None:
    item = voi_lut(bits=8)
    item.LUTData = [0, 2048, 4095]

    assert levels(tmp_path, [0, 1, 2], VOILUTSequence=[item]) == [0, 128, 255]


def test_a_value_that_is_no_number_is_black_with_a_voi_lut_too(tmp_path: Path) -> None:
    item = voi_lut()
    item.LUTData = [255, 51, 102]
    array = np.array([[np.nan, 1, np.inf, -np.inf]], np.float32)
    path = grey(tmp_path / "a.dcm", array, FloatPixelData=array.tobytes(), VOILUTSequence=[item])

    found = deep_picture(path, tmp_path)[0]

    assert found.tolist() == [0, 51 * 257, 102 * 257, 65535]


def test_infinite_values_are_black_and_white_and_do_not_widen_the_range(tmp_path: Path) -> None:
    array = np.array([[-np.inf, 0, 1, np.inf]], np.float64)
    path = grey(tmp_path / "a.dcm", array, DoubleFloatPixelData=array.tobytes())

    assert deep_picture(path, tmp_path)[0].tolist() == [0, 0, 65535, 65535]


def test_a_mask_that_is_set_everywhere_is_white(tmp_path: Path) -> None:
    assert levels(tmp_path, [1, 1, 1], "uint8", BitsStored=1) == [255, 255, 255]


def test_a_broken_voi_lut_is_an_error_only_where_it_is_needed(tmp_path: Path) -> None:
    item = voi_lut()
    item.LUTDescriptor = [4, 0, 8]
    path = grey(tmp_path / "a.dcm", np.array([[1, 2]], np.int16), VOILUTSequence=[item])

    stored, _ = decoded(encoded(path), tmp_path)

    assert stored.tolist() == [[1, 2]]
    assert picture(path, tmp_path, window=(2, 1))[0].tolist() == [[0, 255]]
    for options in ({}, {"window_name": "1"}, {"window_name": "bone"}):
        with pytest.raises(Undecodable, match="a VOI LUT is broken"):
            picture(path, tmp_path, **options)


@pytest.mark.parametrize("bits", [0, 60_000])
def test_a_voi_lut_with_impossible_bits_has_those_of_its_entries(bits: int, tmp_path: Path) -> None:
    item = voi_lut(bits=bits)
    item.LUTData = [0, 0x8000, 0xFFFF]

    assert levels(tmp_path, [0, 1, 2], VOILUTSequence=[item]) == [0, 128, 255]


def test_the_count_of_a_voi_lut_is_unsigned_where_its_first_value_is_signed(
    tmp_path: Path,
) -> None:
    item = Dataset()
    item.add_new("LUTDescriptor", "SS", [40_000, -10_000, 16])
    item.add_new("LUTData", "OW", np.arange(40_000, dtype="<u2").tobytes())

    found = levels(tmp_path, [-10_000, 0, 29_999], VOILUTSequence=[item])

    assert found == [0, 39, 156]  # 10 000 and 39 999 of 65 535
