"""Each codec gives what went in; what contradicts its header is refused before it runs."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom.encaps import generate_frames
from pydicom.pixels import get_encoder
from pydicom.uid import RLELossless

from imageid_daemon.pixels import codestream_header
from imageid_loaders.errors import TooLarge, Undecodable, Unsupported
from pixels.conftest import Count
from pixels.material import dataset, decoded, encoded, grey, part10, path_of

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
    ("110", lambda array: imagecodecs.jpegxl_encode(array, lossless=True)),
    ("112", lambda array: imagecodecs.jpegxl_encode(array, lossless=True)),
]


@pytest.mark.parametrize("array", [GREY, COLOUR], ids=["grey", "colour"])
@pytest.mark.parametrize(("number", "encode"), LOSSLESS, ids=[number for number, _ in LOSSLESS])
def test_a_lossless_syntax_gives_what_went_in(
    number: str,
    encode: Callable[[np.ndarray], bytes],
    array: np.ndarray,
    tmp_path: Path,
    count: Count,
) -> None:
    path = write(tmp_path / "a.dcm", encode(array), SYNTAX + number, array)

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, array)
    count(path, f"{number} of {array.shape}", "exact")


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


@pytest.mark.parametrize("number", ["57", "70", "80", "110"])
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


@pytest.mark.parametrize("number", ["201", "202", "203"])
def test_lossy_high_throughput_jpeg_2000_clamps_what_overshoots_whatever_its_label(
    number: str, tmp_path: Path
) -> None:
    colour = np.stack([EDGES] * 3, axis=2)
    frame = imagecodecs.htj2k_encode(colour, reversible=False, level=0.02)
    path = write(tmp_path / "a.dcm", frame, SYNTAX + number, colour)

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


@pytest.mark.parametrize("number", ["57", "80", "90", "201", "110"])
def test_a_codestream_of_another_size_than_the_header_is_refused(
    number: str, tmp_path: Path
) -> None:
    path = write(tmp_path / "a.dcm", dict(LOSSLESS)[number](GREY), SYNTAX + number, GREY, Rows=25)

    with pytest.raises(Undecodable, match=r"holds 24 rows, 40 columns .* says 25 rows"):
        decoded(encoded(path), tmp_path)


NATIVE = "1.2.840.10008.1.2.1"
LABELS = [
    *(SYNTAX + number for number in ("57", "80", "90", "201", "110")),
    RLELossless,
    "1.2.840.10008.1.2",
    NATIVE,
    "1.2.840.10008.1.2.1.98",
    "1.2.840.10008.1.2.8.1",
]


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("array", [GREY, COLOUR], ids=["grey", "colour"])
@pytest.mark.parametrize("number", ["57", "80", "90", "201", "110"])
def test_a_codestream_under_the_label_of_another_family_is_decoded_as_what_it_is(
    number: str, array: np.ndarray, label: str, tmp_path: Path
) -> None:
    frame = dict(LOSSLESS)[number](array)
    stream = codestream_header.read(frame)
    assert stream is not None
    attributes = {"BitsStored": stream.precision}
    path = write(tmp_path / "a.dcm", frame, label, array, **attributes)

    found, description = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, array)
    assert description.metadata.transfer_syntax_uid == label


@pytest.mark.parametrize("label", [SYNTAX + "57", SYNTAX + "90", NATIVE])
@pytest.mark.parametrize("array", [GREY, COLOUR], ids=["grey", "colour"])
def test_run_lengths_under_another_label_are_decoded_as_what_they_are(
    label: str, array: np.ndarray, tmp_path: Path
) -> None:
    octets = array.astype(">u2").view(np.uint8) if array.ndim == 2 else array
    planes = octets.reshape(24 * 40, -1).T
    frame = run_lengths(*(literal(plane.tobytes()) for plane in planes))
    path = write(tmp_path / "a.dcm", frame, label, array)

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, array)


def test_uncompressed_samples_in_items_are_read_under_an_uncompressed_label(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", GREY.tobytes(), NATIVE, GREY)

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, GREY)


def test_items_under_an_uncompressed_label_that_hold_something_else_are_refused(
    tmp_path: Path,
) -> None:
    # More bytes than the samples have: to read the first of them would be to make them up.
    path = write(tmp_path / "a.dcm", GREY.tobytes() + bytes(100), NATIVE, GREY)

    with pytest.raises(Undecodable, match="not what its transfer syntax says"):
        decoded(encoded(path), tmp_path)


def items_with_a_length(path: Path) -> Path:
    """Give the pixel data of an explicit file a length, and no delimiter."""
    data = path.read_bytes()
    at = data.index(b"\xe0\x7f\x10\0OB\0\0") + 8
    assert data.endswith(b"\xfe\xff\xdd\xe0\0\0\0\0")
    items = data[at + 4 : -8]
    path.write_bytes(data[:at] + len(items).to_bytes(4, "little") + items)
    return path


def test_items_under_an_uncompressed_label_may_have_a_length(tmp_path: Path) -> None:
    frame = imagecodecs.jpegls_encode(GREY)
    path = items_with_a_length(write(tmp_path / "a.dcm", frame, NATIVE, GREY))

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, GREY)


@pytest.mark.parametrize(
    "beginning",
    [b"\xfe\xff\0\xe0", b"\xfe\xff\0\xe0\0\0\0\0", b"\xfe\xff\0\xe0\0\0\0\0" * 2],
    ids=["an item", "a table", "an empty frame"],
)
def test_uncompressed_samples_that_begin_like_items_are_samples(
    beginning: bytes, tmp_path: Path
) -> None:
    samples = np.frombuffer(beginning + GREY.tobytes()[len(beginning) :], np.uint16)
    path = grey(tmp_path / "a.dcm", samples.reshape(GREY.shape))

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, samples.reshape(GREY.shape))


@pytest.mark.parametrize("frames", [2, 3])
def test_frames_under_the_label_of_run_lengths_are_told_apart_by_their_codestreams(
    frames: int, tmp_path: Path
) -> None:
    codestreams = [imagecodecs.jpegls_encode(GREY + number) for number in range(frames)]
    halves = [part for each in codestreams for part in (each[:600], each[600:])]
    path = part10(
        tmp_path / "a.dcm",
        halves,
        RLELossless,
        offset_table=False,
        Rows=24,
        Columns=40,
        BitsAllocated=16,
        BitsStored=codestream_header.read(codestreams[-1]).precision,
        NumberOfFrames=frames,
    )

    found, _ = decoded(encoded(path, frames), tmp_path)

    assert np.array_equal(found, GREY + frames - 1)


def test_a_codestream_of_another_family_and_depth_is_refused(tmp_path: Path) -> None:
    frame = imagecodecs.jpegls_encode(GREY.astype(np.uint8))
    path = write(tmp_path / "a.dcm", frame, SYNTAX + "90", GREY, BitsStored=7)

    with pytest.raises(Undecodable, match="not what its transfer syntax says"):
        decoded(encoded(path), tmp_path)


def test_what_is_no_codestream_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.dcm", b"no codestream", SYNTAX + "90", GREY)

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


def test_tiny_colour_images_are_not_taken_for_planes(tmp_path: Path) -> None:
    tiny = NOISE.integers(0, 256, (3, 3, 3), np.uint8)
    frame = imagecodecs.htj2k_encode(tiny, reversible=True, rgb=False)
    path = write(tmp_path / "a.dcm", frame, SYNTAX + "201", tiny)

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, tiny)


def test_a_deflated_frame_gives_what_went_in(tmp_path: Path, count: Count) -> None:
    machine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    frame = machine.compress(GREY.tobytes()) + machine.flush()
    path = write(tmp_path / "a.dcm", frame, "1.2.840.10008.1.2.8.1", GREY)

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, GREY)
    count(path, "deflated frame", "exact")


def test_a_deflated_frame_larger_than_its_samples_is_refused(tmp_path: Path) -> None:
    machine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    frame = machine.compress(bytes(1 << 20)) + machine.flush()
    path = write(tmp_path / "a.dcm", frame, "1.2.840.10008.1.2.8.1", GREY)

    with pytest.raises(TooLarge, match="inflates to more than 1984 bytes"):
        decoded(encoded(path), tmp_path)


def run_lengths(*segments: bytes, count: int | None = None) -> bytes:
    starts = [64 + sum(map(len, segments[:index])) for index in range(len(segments))]
    header = [len(segments) if count is None else count, *starts, *[0] * (15 - len(segments))]
    return struct.pack("<16I", *header) + b"".join(segments)


def literal(octets: bytes) -> bytes:
    parts = [octets[start : start + 128] for start in range(0, len(octets), 128)]
    return b"".join(bytes([len(part) - 1]) + part for part in parts)


@pytest.mark.parametrize("padding", [b"\0", b"\0" * 3, b"\0" * 40, b"\x80\0", b"\xff\0", b"\xff"])
def test_segments_may_be_padded(padding: bytes, tmp_path: Path) -> None:
    narrow = GREY.astype(np.uint8)
    frame = run_lengths(literal(narrow.tobytes()) + padding)
    path = write(tmp_path / "a.dcm", frame, RLELossless, narrow)

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, narrow)


def test_segments_beyond_those_of_the_samples_are_left_out(tmp_path: Path) -> None:
    narrow = GREY.astype(np.uint8)
    frame = run_lengths(literal(narrow.tobytes()), literal(bytes(960)))
    path = write(tmp_path / "a.dcm", frame, RLELossless, narrow)

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, narrow)


def test_a_segment_that_is_too_short_is_refused(tmp_path: Path) -> None:
    narrow = GREY.astype(np.uint8)
    frame = run_lengths(literal(narrow.tobytes()[:-5]))
    path = write(tmp_path / "a.dcm", frame, RLELossless, narrow)

    with pytest.raises(Undecodable, match="RLE segments are too short"):
        decoded(encoded(path), tmp_path)


def test_a_segment_that_unpacks_to_more_than_its_samples_is_cut(tmp_path: Path) -> None:
    narrow = GREY.astype(np.uint8)
    path = write(tmp_path / "a.dcm", run_lengths(b"\x81\7" * 100000), RLELossless, narrow)

    found, _ = decoded(encoded(path), tmp_path)

    assert (found == 7).all()


@pytest.mark.parametrize("signed", [0, 1])
def test_an_8_bit_jpeg_of_an_image_of_16_bits_keeps_its_numbers(
    signed: int, tmp_path: Path
) -> None:
    path = write(
        tmp_path / "a.dcm",
        imagecodecs.jpeg8_encode(EDGES, level=95),
        SYNTAX + "50",
        EDGES.astype(np.uint16),
        PixelRepresentation=signed,
    )

    found, _ = decoded(encoded(path), tmp_path)

    assert found.dtype == ("int16" if signed else "uint16")
    assert found.min() >= 0
    assert found.max() == 255


@pytest.mark.parametrize("number", ["80", "90"])
def test_twos_complement_cut_to_the_precision_of_its_codestream_is_signed_again(
    number: str, tmp_path: Path
) -> None:
    cut = SIGNED.view(np.uint16) & 0x0FFF
    frame = (
        imagecodecs.jpegls_encode(cut)
        if number == "80"
        else imagecodecs.jpeg2k_encode(cut, reversible=True, codecformat="j2k", bitspersample=12)
    )
    # dcmtk and Kakadu write the precision that the samples need, whatever BitsStored says.
    path = write(
        tmp_path / "a.dcm", frame, SYNTAX + number, SIGNED, BitsStored=16 if number == "90" else 12
    )

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, SIGNED)


def test_a_signed_codestream_of_unsigned_samples_is_unsigned_again(tmp_path: Path) -> None:
    frame = imagecodecs.jpeg2k_encode(SIGNED, reversible=True, codecformat="j2k", bitspersample=12)
    path = write(tmp_path / "a.dcm", frame, SYNTAX + "90", GREY, BitsStored=12)

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, SIGNED.view(np.uint16) & 0x0FFF)


def test_a_codestream_of_more_bits_than_allocated_is_refused(tmp_path: Path) -> None:
    frame = dict(LOSSLESS)["90"](GREY)
    path = write(tmp_path / "a.dcm", frame, SYNTAX + "90", GREY.astype(np.uint8))

    with pytest.raises(Undecodable, match="16 bits a sample and its header 8"):
        decoded(encoded(path), tmp_path)


BREAKING_OFF: list[tuple[str, Callable[[np.ndarray], bytes]]] = [
    *LOSSLESS,
    ("50", lambda array: imagecodecs.jpeg8_encode(array, level=90)),
    ("51", lambda array: imagecodecs.jpeg8_encode(array, level=90)),
]


@pytest.mark.parametrize("lost_bytes", [4, 8, 200])
@pytest.mark.parametrize(
    ("number", "encode"), BREAKING_OFF, ids=[number for number, _ in BREAKING_OFF]
)
def test_a_codestream_that_breaks_off_is_refused_not_filled_up(
    number: str, encode: Callable[[np.ndarray], bytes], lost_bytes: int, tmp_path: Path
) -> None:
    array = COLOUR if number in ("50", "80") else GREY
    path = write(tmp_path / "a.dcm", encode(array)[:-lost_bytes], SYNTAX + number, array)

    with pytest.raises(Undecodable):
        decoded(encoded(path), tmp_path)


@pytest.mark.parametrize("number", ["50", "57", "70"])
def test_a_jpeg_that_lacks_its_end_alone_is_whole(number: str, tmp_path: Path) -> None:
    frame = dict(BREAKING_OFF)[number](COLOUR)
    whole = write(tmp_path / "whole.dcm", frame, SYNTAX + number, COLOUR)
    endless = write(tmp_path / "endless.dcm", frame[:-2], SYNTAX + number, COLOUR)

    found, _ = decoded(encoded(endless), tmp_path)

    assert np.array_equal(found, decoded(encoded(whole), tmp_path)[0])


def test_high_throughput_jpeg_2000_of_32_bits_gives_what_went_in(tmp_path: Path) -> None:
    wide = NOISE.integers(0, 2**32, (24, 40), np.uint32)
    frame = imagecodecs.htj2k_encode(wide, reversible=True)
    path = write(tmp_path / "a.dcm", frame, SYNTAX + "201", wide)

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, wide)


def test_jpeg_2000_with_subsampled_components_is_refused(tmp_path: Path) -> None:
    frame = bytearray(dict(LOSSLESS)["90"](COLOUR))
    frame[frame.index(b"\xff\x51") + 2 + 38 + 3 + 1] = 2
    path = write(tmp_path / "a.dcm", bytes(frame), SYNTAX + "90", COLOUR)

    with pytest.raises(Undecodable, match="subsampled"):
        decoded(encoded(path), tmp_path)


def test_jpeg_of_four_components_is_unsupported(tmp_path: Path) -> None:
    four = NOISE.integers(0, 256, (24, 40, 4), np.uint8)
    frame = imagecodecs.jpeg8_encode(four, colorspace="CMYK", outcolorspace="CMYK")
    path = write(tmp_path / "a.dcm", frame, SYNTAX + "50", four, SamplesPerPixel=4)

    with pytest.raises(Unsupported, match="four components"):
        decoded(encoded(path), tmp_path)


def test_samples_that_are_not_interleaved_are_turned_once(tmp_path: Path) -> None:
    found, description = decoded(encoded("SC_rgb_rle.dcm"), tmp_path)

    assert found.flags.c_contiguous
    assert description.metadata.planar_configuration == 0


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
