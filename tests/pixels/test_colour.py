"""Colour is what PS3.3 C.7.6.3.1 and C.7.9 say."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.pixels import apply_color_lut

from imageid_daemon.pixels import Description, Encoded, PixelsOptions, decode, transform
from imageid_loaders.errors import Undecodable
from pixels.material import decoded, encoded, part10, path_of, samples


def as_rgb(path: str | Path, folder: Path) -> tuple[np.ndarray, Description]:
    pixels, target = str(folder / "pixels"), str(folder / "rgb")
    written = decode(Encoded(str(path), "application/dicom"), "default", pixels)
    result = transform(pixels, written.description, PixelsOptions(color="rgb"), target)
    return samples(target, result.description), result.description


def palette(folder: Path, indices: list[int], **attributes: Any) -> Path:
    return part10(
        folder / "palette.dcm",
        bytes(indices),
        Rows=1,
        Columns=len(indices),
        BitsAllocated=8,
        PhotometricInterpretation="PALETTE COLOR",
        **attributes,
    )


def channels(**data: bytes) -> dict[str, bytes]:
    return {f"{name}PaletteColorLookupTableData": table for name, table in data.items()}


def descriptors(*, red: list[int], green: list[int], blue: list[int]) -> dict[str, list[int]]:
    named = {"Red": red, "Green": green, "Blue": blue}
    return {f"{name}PaletteColorLookupTableDescriptor": value for name, value in named.items()}


def test_uncompressed_ybr_full_422_is_spread_and_converted(tmp_path: Path) -> None:
    # Two pixels share the chrominance of pure red: Y 76, CB 85, CR 255 (rounded).
    path = part10(
        tmp_path / "a.dcm",
        bytes([76, 76, 85, 255, 76, 255, 128, 128]),
        Rows=1,
        Columns=4,
        BitsAllocated=8,
        SamplesPerPixel=3,
        PlanarConfiguration=0,
        PhotometricInterpretation="YBR_FULL_422",
    )

    rgb, _ = decoded(encoded(path), tmp_path)
    ybr, description = decoded(encoded(path), tmp_path, "stored")

    assert rgb.tolist() == [[[254, 0, 0], [254, 0, 0], [76, 76, 76], [255, 255, 255]]]
    assert ybr.tolist() == [[[76, 85, 255], [76, 85, 255], [76, 128, 128], [255, 128, 128]]]
    assert description.metadata.photometric_interpretation == "YBR_FULL"


def test_upsampled_data_labelled_ybr_full_422_are_read_by_their_length(tmp_path: Path) -> None:
    path = part10(
        tmp_path / "a.dcm",
        bytes([10, 128, 128] * 4),
        Rows=1,
        Columns=4,
        BitsAllocated=8,
        SamplesPerPixel=3,
        PlanarConfiguration=0,
        PhotometricInterpretation="YBR_FULL_422",
    )

    rgb, _ = decoded(encoded(path), tmp_path)

    assert (rgb == 10).all()


def test_stored_ybr_becomes_rgb_when_it_is_asked_for(tmp_path: Path) -> None:
    pixels, target = str(tmp_path / "pixels"), str(tmp_path / "rgb")
    name = "SC_ybr_full_uncompressed.dcm"
    written = decode(encoded(name), "stored", pixels)

    result = transform(pixels, written.description, PixelsOptions(color="rgb"), target)

    expected, _ = decoded(encoded(name), tmp_path)
    assert np.array_equal(samples(target, result.description), expected)
    assert result.description.metadata.photometric_interpretation == "RGB"


@pytest.mark.parametrize(
    "name",
    ["examples_palette.dcm", "OBXXXX1A.dcm", "gdcm-US-ALOKA-16.dcm", "gdcm-US-ALOKA-16_big.dcm"],
)
def test_palettes_give_the_colours_that_pydicom_gives(name: str, tmp_path: Path) -> None:
    source = dcmread(path_of(name))

    found, description = as_rgb(path_of(name), tmp_path)

    assert np.array_equal(found, apply_color_lut(source.pixel_array, source))
    assert description.metadata.samples_per_pixel == 3
    assert description.metadata.bits_stored == 16


def test_a_big_endian_palette_gives_the_colours_of_its_little_endian_twin(tmp_path: Path) -> None:
    # pydicom leaves the bytes of the palette as they are.
    big, _ = as_rgb(path_of("OBXXXX1A_expb.dcm"), tmp_path)
    little, _ = as_rgb(path_of("OBXXXX1A.dcm"), tmp_path)

    assert np.array_equal(big, little)


def test_each_channel_has_its_own_descriptor(tmp_path: Path) -> None:
    path = palette(
        tmp_path,
        [0, 1, 2, 3],
        **descriptors(red=[2, 1, 8], green=[3, 0, 8], blue=[4, 0, 8]),
        **channels(Red=b"\x0a\x14", Green=b"\x01\x02\x03\0", Blue=b"\x05\x06\x07\x08"),
    )

    found, description = as_rgb(path, tmp_path)

    assert found.dtype == np.uint8
    assert found.tolist() == [[[10, 1, 5], [10, 2, 6], [20, 3, 7], [20, 3, 8]]]
    assert description.metadata.bits_stored == 8


def test_eight_bit_entries_in_words_of_their_own_are_understood(tmp_path: Path) -> None:
    table = struct.pack("<2H", 10, 20)
    path = palette(
        tmp_path,
        [0, 1],
        **descriptors(red=[2, 0, 8], green=[2, 0, 8], blue=[2, 0, 8]),
        **channels(Red=table, Green=table, Blue=table),
    )

    found, _ = as_rgb(path, tmp_path)

    assert found[0].tolist() == [[10, 10, 10], [20, 20, 20]]


def test_segmented_palettes_are_expanded(tmp_path: Path) -> None:
    # Discrete 0 100; linear to 400 in three steps; then the linear segment, at byte 8, again.
    table = struct.pack("<11H", 0, 2, 0, 100, 1, 3, 400, 2, 1, 8, 0)
    path = palette(
        tmp_path,
        list(range(8)),
        **descriptors(red=[8, 0, 16], green=[8, 0, 16], blue=[8, 0, 16]),
        **{
            f"Segmented{name}PaletteColorLookupTableData": table
            for name in ("Red", "Green", "Blue")
        },
    )

    found, _ = as_rgb(path, tmp_path)

    assert found[0, :, 0].tolist() == [0, 100, 200, 300, 400, 400, 400, 400]


def test_palette_colour_stays_indices_unless_rgb_is_asked_for(tmp_path: Path) -> None:
    found, description = decoded(encoded("OBXXXX1A.dcm"), tmp_path)

    assert found.ndim == 2
    assert description.metadata.photometric_interpretation == "PALETTE COLOR"


def test_a_missing_palette_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Undecodable, match="metadata; load the whole instance"):
        as_rgb(palette(tmp_path, [0, 1]), tmp_path)


def test_a_palette_shorter_than_its_descriptor_is_refused(tmp_path: Path) -> None:
    path = palette(
        tmp_path,
        [0, 1],
        **descriptors(red=[200, 0, 16], green=[200, 0, 16], blue=[200, 0, 16]),
        **channels(Red=b"\0\0", Green=b"\0\0", Blue=b"\0\0"),
    )

    with pytest.raises(Undecodable, match="palette cannot be applied"):
        as_rgb(path, tmp_path)
