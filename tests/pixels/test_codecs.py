"""Each codec gives what went in; what contradicts its header is refused before it runs."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom.encaps import generate_frames
from pydicom.pixels import get_encoder
from pydicom.uid import RLELossless

from imageid_loaders.errors import TooLarge, Undecodable, Unsupported
from pixels.material import dataset, decoded, encoded, part10, path_of

NOISE = np.random.default_rng(1)
GREY = NOISE.integers(0, 4096, (24, 40), np.uint16)
SIGNED = NOISE.integers(-2048, 2048, (24, 40)).astype(np.int16)
COLOUR = NOISE.integers(0, 256, (24, 40, 3), np.uint8)
# A smooth picture that saturates: what a lossy codec overshoots.
EDGES = np.where(np.add.outer(np.arange(96), np.arange(96)) % 32 < 16, 255, 0).astype(np.uint8)

SYNTAX = "1.2.840.10008.1.2.4."


def write(path: Path, frame: bytes, syntax: str, array: np.ndarray, **attributes: Any) -> Path:
    colour = array.ndim == 3
    return part10(
        path,
        [frame],
        syntax,
        **{
            "Rows": array.shape[0],
            "Columns": array.shape[1],
            "SamplesPerPixel": 3 if colour else 1,
            "PhotometricInterpretation": "RGB" if colour else "MONOCHROME2",
            "BitsAllocated": array.dtype.itemsize * 8,
            "PixelRepresentation": int(array.dtype.kind == "i"),
            **({"PlanarConfiguration": 0} if colour else {}),
            **attributes,
        },
    )


LOSSLESS: list[tuple[str, Callable[[np.ndarray], bytes]]] = [
    ("57", lambda array: imagecodecs.jpeg8_encode(array, lossless=True)),
    ("70", lambda array: imagecodecs.jpeg8_encode(array, lossless=True, predictor=1)),
    ("80", imagecodecs.jpegls_encode),
    ("90", lambda array: imagecodecs.jpeg2k_encode(array, reversible=True, codecformat="j2k")),
    ("91", lambda array: imagecodecs.jpeg2k_encode(array, reversible=True, codecformat="j2k")),
    ("201", lambda array: imagecodecs.htj2k_encode(array, reversible=True)),
    ("202", lambda array: imagecodecs.htj2k_encode(array, reversible=True)),
    ("203", lambda array: imagecodecs.htj2k_encode(array, reversible=True)),
]


@pytest.mark.parametrize("array", [GREY, COLOUR], ids=["grey", "colour"])
@pytest.mark.parametrize(("number", "encode"), LOSSLESS, ids=[number for number, _ in LOSSLESS])
def test_a_lossless_syntax_gives_what_went_in(
    number: str, encode: Callable[[np.ndarray], bytes], array: np.ndarray, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.dcm", encode(array), SYNTAX + number, array)

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, array)


@pytest.mark.parametrize("array", [GREY, COLOUR], ids=["grey", "colour"])
def test_run_lengths_give_what_went_in(array: np.ndarray, tmp_path: Path) -> None:
    frame = get_encoder(RLELossless).encode(
        array,
        rows=24,
        columns=40,
        samples_per_pixel=3 if array.ndim == 3 else 1,
        bits_allocated=array.dtype.itemsize * 8,
        bits_stored=array.dtype.itemsize * 8,
        pixel_representation=0,
        photometric_interpretation="RGB" if array.ndim == 3 else "MONOCHROME2",
        number_of_frames=1,
        planar_configuration=0,
    )
    path = write(tmp_path / "a.dcm", frame, RLELossless, array)

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, array)


@pytest.mark.parametrize("number", ["57", "70", "80"])
def test_codecs_without_a_sign_give_negative_samples(number: str, tmp_path: Path) -> None:
    encode = dict(LOSSLESS)[number]
    path = write(
        tmp_path / "a.dcm", encode(SIGNED.view(np.uint16)), SYNTAX + number, SIGNED, BitsStored=12
    )

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, SIGNED)


@pytest.mark.parametrize("number", ["90", "201"])
def test_a_signed_codestream_gives_negative_samples(number: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", dict(LOSSLESS)[number](SIGNED), SYNTAX + number, SIGNED)

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, SIGNED)


def test_lossy_high_throughput_jpeg_2000_clamps_what_overshoots(tmp_path: Path) -> None:
    colour = np.stack([EDGES] * 3, axis=2)
    frame = imagecodecs.htj2k_encode(colour, reversible=False, level=0.02)
    path = write(tmp_path / "a.dcm", frame, SYNTAX + "203", colour)

    found, _ = decoded(encoded(path), tmp_path)

    assert not np.array_equal(found, colour)  # it is lossy
    assert np.abs(found.astype(int) - colour).max() < 128  # and white stays white


def test_lossy_samples_above_bits_stored_are_cut_there_not_wrapped(tmp_path: Path) -> None:
    beyond = np.where(EDGES == 255, 4100, 0).astype(np.uint16)
    frame = imagecodecs.jpeg2k_encode(beyond, level=80, reversible=False, codecformat="j2k")
    path = write(tmp_path / "a.dcm", frame, SYNTAX + "91", beyond, BitsStored=12)

    found, _ = decoded(encoded(path), tmp_path)

    assert found.max() == 4095
    assert (found[beyond == 4100] > 4000).all()


def test_lossless_samples_above_bits_stored_are_overlay_bits(tmp_path: Path) -> None:
    overlaid = GREY | 0x8000
    path = write(
        tmp_path / "a.dcm", dict(LOSSLESS)["90"](overlaid), SYNTAX + "90", overlaid, BitsStored=12
    )

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, GREY)


def test_a_codestream_with_fewer_bits_than_allocated_fills_the_type(tmp_path: Path) -> None:
    narrow = GREY.astype(np.uint8)
    path = write(tmp_path / "a.dcm", imagecodecs.jpegls_encode(narrow), SYNTAX + "80", GREY)

    found, _ = decoded(encoded(path), tmp_path)

    assert found.dtype == np.uint16
    assert np.array_equal(found, narrow)


def test_stored_colour_keeps_ybr_and_default_colour_gives_rgb(tmp_path: Path) -> None:
    name = "SC_rgb_dcmtk_+eb+cy+np.dcm"

    ybr, stored = decoded(encoded(name), tmp_path, "stored")
    rgb, default = decoded(encoded(name), tmp_path)

    assert stored.metadata.photometric_interpretation == "YBR_FULL"
    assert default.metadata.photometric_interpretation == "RGB"
    assert not np.array_equal(ybr, rgb)


@pytest.mark.parametrize(
    "syntax",
    [
        pytest.param("1.2.840.10008.1.2.4.102", id="MPEG-4"),
        pytest.param("1.2.840.10008.1.2.4.107", id="HEVC"),
        pytest.param("1.2.840.10008.1.2.4.94", id="JPIP"),
        pytest.param("1.2.3", id="unknown"),
    ],
)
def test_a_syntax_without_codec_is_unsupported_by_name(syntax: str, tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", b"\0" * 64, syntax, GREY)

    with pytest.raises(Unsupported, match=syntax) as refusal:
        decoded(encoded(path), tmp_path)

    assert refusal.value.metadata == {"transfer_syntax_uid": syntax}


@pytest.mark.parametrize("number", ["57", "80", "90", "201"])
def test_a_codestream_of_another_size_than_the_header_is_refused(
    number: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.dcm", dict(LOSSLESS)[number](GREY), SYNTAX + number, GREY, Rows=25)

    with pytest.raises(Undecodable, match=r"holds 24 rows, 40 columns .* says 25 rows"):
        decoded(encoded(path), tmp_path)


def test_a_codestream_of_another_family_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", imagecodecs.jpegls_encode(GREY), SYNTAX + "90", GREY)

    with pytest.raises(Undecodable, match="not what its transfer syntax says"):
        decoded(encoded(path), tmp_path)


def test_a_frame_beyond_the_limit_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    codestream = bytearray(dict(LOSSLESS)["90"](GREY))
    at = codestream.index(b"\xff\x51") + 6
    codestream[at : at + 8] = struct.pack(">II", 65535, 65535)
    path = write(
        tmp_path / "a.dcm", bytes(codestream), SYNTAX + "90", GREY, Rows=65535, Columns=65535
    )

    with pytest.raises(TooLarge, match="limit of 536870912"):
        decoded(encoded(path), tmp_path)


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(struct.pack("<16I", 2, 64, 0xFFFFFFF0, *[0] * 13), id="offset beyond the end"),
        pytest.param(struct.pack("<16I", 2, 80, 70, *[0] * 13), id="offsets descend"),
        pytest.param(struct.pack("<16I", 2, 8, 70, *[0] * 13), id="offset inside the header"),
        pytest.param(struct.pack("<16I", 16, *range(64, 79)), id="more segments than offsets"),
        pytest.param(struct.pack("<16I", 1, 64, *[0] * 14), id="too few segments"),
        pytest.param(b"\2\0\0\0", id="no header"),
    ],
)
def test_broken_run_length_headers_are_refused(broken: bytes, tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", broken + b"\0" * 100, RLELossless, GREY)

    with pytest.raises(Undecodable, match="header of its RLE data"):
        decoded(encoded(path), tmp_path)


@pytest.mark.parametrize("name", ["693_J2KI.dcm", "SC_rgb_jpeg_dcmtk.dcm", "MR_small_RLE.dcm"])
def test_a_codestream_that_breaks_off_or_is_damaged_never_escapes_as_another_error(
    name: str, tmp_path: Path
) -> None:
    source = dataset(path_of(name))
    frame = next(iter(generate_frames(source.PixelData, number_of_frames=1)))
    syntax = source.file_meta.TransferSyntaxUID
    noise = np.random.default_rng(2)
    refused = 0

    for _ in range(40):
        mutant = bytearray(frame[: noise.integers(20, len(frame))])
        for position in noise.integers(0, len(mutant), 3):
            mutant[position] = noise.integers(0, 256)
        array = np.zeros((source.Rows, source.Columns), np.uint8)
        path = write(
            tmp_path / "a.dcm",
            bytes(mutant),
            syntax,
            array,
            BitsAllocated=source.BitsAllocated,
            SamplesPerPixel=source.SamplesPerPixel,
            PhotometricInterpretation=source.PhotometricInterpretation,
            PlanarConfiguration=0,
        )
        try:
            found, _ = decoded(encoded(path), tmp_path)
            assert found.shape[:2] == array.shape
        except (Undecodable, TooLarge):
            refused += 1

    assert refused > 0
