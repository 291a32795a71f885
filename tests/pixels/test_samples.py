"""Stored bits become the numbers that PS3.5 8.1 says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom import dcmread
from pydicom.uid import ExplicitVRBigEndian

from imageid_loaders.errors import Undecodable, Unsupported
from pixels.material import decoded, encoded, grey, part10


def test_overlay_bits_above_bits_stored_do_not_leak(tmp_path: Path) -> None:
    stored = np.array([[0x0FFF, 0xF001], [0x8000, 0x1234]], np.uint16)
    path = grey(tmp_path / "a.dcm", stored, BitsStored=12)

    found, _ = decoded(encoded(path), tmp_path)

    assert found.tolist() == [[0x0FFF, 0x001], [0x000, 0x234]]


def test_high_bit_says_where_the_stored_bits_end(tmp_path: Path) -> None:
    stored = np.array([[0x0FF5, 0x801F]], np.uint16)
    path = grey(tmp_path / "a.dcm", stored, BitsStored=12, HighBit=15)

    found, _ = decoded(encoded(path), tmp_path)

    assert found.tolist() == [[0x0FF, 0x801]]


def test_the_sign_is_that_of_the_highest_stored_bit(tmp_path: Path) -> None:
    stored = np.array([[0x0FFF, 0x07FF, 0x0800, 0x5001]], np.uint16)
    path = grey(tmp_path / "a.dcm", stored, BitsStored=12, PixelRepresentation=1)

    found, _ = decoded(encoded(path), tmp_path)

    assert found.dtype == np.int16
    assert found.tolist() == [[-1, 2047, -2048, 1]]


@pytest.mark.parametrize(
    "name", ["uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"]
)
def test_every_integer_type_comes_back(name: str, tmp_path: Path) -> None:
    limits = np.iinfo(name)
    array = np.array([[limits.min, limits.max, 1]], name)

    found, description = decoded(encoded(grey(tmp_path / "a.dcm", array)), tmp_path)

    assert np.array_equal(found, array)
    assert found.dtype == array.dtype
    assert description.metadata.min_pixel_value == float(limits.min)
    assert description.metadata.max_pixel_value == float(limits.max)


@pytest.mark.parametrize(
    ("keyword", "name"), [("FloatPixelData", "<f4"), ("DoubleFloatPixelData", "<f8")]
)
def test_floating_point_pixel_data_are_read_even_with_a_pixel_representation(
    keyword: str, name: str, tmp_path: Path
) -> None:
    array = np.array([[0.1, -1e30], [np.pi, 2.5]], name)
    bits = array.dtype.itemsize * 8
    path = part10(
        tmp_path / "a.dcm",
        b"",
        Rows=2,
        Columns=2,
        BitsAllocated=bits,
        PixelRepresentation=1,
        **{keyword: array.tobytes()},
    )

    found, description = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, array)
    assert description.layout is not None
    assert description.layout.dtype == f"float{bits}"


@pytest.mark.parametrize("name", [">u2", ">i2", ">u4"])
def test_big_endian_samples_are_turned(name: str, tmp_path: Path) -> None:
    array = np.array([[1, 2], [3, 0x1234]], name)
    path = part10(
        tmp_path / "a.dcm",
        array.tobytes(),
        ExplicitVRBigEndian,
        Rows=2,
        Columns=2,
        BitsAllocated=array.dtype.itemsize * 8,
        PixelRepresentation=int(array.dtype.kind == "i"),
    )

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, array)


def test_bits_of_a_frame_that_begins_inside_a_byte_are_found(tmp_path: Path) -> None:
    frames = np.array([[[1, 0, 1]], [[0, 1, 1]], [[1, 1, 0]]], np.uint8)
    packed = np.packbits(frames.reshape(-1), bitorder="little").tobytes()
    path = part10(tmp_path / "a.dcm", packed, Rows=1, Columns=3, NumberOfFrames=3, BitsAllocated=1)

    found = [decoded(encoded(path, frame), tmp_path)[0].tolist() for frame in (1, 2, 3)]

    assert found == frames.tolist()


def test_samples_of_12_bits_that_follow_without_gaps_are_spread(tmp_path: Path) -> None:
    # PS3.5 D: 0x123, 0x456, 0x789, 0xABC in three words of 16 bits.
    packed = bytes.fromhex("2361 4589c7ab".replace(" ", ""))
    path = part10(tmp_path / "a.dcm", packed, Rows=1, Columns=4, BitsAllocated=12)

    found, _ = decoded(encoded(path), tmp_path)

    assert found.dtype == np.uint16
    assert [hex(value) for value in found[0]] == ["0x123", "0x456", "0x789", "0xabc"]


def test_12_bit_frames_that_begin_inside_a_byte_are_found(tmp_path: Path) -> None:
    packed = bytes.fromhex("236145")  # 0x123, 0x456
    path = part10(tmp_path / "a.dcm", packed, Rows=1, Columns=1, BitsAllocated=12, NumberOfFrames=2)

    found = [decoded(encoded(path, frame), tmp_path)[0][0, 0] for frame in (1, 2)]

    assert found == [0x123, 0x456]


@pytest.mark.parametrize("signed", [0, 1])
def test_samples_of_24_bits_are_read(signed: int, tmp_path: Path) -> None:
    path = part10(
        tmp_path / "a.dcm",
        b"\x01\x02\x03\xff\xff\xff",
        Rows=1,
        Columns=2,
        BitsAllocated=24,
        PixelRepresentation=signed,
    )

    found, _ = decoded(encoded(path), tmp_path)

    assert found.tolist() == [[0x030201, -1 if signed else 0xFFFFFF]]


def test_big_endian_samples_of_24_bits_are_unsupported(tmp_path: Path) -> None:
    path = part10(
        tmp_path / "a.dcm", b"\0" * 6, ExplicitVRBigEndian, Rows=1, Columns=2, BitsAllocated=24
    )

    with pytest.raises(Unsupported, match="big-endian samples of 24 bits"):
        decoded(encoded(path), tmp_path)


def test_the_big_endian_pixels_in_ges_little_endian_data_set_are_turned(tmp_path: Path) -> None:
    array = np.array([[1, 2, 0x1234]], np.uint16)
    path = grey(tmp_path / "a.dcm", array.byteswap())
    as_ge = dcmread(path)
    as_ge.file_meta.TransferSyntaxUID = "1.2.840.113619.5.2"
    as_ge.save_as(path, implicit_vr=True, little_endian=True)

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, array)


def test_samples_wider_than_the_contract_knows_are_unsupported(tmp_path: Path) -> None:
    path = part10(tmp_path / "a.dcm", b"\0" * 64, Rows=2, Columns=2, BitsAllocated=72)

    with pytest.raises(Unsupported, match="72 bits allocated"):
        decoded(encoded(path), tmp_path)


def test_more_bits_stored_than_allocated_are_refused(tmp_path: Path) -> None:
    path = grey(tmp_path / "a.dcm", np.zeros((2, 2), np.uint8), BitsStored=9)

    with pytest.raises(Undecodable, match="9 bits stored in 8 allocated"):
        decoded(encoded(path), tmp_path)


@settings(
    max_examples=80,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_what_is_packed_as_the_standard_says_comes_back(
    data: st.DataObject, tmp_path: Path
) -> None:
    allocated = data.draw(st.sampled_from([8, 12, 16, 24, 32, 40, 64]))
    stored = data.draw(st.integers(1, min(allocated, 63)))
    high_bit = data.draw(st.integers(stored - 1, allocated - 1))
    signed = data.draw(st.booleans())
    planar = data.draw(st.integers(0, 1))
    shape = data.draw(st.sampled_from([(1, 1), (3, 5), (2, 3, 3), (4, 1, 3)]))
    garbage = data.draw(st.integers(0, 2**allocated - 1))
    seed = data.draw(st.integers(0, 99))
    low = -(1 << (stored - 1)) if signed else 0
    values = np.random.default_rng(seed).integers(low, low + (1 << stored), shape)
    mask = (1 << stored) - 1
    shift = high_bit + 1 - stored
    words = (values.astype(np.uint64) & np.uint64(mask)) << np.uint64(shift)
    words |= np.uint64(garbage & ~(mask << shift))
    words = np.moveaxis(words, -1, 0) if planar and len(shape) == 3 else words
    bits = (words.reshape(-1, 1) >> np.arange(allocated, dtype=np.uint64)) & np.uint64(1)
    path = part10(
        tmp_path / "a.dcm",
        np.packbits(bits.astype(np.uint8), bitorder="little").tobytes(),
        Rows=shape[0],
        Columns=shape[1],
        BitsAllocated=allocated,
        BitsStored=stored,
        HighBit=high_bit,
        PixelRepresentation=int(signed),
        SamplesPerPixel=3 if len(shape) == 3 else 1,
        PhotometricInterpretation="RGB" if len(shape) == 3 else "MONOCHROME2",
        **({"PlanarConfiguration": planar} if len(shape) == 3 else {}),
    )

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, values)


@pytest.mark.parametrize("vr", [b"??", b"ox", b"XX"])
def test_pixel_data_of_a_vr_that_there_is_not_begin_behind_the_length(
    vr: bytes, tmp_path: Path
) -> None:
    expected = np.arange(64, dtype=np.uint16).reshape(8, 8)
    path = grey(tmp_path / "a.dcm", expected)
    whole = path.read_bytes()
    assert whole.count(b"\xe0\x7f\x10\0OW\0\0") == 1
    path.write_bytes(whole.replace(b"\xe0\x7f\x10\0OW", b"\xe0\x7f\x10\0" + vr))

    found, _ = decoded(encoded(path), tmp_path)

    assert found.tolist() == expected.tolist()
