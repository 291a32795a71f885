"""What a codestream's header says is known before a codec takes memory for it."""

from __future__ import annotations

import struct

import imagecodecs
import numpy as np
import pytest

from imageid_daemon.pixels.codestream import Codestream
from imageid_daemon.pixels.codestream_header import read
from imageid_loaders.errors import Undecodable

NOISE = np.random.default_rng(5)
GREY = NOISE.integers(0, 4096, (25, 41), np.uint16)
COLOUR = NOISE.integers(0, 256, (24, 40, 3), np.uint8)
ALPHA = NOISE.integers(0, 256, (33, 300, 4), np.uint8)


def jpeg(colorspace: str = "YCBCR", subsampling: str = "444") -> bytes:
    return imagecodecs.jpeg8_encode(
        COLOUR, outcolorspace=colorspace, subsampling=subsampling, level=90
    )


def header(data: bytes) -> Codestream:
    found = read(data)
    assert found is not None
    return found


def without_markers(data: bytes, *markers: int) -> bytes:
    kept, position = bytearray(data[:2]), 2
    while data[position + 1] != 0xDA:
        (length,) = struct.unpack_from(">H", data, position + 2)
        if data[position + 1] not in markers:
            kept += data[position : position + 2 + length]
        position += 2 + length
    return bytes(kept) + data[position:]


@pytest.mark.parametrize("array", [GREY, COLOUR, ALPHA], ids=["grey", "colour", "alpha"])
@pytest.mark.parametrize(
    ("family", "options"),
    [
        ("jpeg-xl", {"lossless": True}),
        ("jpeg-xl", {"lossless": True, "usecontainer": True}),
        ("jpeg-xl", {"lossless": False, "distance": 1.0}),
    ],
    ids=["bare", "boxes", "lossy"],
)
def test_jpeg_xl_says_its_size(family: str, options: dict[str, object], array: np.ndarray) -> None:
    found = header(imagecodecs.jpegxl_encode(array, **options))

    samples = array.shape[2] if array.ndim == 3 else 1
    assert (found.family, found.rows, found.columns) == (family, *array.shape[:2])
    assert (found.samples_per_pixel, found.precision) == (samples, array.itemsize * 8)


@pytest.mark.parametrize("bits", [8, 9, 10, 12, 15, 16])
def test_jpeg_xl_says_its_precision(bits: int) -> None:
    array = (GREY & ((1 << bits) - 1)).astype(np.uint8 if bits == 8 else np.uint16)

    found = header(imagecodecs.jpegxl_encode(array, lossless=True, bitspersample=bits))

    assert found.precision == bits


@pytest.mark.parametrize(
    "shape", [(1, 1), (8, 8), (256, 256), (512, 512), (300, 400), (513, 1), (1200, 1600)]
)
def test_jpeg_xl_says_sizes_of_every_coding(shape: tuple[int, int]) -> None:
    found = header(imagecodecs.jpegxl_encode(np.zeros(shape, np.uint8), lossless=True))

    assert (found.rows, found.columns) == shape


def test_jpeg_xl_of_a_jpeg_holds_it() -> None:
    assert header(imagecodecs.jpegxl_encode_jpeg(jpeg())).holds_jpeg
    assert not header(imagecodecs.jpegxl_encode(COLOUR, lossless=True)).holds_jpeg


def test_the_header_of_jpeg_xl_may_be_cut_into_parts() -> None:
    bare = imagecodecs.jpegxl_encode(COLOUR, lossless=True)
    assert bare.startswith(b"\xff\x0a")
    parts = [bare[:3], bare[3:5], bare[5:]]
    boxes = b"".join(
        struct.pack(">I", 12 + len(part)) + b"jxlp" + struct.pack(">I", number) + part
        for number, part in enumerate(parts)
    )
    signature = b"\0\0\0\x0cJXL \r\n\x87\n"

    found = header(signature + b"\0\0\0\x14ftypjxl \0\0\0\0jxl " + boxes)

    assert found == header(bare)


def test_jpeg_xl_with_floating_point_samples_is_refused() -> None:
    with pytest.raises(Undecodable, match="floating point"):
        read(imagecodecs.jpegxl_encode(GREY.astype(np.float32), lossless=True))


@pytest.mark.parametrize("length", [2, 3, 5, 12, 20, 40])
def test_jpeg_xl_that_breaks_off_in_its_header_is_refused(length: int) -> None:
    whole = imagecodecs.jpegxl_encode(GREY, lossless=True)
    assert whole[4:8] == b"JXL "

    with pytest.raises(Undecodable, match="the header of its codestream"):
        read(imagecodecs.jpegxl_encode(COLOUR, lossless=True)[: min(length, 4)])
    with pytest.raises(Undecodable, match="the header of its codestream"):
        read(whole[: length + 12])


def test_jpeg_with_jfif_says_that_it_is_ybr() -> None:
    assert header(jpeg()).colors == "ybr"


def test_jpeg_without_any_marker_says_no_colours() -> None:
    assert header(without_markers(jpeg(), 0xE0, 0xEE)).colors is None


def test_jpeg_with_halved_chrominance_is_ybr_without_any_marker() -> None:
    assert header(without_markers(jpeg(subsampling="420"), 0xE0, 0xEE)).colors == "ybr"


@pytest.mark.parametrize(("transform", "colors"), [(1, "ybr"), (0, None)])
def test_jpeg_with_adobes_marker_says_what_it_says(transform: int, colors: str | None) -> None:
    bare = without_markers(jpeg(), 0xE0, 0xEE)
    adobe = b"\xff\xee\0\x0eAdobe\0\x64\0\0\0\0" + bytes([transform])

    assert header(bare[:2] + adobe + bare[2:]).colors == colors


def test_jpeg_ls_says_whether_it_is_near_lossless() -> None:
    assert header(imagecodecs.jpegls_encode(GREY)).exact
    assert not header(imagecodecs.jpegls_encode(GREY, level=2)).exact


@pytest.mark.parametrize("reversible", [True, False])
@pytest.mark.parametrize("encode", ["jpeg2k_encode", "htj2k_encode"])
def test_jpeg_2000_says_whether_its_wavelet_is_reversible(encode: str, reversible: bool) -> None:
    found = header(getattr(imagecodecs, encode)(COLOUR, reversible=reversible))

    assert found.exact == reversible


def test_an_irreversible_component_is_found_behind_the_default() -> None:
    data = imagecodecs.htj2k_encode(COLOUR, reversible=True)
    position = data.index(b"\xff\x52")
    (length,) = struct.unpack_from(">H", data, position + 2)
    levels_to_wavelet = data[position + 9 : position + 13] + b"\0"
    component = b"\xff\x53" + struct.pack(">HBB", 9, 1, 0) + levels_to_wavelet
    behind = position + 2 + length

    assert header(data).exact
    assert not header(data[:behind] + component + data[behind:]).exact


def test_an_irreversible_tile_is_found_behind_the_main_header() -> None:
    data = imagecodecs.htj2k_encode(COLOUR, reversible=True, tile=(16, 16))
    position = data.index(b"\xff\x52")
    (length,) = struct.unpack_from(">H", data, position + 2)
    style = bytearray(data[position : position + 2 + length])
    style[13] = 0
    tile_part = data.rindex(b"\xff\x90\0\x0a")
    (tile_part_bytes,) = struct.unpack_from(">I", data, tile_part + 6)
    longer = struct.pack(">I", tile_part_bytes + len(style))
    changed = data[: tile_part + 6] + longer + data[tile_part + 10 : tile_part + 12]

    assert header(data).exact
    assert not header(changed + bytes(style) + data[tile_part + 12 :]).exact


def test_jpeg_2000_that_promises_a_million_tiles_is_refused() -> None:
    data = bytearray(imagecodecs.jpeg2k_encode(GREY, reversible=True, codecformat="j2k"))
    position = data.index(b"\xff\x51") + 6
    struct.pack_into(">II", data, position, 30000, 30000)
    struct.pack_into(">II", data, position + 16, 16, 16)

    with pytest.raises(Undecodable, match="more tiles or precincts"):
        read(bytes(data))


def test_jpeg_2000_with_tiles_of_no_size_is_refused() -> None:
    data = bytearray(imagecodecs.jpeg2k_encode(GREY, reversible=True, codecformat="j2k"))
    struct.pack_into(">II", data, data.index(b"\xff\x51") + 22, 0, 0)

    with pytest.raises(Undecodable, match="more tiles or precincts"):
        read(bytes(data))


def test_jpeg_2000_says_whether_its_components_are_subsampled() -> None:
    data = bytearray(imagecodecs.jpeg2k_encode(COLOUR, reversible=True, codecformat="j2k"))
    assert not header(bytes(data)).subsampled

    data[data.index(b"\xff\x51") + 2 + 38 + 3 + 1] = 2

    assert header(bytes(data)).subsampled


def test_other_bytes_are_no_codestream() -> None:
    assert read(b"\0" * 100) is None
    assert read(b"") is None
