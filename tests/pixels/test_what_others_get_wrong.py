"""What is known to be wrong elsewhere (Cornerstone3D's loader above all) is right here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom import Dataset
from pydicom.encaps import generate_frames
from pydicom.uid import ExplicitVRBigEndian, RLELossless

from imageid_daemon.pixels import (
    Description,
    PixelsOptions,
    RenderedOptions,
    decode,
    render,
    transform,
)
from pixels.material import dataset, decoded, encoded, grey, part10, path_of, samples
from pixels.second_codecs import converted


def transformed(path: Path, folder: Path, options: PixelsOptions) -> tuple[np.ndarray, Description]:
    pixels, target = str(folder / "pixels"), str(folder / "transformed")
    written = decode(encoded(path), "default", pixels)
    result = transform(pixels, written.description, options, target)
    return samples(target, result.description), result.description


def modality(path: Path, folder: Path) -> tuple[np.ndarray, Description]:
    return transformed(path, folder, PixelsOptions(values="modality"))


def levels(path: Path, folder: Path) -> np.ndarray:
    pixels, target = str(folder / "pixels"), folder / "picture.png"
    written = decode(encoded(path), "default", pixels)
    render(pixels, written.description, RenderedOptions(), str(target))
    return imagecodecs.png_decode(target.read_bytes())


def lut(first_mapped: int, entries: list[int], bits: int = 16) -> list[Dataset]:
    item = Dataset()
    item.LUTDescriptor = [len(entries), first_mapped, bits]
    item.LUTData = np.array(entries, "<u2").tobytes()
    return [item]


def test_a_small_slope_does_not_truncate_stored_values_first(tmp_path: Path) -> None:
    array = np.array([[0, 100, 1000, 3000, 4000]], np.uint16)
    path = grey(tmp_path / "a.dcm", array, RescaleSlope="0.05", RescaleIntercept="0")

    found, _ = modality(path, tmp_path)

    assert found.tolist() == [[0, 5, 50, 150, 200]]


def test_a_slope_of_a_half_keeps_the_halves(tmp_path: Path) -> None:
    array = np.array([[0, 1, 2, 3]], np.uint16)
    path = grey(tmp_path / "a.dcm", array, RescaleSlope="0.5", RescaleIntercept="0")

    found, _ = modality(path, tmp_path)

    assert found.tolist() == [[0, 0.5, 1, 1.5]]


def test_a_negative_slope_swaps_minimum_and_maximum(tmp_path: Path) -> None:
    array = np.array([[0, 50, 100]], np.uint8)
    path = grey(tmp_path / "a.dcm", array, RescaleSlope="-1", RescaleIntercept="50")

    found, description = modality(path, tmp_path)

    assert found.tolist() == [[50, 0, -50]]
    assert description.metadata.min_pixel_value == -50
    assert description.metadata.max_pixel_value == 50


def test_unsigned_samples_are_masked_to_bits_stored(tmp_path: Path) -> None:
    path = grey(tmp_path / "a.dcm", np.array([[0xF123, 0x0FFF]], np.uint16), BitsStored=12)

    found, _ = decoded(encoded(path), tmp_path)

    assert found.tolist() == [[0x123, 0xFFF]]


def test_high_bit_is_not_taken_for_bits_stored_less_one(tmp_path: Path) -> None:
    array = np.array([[0x123F, 0xFFF0]], np.uint16)
    path = grey(tmp_path / "a.dcm", array, BitsStored=12, HighBit=15)

    found, _ = decoded(encoded(path), tmp_path)

    assert found.tolist() == [[0x123, 0xFFF]]


def test_overlays_in_unused_bits_do_not_show_in_the_picture(tmp_path: Path) -> None:
    ramp = np.arange(256, dtype=np.uint16).reshape(16, 16) * 16
    plain = levels(grey(tmp_path / "plain.dcm", ramp, BitsStored=12), tmp_path)
    drawn_over = ramp | np.uint16(0x1000)

    found = levels(grey(tmp_path / "overlaid.dcm", drawn_over, BitsStored=12), tmp_path)

    assert np.array_equal(found, plain)


@pytest.mark.parametrize("syntax", ["70", "80", "90"])
def test_overlay_bits_inside_a_lossless_codestream_do_not_leak(syntax: str, tmp_path: Path) -> None:
    encode: dict[str, Any] = {
        "70": lambda array: imagecodecs.jpeg8_encode(array, lossless=True, predictor=1),
        "80": imagecodecs.jpegls_encode,
        "90": lambda array: imagecodecs.jpeg2k_encode(array, reversible=True, codecformat="j2k"),
    }
    array = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    frame = encode[syntax](array | np.uint16(0x8000))
    path = part10(
        tmp_path / "a.dcm",
        [frame],
        f"1.2.840.10008.1.2.4.{syntax}",
        Rows=64,
        Columns=64,
        BitsAllocated=16,
        BitsStored=12,
    )

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, array)


def test_each_palette_channel_is_read_by_its_own_descriptor(tmp_path: Path) -> None:
    path = part10(
        tmp_path / "a.dcm",
        bytes([0, 1, 2, 3]),
        Rows=1,
        Columns=4,
        BitsAllocated=8,
        PhotometricInterpretation="PALETTE COLOR",
        RedPaletteColorLookupTableDescriptor=[2, 0, 16],
        GreenPaletteColorLookupTableDescriptor=[2, 1, 16],
        BluePaletteColorLookupTableDescriptor=[2, 2, 16],
        RedPaletteColorLookupTableData=np.array([1, 257], "<u2").tobytes(),
        GreenPaletteColorLookupTableData=np.array([2, 258], "<u2").tobytes(),
        BluePaletteColorLookupTableData=np.array([3, 259], "<u2").tobytes(),
    )

    found, _ = transformed(path, tmp_path, PixelsOptions(color="rgb"))

    assert found.tolist() == [[[1, 2, 3], [257, 2, 3], [257, 258, 3], [257, 258, 259]]]


def test_a_palette_may_begin_at_a_negative_index(tmp_path: Path) -> None:
    table = np.array([10, 20, 30], "<u2").tobytes()
    colors = ("Red", "Green", "Blue")
    path = part10(
        tmp_path / "a.dcm",
        np.array([-2, -1, 0, 5], "<i2").tobytes(),
        Rows=1,
        Columns=4,
        BitsAllocated=16,
        PixelRepresentation=1,
        PhotometricInterpretation="PALETTE COLOR",
        **{f"{color}PaletteColorLookupTableDescriptor": [3, -2, 16] for color in colors},
        **{f"{color}PaletteColorLookupTableData": table for color in colors},
    )

    found, _ = transformed(path, tmp_path, PixelsOptions(color="rgb"))

    assert found[0, :, 0].tolist() == [10, 20, 30, 30]


def test_a_palette_of_65536_entries_says_0(tmp_path: Path) -> None:
    table = np.arange(65536, dtype="<u2")[::-1].tobytes()
    colors = ("Red", "Green", "Blue")
    path = part10(
        tmp_path / "a.dcm",
        np.array([0, 65535], "<u2").tobytes(),
        Rows=1,
        Columns=2,
        BitsAllocated=16,
        PhotometricInterpretation="PALETTE COLOR",
        **{f"{color}PaletteColorLookupTableDescriptor": [0, 0, 16] for color in colors},
        **{f"{color}PaletteColorLookupTableData": table for color in colors},
    )

    found, _ = transformed(path, tmp_path, PixelsOptions(color="rgb"))

    assert found[0, :, 0].tolist() == [65535, 0]


def test_segmented_palettes_are_not_read_as_plain_ones(tmp_path: Path) -> None:
    table = np.array([0, 1, 0, 1, 3, 300], "<u2").tobytes()  # 0, then in three steps to 300
    colors = ("Red", "Green", "Blue")
    path = part10(
        tmp_path / "a.dcm",
        bytes([0, 1, 2, 3]),
        Rows=1,
        Columns=4,
        BitsAllocated=8,
        PhotometricInterpretation="PALETTE COLOR",
        **{f"{color}PaletteColorLookupTableDescriptor": [4, 0, 16] for color in colors},
        **{f"Segmented{color}PaletteColorLookupTableData": table for color in colors},
    )

    found, _ = transformed(path, tmp_path, PixelsOptions(color="rgb"))

    assert found[0, :, 2].tolist() == [0, 100, 200, 300]


def test_uncompressed_ybr_full_422_has_two_bytes_a_pixel_and_is_converted(tmp_path: Path) -> None:
    name = "SC_ybr_full_422_uncompressed.dcm"
    source = dataset(name)
    assert len(source.PixelData) == source.Rows * source.Columns * 2

    found, description = decoded(encoded(name), tmp_path)

    assert found.shape == (source.Rows, source.Columns, 3)
    assert description.metadata.photometric_interpretation == "RGB"
    assert found[5, 5].tolist() == [254, 0, 0]  # its first bar is red


@pytest.mark.parametrize("offset", range(4))
def test_32_bit_samples_need_no_alignment_in_the_file(offset: int, tmp_path: Path) -> None:
    array = np.array([[0, 1, 2**32 - 1]], np.uint32)
    path = grey(tmp_path / "a.dcm", array, ImageComments="x" * 2 * offset)

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, array)


@pytest.mark.parametrize(
    ("keyword", "dtype"), [("FloatPixelData", "<f4"), ("DoubleFloatPixelData", "<f8")]
)
def test_float_pixel_data_are_float_whatever_pixel_representation_says(
    keyword: str, dtype: str, tmp_path: Path
) -> None:
    array = np.array([[1.5, -2.25]], dtype)
    path = part10(
        tmp_path / "a.dcm",
        b"",
        Rows=1,
        Columns=2,
        BitsAllocated=array.itemsize * 8,
        PixelRepresentation=0,
        **{keyword: array.tobytes()},
    )

    found, _ = decoded(encoded(path), tmp_path)

    assert found.dtype == dtype
    assert np.array_equal(found, array)


def test_big_endian_samples_of_32_bits_are_turned(tmp_path: Path) -> None:
    array = np.array([[1, 2**31, 0x01020304]], ">u4")
    path = part10(
        tmp_path / "a.dcm",
        array.tobytes(),
        ExplicitVRBigEndian,
        Rows=1,
        Columns=3,
        BitsAllocated=32,
    )

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, array)


def test_padding_is_left_out_of_minimum_and_maximum(tmp_path: Path) -> None:
    array = np.array([[-2000, -1000, 400, 1000]], np.int16)
    path = grey(tmp_path / "a.dcm", array, PixelPaddingValue=-2000)

    _, description = decoded(encoded(path), tmp_path)

    assert description.metadata.min_pixel_value == -1000
    assert description.metadata.max_pixel_value == 1000


def test_padding_is_left_out_of_the_window_that_an_image_without_one_gets(tmp_path: Path) -> None:
    array = np.array([[-30000, 0, 50, 100]], np.int16)
    path = grey(tmp_path / "a.dcm", array, PixelPaddingValue=-30000)

    assert levels(path, tmp_path).tolist() == [[0, 0, 128, 255]]


def test_the_modality_lut_sequence_is_applied(tmp_path: Path) -> None:
    array = np.array([[0, 1, 2, 9]], np.uint8)
    path = grey(tmp_path / "a.dcm", array, ModalityLUTSequence=lut(1, [100, 50]))

    found, _ = modality(path, tmp_path)

    assert found.tolist() == [[100, 100, 50, 50]]


def test_the_voi_lut_sequence_is_applied(tmp_path: Path) -> None:
    array = np.array([[0, 1, 2, 3]], np.uint8)
    path = grey(tmp_path / "a.dcm", array, VOILUTSequence=lut(0, [0, 255, 128, 64], 8))

    assert levels(path, tmp_path).tolist() == [[0, 255, 128, 64]]


def test_run_lengths_of_16_bit_colour_keep_every_plane(tmp_path: Path) -> None:
    found, _ = decoded(encoded("SC_rgb_rle_16bit.dcm"), tmp_path)

    expected, _ = decoded(encoded("SC_rgb_16bit.dcm"), tmp_path)
    assert found.shape[2] == 3
    assert np.array_equal(found, expected)


def test_run_lengths_of_32_bits_are_read(tmp_path: Path) -> None:
    found, _ = decoded(encoded("rtdose_rle_1frame.dcm"), tmp_path)

    expected, _ = decoded(encoded("rtdose_1frame.dcm"), tmp_path)
    assert found.dtype == np.uint32
    assert np.array_equal(found, expected)


@pytest.mark.parametrize("option", ["+ep", "+es"], ids=["progressive", "spectral selection"])
def test_the_retired_jpeg_processes_are_read(option: str, tmp_path: Path) -> None:
    path = converted("MR2_UNCR.dcm", ["dcmcjpeg", option], tmp_path)

    found, _ = decoded(encoded(path), tmp_path)

    again = converted(path, ["dcmdjpeg"], tmp_path)
    assert np.array_equal(found, decoded(encoded(again), tmp_path)[0])


def test_dose_is_stored_value_times_dose_grid_scaling(tmp_path: Path) -> None:
    source = dataset("rtdose_1frame.dcm")

    found, _ = modality(Path(path_of("rtdose_1frame.dcm")), tmp_path)

    stored, _ = decoded(encoded("rtdose_1frame.dcm"), tmp_path)
    assert np.array_equal(found, (stored * float(source.DoseGridScaling)).astype(np.float32))


def test_run_lengths_of_one_bit_are_read(tmp_path: Path) -> None:
    bits = np.random.default_rng(3).integers(0, 2, (9, 13), np.uint8)
    packed = np.packbits(bits, bitorder="little").tobytes()
    segment = bytes([len(packed) - 1]) + packed
    header = b"".join(value.to_bytes(4, "little") for value in (1, 64, *[0] * 14))
    path = part10(
        tmp_path / "a.dcm",
        [header + segment],
        RLELossless,
        Rows=9,
        Columns=13,
        BitsAllocated=1,
    )

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, bits)


def test_samples_and_codestream_are_those_of_the_frame_asked_for(tmp_path: Path) -> None:
    source = dataset("examples_ybr_color.dcm")
    frames = list(generate_frames(source.PixelData, number_of_frames=30))

    found, _ = decoded(encoded("examples_ybr_color.dcm", 30), tmp_path)

    assert np.array_equal(found, imagecodecs.jpeg8_decode(frames[29]))
