"""Colour is what PS3.3 C.7.6.3.1 and C.7.9 say."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.pixels import apply_color_lut

from imageid_daemon.pixels import (
    Description,
    Encoded,
    PixelsOptions,
    decode,
    lookup_table,
    transform,
)
from imageid_loaders.errors import Undecodable, Unsupported
from pixels.material import decoded, encoded, part10, path_of, samples
from pixels.second_codecs import converted


def as_rgb(path: str | Path, folder: Path) -> tuple[np.ndarray, Description]:
    pixels, target = str(folder / "pixels"), str(folder / "rgb")
    written = decode(Encoded(str(path), "application/dicom"), "default", pixels)
    result = transform(pixels, written.description, PixelsOptions(color="rgb"), target)
    return samples(target, result.description), result.description


_RED_DATA = "RedPaletteColorLookupTableData"


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


def partial_422(path: Path, *words: int, columns: int) -> Path:
    return part10(
        path,
        bytes(words),
        Rows=1,
        Columns=columns,
        BitsAllocated=8,
        SamplesPerPixel=3,
        PlanarConfiguration=0,
        PhotometricInterpretation="YBR_PARTIAL_422",
    )


def test_the_studio_range_of_ybr_partial_422_reaches_from_black_to_white(tmp_path: Path) -> None:
    path = partial_422(tmp_path / "a.dcm", 16, 235, 128, 128, columns=2)

    rgb, _ = decoded(encoded(path), tmp_path)

    assert rgb.tolist() == [[[0, 0, 0], [255, 255, 255]]]


def test_ybr_partial_422_is_converted_by_the_matrix_of_the_standard(tmp_path: Path) -> None:
    # PS3.3 C.7.6.3.1.2, forward, of (200, 100, 50); two pixels share it.
    matrix = [[0.2568, 0.5041, 0.0979], [-0.1482, -0.2910, 0.4392], [0.4392, -0.3678, -0.0714]]
    y, cb, cr = np.rint(np.dot(matrix, (200, 100, 50)) + np.array([16, 128, 128])).astype(int)
    path = partial_422(tmp_path / "a.dcm", y, y, cb, cr, columns=2)

    rgb, _ = decoded(encoded(path), tmp_path)

    assert np.abs(rgb.astype(int) - (200, 100, 50)).max() <= 2


def test_stored_ybr_partial_422_keeps_its_range(tmp_path: Path) -> None:
    path = partial_422(tmp_path / "a.dcm", 16, 235, 100, 200, columns=2)

    found, description = decoded(encoded(path), tmp_path, "stored")

    assert found.tolist() == [[[16, 100, 200], [235, 100, 200]]]
    assert description.metadata.photometric_interpretation == "YBR_PARTIAL_422"


def test_uncompressed_ybr_partial_420_has_no_order_and_is_unsupported(tmp_path: Path) -> None:
    path = part10(
        tmp_path / "a.dcm",
        bytes(24),
        Rows=4,
        Columns=4,
        BitsAllocated=8,
        SamplesPerPixel=3,
        PlanarConfiguration=0,
        PhotometricInterpretation="YBR_PARTIAL_420",
    )

    with pytest.raises((Unsupported, Undecodable)):
        decoded(encoded(path), tmp_path)


BARS = np.repeat(np.array([[[200, 30, 60], [10, 180, 90]]], np.uint8), 16, axis=1).repeat(16, 0)
MIDDLES = [4, 27]  # away from the edge, which halved chrominance blurs


def jpeg_file(path: Path, interpretation: str, frame: bytes, number: str = "50") -> Path:
    return part10(
        path,
        [frame],
        f"1.2.840.10008.1.2.4.{number}",
        Rows=BARS.shape[0],
        Columns=BARS.shape[1],
        BitsAllocated=8,
        SamplesPerPixel=3,
        PlanarConfiguration=0,
        PhotometricInterpretation=interpretation,
    )


def bare(jpeg: bytes) -> bytes:
    """Without JFIF and Adobe markers, behind which libjpeg looks for the colours."""
    kept, position = bytearray(jpeg[:2]), 2
    while jpeg[position + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", jpeg, position + 2)
        if jpeg[position + 1] not in (0xE0, 0xEE):
            kept += jpeg[position : position + 2 + length]
        position += 2 + length
    return bytes(kept) + jpeg[position:]


@pytest.mark.parametrize("marked", [True, False], ids=["markers", "bare"])
@pytest.mark.parametrize(
    ("interpretation", "colorspace", "subsampling"),
    [
        ("YBR_FULL_422", "YCBCR", "422"),
        ("YBR_FULL", "YCBCR", "444"),
        ("RGB", "RGB", "444"),
        ("RGB", "YCBCR", "420"),  # a header that was not told of the encoder's work
    ],
)
def test_jpeg_has_the_colours_that_went_in(
    interpretation: str, colorspace: str, subsampling: str, marked: bool, tmp_path: Path
) -> None:
    frame = imagecodecs.jpeg8_encode(
        BARS, level=100, outcolorspace=colorspace, subsampling=subsampling
    )
    path = jpeg_file(tmp_path / "a.dcm", interpretation, frame if marked else bare(frame))

    found, description = decoded(encoded(path), tmp_path)

    assert description.metadata.photometric_interpretation == "RGB"
    assert np.abs(found.astype(int) - BARS)[:, MIDDLES].max() <= 6


@pytest.mark.parametrize("interpretation", ["RGB", "YBR_FULL"])
@pytest.mark.parametrize("number", ["80", "5", "110"])
def test_lossless_syntaxes_hold_the_colours_that_the_header_says(
    number: str, interpretation: str, tmp_path: Path
) -> None:
    frames = {
        "80": lambda: imagecodecs.jpegls_encode(BARS),
        "110": lambda: imagecodecs.jpegxl_encode(BARS, lossless=True),
    }
    path = tmp_path / "a.dcm"
    if number == "5":
        plain = part10(
            tmp_path / "plain.dcm",
            BARS.tobytes(),
            Rows=16,
            Columns=32,
            BitsAllocated=8,
            SamplesPerPixel=3,
            PlanarConfiguration=0,
            PhotometricInterpretation=interpretation,
        )
        path = converted(plain, ["gdcmconv", "--rle"], tmp_path)
    else:
        jpeg_file(path, interpretation, frames[number](), number)

    stored, described = decoded(encoded(path), tmp_path, "stored")
    default, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(stored, BARS)
    assert described.metadata.photometric_interpretation == interpretation
    assert np.array_equal(default, BARS) == (interpretation == "RGB")


def test_jpeg_xl_in_its_own_colours_gives_rgb(tmp_path: Path) -> None:
    frame = imagecodecs.jpegxl_encode(BARS, lossless=False, distance=0.5)
    path = jpeg_file(tmp_path / "a.dcm", "XYB", frame, "112")

    found, description = decoded(encoded(path), tmp_path)

    assert description.metadata.photometric_interpretation == "RGB"
    assert np.abs(found.astype(int) - BARS).max() < 40


def test_a_recompressed_jpeg_without_its_boxes_is_converted_once(tmp_path: Path) -> None:
    boxes = imagecodecs.jpegxl_encode_jpeg(imagecodecs.jpeg8_encode(BARS, level=95))
    position, codestream = 0, b""
    while position < len(boxes):
        (length,) = struct.unpack_from(">I", boxes, position)
        end = position + length if length else len(boxes)
        name, body = boxes[position + 4 : position + 8], boxes[position + 8 : end]
        codestream += {b"jxlc": body, b"jxlp": body[4:]}.get(name, b"")
        position = end
    path = jpeg_file(tmp_path / "a.dcm", "YBR_FULL", codestream, "111")

    found, _ = decoded(encoded(path), tmp_path)

    assert np.abs(found.astype(int) - BARS)[:, MIDDLES].max() <= 6


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


@pytest.mark.parametrize("segmented", [False, True])
def test_packed_entries_of_a_big_endian_palette_follow_the_order_of_its_words(
    segmented: bool, tmp_path: Path
) -> None:
    # PS3.5 A.3: OW, so that the second entry of a pair stands first.
    entries = bytes([0, 4, 10, 20, 30, 40]) if segmented else bytes([10, 20, 30, 40])
    swapped = bytes(entries[index ^ 1] for index in range(len(entries)))
    keyword = "SegmentedRedPaletteColorLookupTableData" if segmented else _RED_DATA
    source = Dataset()
    source.RedPaletteColorLookupTableDescriptor = [4, 0, 8]
    setattr(source, keyword, swapped)
    read = lookup_table.read_segmented if segmented else lookup_table.read

    table = read(
        source,
        "RedPaletteColorLookupTableDescriptor",
        keyword,
        signed=False,
        little_endian=False,
    )

    assert table is not None
    assert lookup_table.entries(table).tolist() == [10, 20, 30, 40]


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
