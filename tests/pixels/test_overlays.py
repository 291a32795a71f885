"""Overlay planes as data (PS3.3 C.9.2, C.9.3; PS3.5 8.1.2)."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.pixels import get_encoder
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, RLELossless

from imageid_daemon.pixels import Encoded, describe, dicom_json, limits
from imageid_daemon.pixels.description import ImageMetadata
from imageid_daemon.pixels.metadata_modules import Overlay
from pixels.material import dataset, decoded, encoded, grey, part10

NUMBERS = np.random.default_rng(60)


def planes(count: int, rows: int, columns: int) -> np.ndarray:
    return NUMBERS.integers(0, 2, (count, rows, columns), np.uint8)


def packed(bits: np.ndarray) -> bytes:
    data = np.packbits(bits, bitorder="little").tobytes()
    return data + b"\0" * (len(data) % 2)


def bits_of(overlay: Overlay) -> np.ndarray:
    data = np.frombuffer(overlay.data, np.uint8)
    count = overlay.rows * overlay.columns
    assert len(overlay.data) == (count + 7) // 8
    return np.unpackbits(data, count=count, bitorder="little").reshape(
        overlay.rows, overlay.columns
    )


def with_overlay(path: Path, group: int, rows: int, columns: int, **elements: Any) -> Path:
    """Add an overlay group; elements are (VR, value) by hexadecimal number."""
    image = dcmread(path)
    known = {"x0010": ("US", rows), "x0011": ("US", columns), "x0050": ("SS", [1, 1])}
    for number, (vr, value) in (known | elements).items():
        image.add_new(group << 16 | int(number[1:], 16), vr, value)
    image.save_as(path)
    return path


def image(path: Path, **attributes: Any) -> Path:
    return grey(path, np.zeros((4, 6), np.uint16), **attributes)


def the_overlay(path: Path | Encoded, frame: int | None = None) -> Overlay:
    what = path if isinstance(path, Encoded) else encoded(path, frame)
    (overlay,) = describe(what).overlays
    return overlay


def test_a_plane_has_its_bits_and_facts(tmp_path: Path) -> None:
    (bits,) = planes(1, 3, 5)
    path = with_overlay(
        image(tmp_path / "a.dcm"),
        0x6002,
        3,
        5,
        x0040=("CS", "R"),
        x0050=("SS", [-1, 2]),
        x0022=("LO", "lesion"),
        x0045=("LO", "USER"),
        x1500=("LO", "ROI 1"),
        x1301=("IS", "15"),
        x1302=("DS", "2.5"),
        x3000=("OW", packed(bits)),
    )

    found = the_overlay(path)

    assert (bits_of(found) == bits).all()
    assert (found.group, found.origin_row, found.origin_column, found.type) == (0x6002, -1, 2, "R")
    assert (found.label, found.description, found.subtype) == ("ROI 1", "lesion", "USER")
    assert (found.roi_area, found.roi_mean, found.roi_standard_deviation) == (15.0, 2.5, None)
    assert not found.embedded


def test_every_group_may_hold_one(tmp_path: Path) -> None:
    path = image(tmp_path / "a.dcm")
    for group in range(0x6000, 0x6020, 2):
        with_overlay(path, group, 4, 6, x3000=("OW", packed(planes(1, 4, 6))))

    found = describe(encoded(path)).overlays

    assert [overlay.group for overlay in found] == list(range(0x6000, 0x6020, 2))


@pytest.mark.parametrize("frame", [1, 2, 3, 4, 5])
def test_a_frame_has_its_own_plane_of_several(tmp_path: Path, frame: int) -> None:
    bits = planes(3, 3, 5)
    path = with_overlay(
        image(tmp_path / "a.dcm", Rows=1, NumberOfFrames=4),
        0x6000,
        3,
        5,
        x0015=("IS", "3"),
        x0051=("US", 2),
        x3000=("OW", packed(bits)),
    )
    if frame == 5:
        image_of_five = dcmread(path)
        image_of_five.NumberOfFrames = 5
        image_of_five.save_as(path)

    found = describe(encoded(path, frame)).overlays

    if 2 <= frame <= 4:
        assert (bits_of(found[0]) == bits[frame - 2]).all()
    else:
        assert found == ()


def test_one_plane_without_a_count_belongs_to_every_frame(tmp_path: Path) -> None:
    path = with_overlay(
        image(tmp_path / "a.dcm", Rows=1, NumberOfFrames=4),
        0x6000,
        1,
        6,
        x3000=("OW", b"\x2a\0"),
    )

    assert the_overlay(path, 1) == the_overlay(path, 4)


@pytest.mark.parametrize(
    ("syntax", "vr"),
    [(ImplicitVRLittleEndian, "OW"), (ExplicitVRBigEndian, "OW"), (ExplicitVRBigEndian, "OB")],
)
def test_the_order_of_bytes_does_not_change_the_bits(tmp_path: Path, syntax: str, vr: str) -> None:
    (bits,) = planes(1, 4, 6)
    stored = packed(bits)
    if syntax == ExplicitVRBigEndian and vr == "OW":
        stored = np.frombuffer(stored, "<u2").astype(">u2").tobytes()
    path = part10(
        tmp_path / "a.dcm", bytes(48), syntax, Rows=4, Columns=6, BitsAllocated=16, BitsStored=16
    )
    with_overlay(path, 0x6000, 4, 6, x3000=(vr, stored))

    assert (bits_of(the_overlay(path)) == bits).all()


def test_a_plane_whose_data_break_off_is_left_out(tmp_path: Path) -> None:
    path = with_overlay(image(tmp_path / "a.dcm"), 0x6000, 9, 9, x3000=("OW", bytes(10)))

    assert describe(encoded(path)).overlays == ()


def test_more_than_fits_into_a_message_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = image(tmp_path / "a.dcm")
    for group in (0x6000, 0x6002, 0x6004):
        with_overlay(path, group, 80, 100, x3000=("OW", bytes(1000)))
    monkeypatch.setattr(limits, "METADATA_BULK_LIMIT_BYTES", 5 * 0x20000 + 2500)

    assert [each.group for each in describe(encoded(path)).overlays] == [0x6000, 0x6002]


def test_the_origin_s_document_gives_the_same(tmp_path: Path) -> None:
    path = with_overlay(
        image(tmp_path / "a.dcm"), 0x6000, 4, 6, x0040=("CS", "G"), x3000=("OW", b"\1\2\3\4")
    )
    document = dicom_json(encoded(path))

    assert the_overlay(Encoded("", "", dicom_json=document)) == the_overlay(path)


@pytest.mark.parametrize("name", ["MR-SIEMENS-DICOM-WithOverlays.dcm", "examples_overlay.dcm"])
def test_real_overlays_are_those_of_pydicom(name: str) -> None:
    source = dataset(name)

    found = describe(encoded(name)).overlays

    assert found
    for overlay in found:
        assert (bits_of(overlay) == source.overlay_array(overlay.group)).all()


def embedded(path: Path, words: np.ndarray, place: int = 12, **attributes: Any) -> Path:
    grey(path, words, BitsStored=12, HighBit=11, **attributes)
    return with_overlay(
        path,
        0x6000,
        attributes.get("Rows", words.shape[0]),
        words.shape[1],
        x0100=("US", 16),
        x0102=("US", place),
    )


def overlays_both_ways(path: Path, folder: Path, frame: int = 1) -> list[tuple[Overlay, ...]]:
    loaded: ImageMetadata = decoded(encoded(path, frame), folder)[1].metadata
    return [describe(encoded(path, frame)).overlays, loaded.overlays]


def test_bits_above_the_samples_are_an_overlay(tmp_path: Path) -> None:
    (bits,) = planes(1, 5, 7)
    samples = NUMBERS.integers(0, 4096, (5, 7), np.uint16)
    path = embedded(tmp_path / "a.dcm", samples | bits.astype(np.uint16) << 12)

    for found in overlays_both_ways(path, tmp_path):
        assert [each.embedded for each in found] == [True]
        assert (bits_of(found[0]) == bits).all()


def test_each_frame_has_its_own_embedded_overlay(tmp_path: Path) -> None:
    bits = planes(2, 3, 5)
    path = embedded(
        tmp_path / "a.dcm", bits.reshape(6, 5).astype(np.uint16) << 12, Rows=3, NumberOfFrames=2
    )

    for found in overlays_both_ways(path, tmp_path, frame=2):
        assert (bits_of(found[0]) == bits[1]).all()


def test_bits_of_the_samples_are_no_overlay(tmp_path: Path) -> None:
    path = embedded(tmp_path / "a.dcm", np.full((2, 2), 0x0FFF, np.uint16), place=11)

    assert overlays_both_ways(path, tmp_path) == [(), ()]


def test_without_the_pixel_data_embedded_overlays_are_absent(tmp_path: Path) -> None:
    path = embedded(tmp_path / "a.dcm", np.full((50, 50), 0xF000, np.uint16))
    path.write_bytes(path.read_bytes()[:-100])

    found = describe(encoded(path))

    assert found.overlays == ()
    assert found.rows == 50


def run_lengths(words: np.ndarray) -> bytes:
    return get_encoder(RLELossless).encode(
        words,
        rows=words.shape[0],
        columns=words.shape[1],
        samples_per_pixel=1,
        bits_allocated=16,
        bits_stored=16,
        pixel_representation=0,
        photometric_interpretation="MONOCHROME2",
        number_of_frames=1,
    )


def deflated(words: np.ndarray) -> bytes:
    machine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return machine.compress(words.tobytes()) + machine.flush()


def wavelet(words: np.ndarray, bits: int = 16) -> bytes:
    return imagecodecs.jpeg2k_encode(words, reversible=True, codecformat="j2k", bitspersample=bits)


KEEPING: dict[str, Callable[[np.ndarray], bytes]] = {
    "5": run_lengths,
    "8.1": deflated,
    "4.57": lambda words: imagecodecs.jpeg8_encode(words, lossless=True, bitspersample=16),
    "4.70": lambda words: imagecodecs.jpeg8_encode(
        words, lossless=True, predictor=1, bitspersample=16
    ),
    "4.80": imagecodecs.jpegls_encode,
    "4.81": imagecodecs.jpegls_encode,
    "4.90": wavelet,
    "4.201": lambda words: imagecodecs.htj2k_encode(words, reversible=True),
    "4.202": lambda words: imagecodecs.htj2k_encode(words, reversible=True),
    "4.110": lambda words: imagecodecs.jpegxl_encode(words, lossless=True),
}


def compressed(
    path: Path, frames: list[bytes], number: str, place: int = 12, **attributes: Any
) -> Path:
    return part10(
        path,
        frames,
        f"1.2.840.10008.1.2.{number}",
        elements=[
            (0x60000010, "US", 5),
            (0x60000011, "US", 7),
            (0x60000050, "SS", [1, 1]),
            (0x60000100, "US", 16),
            (0x60000102, "US", place),
        ],
        Rows=5,
        Columns=7,
        BitsAllocated=16,
        **{"BitsStored": 12, **attributes},
    )


@pytest.mark.parametrize("number", KEEPING)
def test_lossless_codestreams_that_have_the_bits_give_the_overlay_and_samples_without_it(
    number: str, tmp_path: Path
) -> None:
    (bits,) = planes(1, 5, 7)
    samples = NUMBERS.integers(0, 4096, (5, 7), np.uint16)
    frame = KEEPING[number](samples | bits.astype(np.uint16) << 12)
    path = compressed(tmp_path / "a.dcm", [frame], number)

    stored, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(stored, samples)
    for found in overlays_both_ways(path, tmp_path):
        assert [each.embedded for each in found] == [True]
        assert (bits_of(found[0]) == bits).all()


@pytest.mark.parametrize("number", ["5", "4.80", "4.90", "4.110"])
def test_an_overlay_may_stand_below_the_samples_of_a_codestream(
    number: str, tmp_path: Path
) -> None:
    (bits,) = planes(1, 5, 7)
    samples = NUMBERS.integers(0, 4096, (5, 7), np.uint16)
    frame = KEEPING[number](samples << 4 | bits.astype(np.uint16) << 1)
    path = compressed(tmp_path / "a.dcm", [frame], number, place=1, HighBit=15)

    stored, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(stored, samples)
    for found in overlays_both_ways(path, tmp_path):
        assert (bits_of(found[0]) == bits).all()


def test_each_compressed_frame_has_its_own_embedded_overlay(tmp_path: Path) -> None:
    bits = planes(2, 5, 7)
    frames = [wavelet(plane.astype(np.uint16) << 12) for plane in bits]
    path = compressed(tmp_path / "a.dcm", frames, "4.90", NumberOfFrames=2)

    for found in overlays_both_ways(path, tmp_path, frame=2):
        assert (bits_of(found[0]) == bits[1]).all()


@pytest.mark.parametrize(
    ("number", "encode"),
    [
        pytest.param("4.90", lambda words: wavelet(words & 0xFFF, 12), id="bits left out"),
        pytest.param("4.91", wavelet, id="perhaps lossy"),
        pytest.param("4.110", wavelet, id="perhaps lossy, under the label of another codec"),
        pytest.param(
            "4.81", lambda words: imagecodecs.jpegls_encode(words, level=1), id="near-lossless"
        ),
        pytest.param(
            "4.91", lambda words: imagecodecs.jpeg2k_encode(words, level=80), id="irreversible"
        ),
    ],
)
def test_a_codestream_that_may_have_lost_the_bits_gives_no_overlay(
    number: str, encode: Callable[[np.ndarray], bytes], tmp_path: Path
) -> None:
    (bits,) = planes(1, 5, 7)
    path = compressed(tmp_path / "a.dcm", [encode(bits.astype(np.uint16) << 12)], number)

    assert overlays_both_ways(path, tmp_path) == [(), ()]


def test_bits_that_an_encoder_has_moved_are_no_overlay(tmp_path: Path) -> None:
    samples = NUMBERS.integers(0, 4096, (5, 7), np.uint16)
    path = compressed(tmp_path / "a.dcm", [wavelet(samples, 12)], "4.90", place=1, HighBit=15)

    assert overlays_both_ways(path, tmp_path) == [(), ()]
    assert np.array_equal(decoded(encoded(path), tmp_path)[0], samples)


@pytest.mark.parametrize("number", ["5", "4.90"])
def test_an_extended_sign_is_no_overlay(number: str, tmp_path: Path) -> None:
    samples = NUMBERS.integers(-2048, 2048, (5, 7)).astype(np.int16)
    frame = KEEPING[number](samples.view(np.uint16))
    path = compressed(tmp_path / "a.dcm", [frame], number, place=13, PixelRepresentation=1)

    assert overlays_both_ways(path, tmp_path) == [(), ()]
    assert np.array_equal(decoded(encoded(path), tmp_path)[0], samples)


def test_a_frame_that_cannot_be_decoded_leaves_the_other_metadata(tmp_path: Path) -> None:
    frame = wavelet(np.full((5, 7), 0x1000, np.uint16))
    path = compressed(tmp_path / "a.dcm", [frame[:-40]], "4.90")

    found = describe(encoded(path))

    assert (found.rows, found.overlays) == (5, ())
