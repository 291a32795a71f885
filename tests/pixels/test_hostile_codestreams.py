"""Codestreams that crashed a codec, or lured it into memory, are refused before it sees them."""

from __future__ import annotations

import struct
import tracemalloc
from contextlib import suppress
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom.uid import JPEG2000Lossless, JPEGBaseline8Bit, JPEGLSLossless, RLELossless

from imageid_daemon.pixels import Encoded
from imageid_loaders.errors import TooLarge, Undecodable
from pixels.material import decoded, encoded, part10

SHAPE = {"Rows": 8, "Columns": 8, "BitsAllocated": 8}
GREY = np.arange(64, dtype=np.uint8).reshape(8, 8)


def refused(what: Encoded, folder: Path, error: type[Exception] = Undecodable) -> int:
    """The memory that refusing takes, in bytes; what is loaded once does not count."""
    for _ in range(2):
        tracemalloc.start()
        with pytest.raises(error):
            decoded(what, folder)
        taken = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    return taken


def rle(segments: list[int], body: bytes) -> bytes:
    return struct.pack("<16I", len(segments), *segments, *[0] * (15 - len(segments))) + body


@pytest.mark.parametrize(
    "frame",
    [
        pytest.param(rle([64, 0x7FFFFFFF], b"\x07" * 80), id="offset beyond the buffer"),
        pytest.param(rle([64, 60], b"\x07" * 80), id="offset within the header"),
        pytest.param(rle([100, 64], b"\x07" * 80), id="offsets that descend"),
        pytest.param(rle([0, 0], b"\x07" * 80), id="offsets of nothing"),
        pytest.param(rle([64] * 15, b"\x07" * 80), id="more segments than bytes of a sample"),
        pytest.param(struct.pack("<16I", 2**32 - 1, *[64] * 15), id="absurd count"),
        pytest.param(b"\2\0\0\0", id="header that breaks off"),
    ],
)
def test_rle_segments_that_cannot_be_are_refused(frame: bytes, tmp_path: Path) -> None:
    path = part10(tmp_path / "a.dcm", [frame], RLELossless, **SHAPE | {"BitsAllocated": 16})

    assert refused(encoded(path), tmp_path) < 2**20


def test_an_rle_bomb_takes_no_more_than_the_frame(tmp_path: Path) -> None:
    frame = rle([64], b"\x81\x55" * 2**19)  # runs of 128: 64 MiB
    path = part10(tmp_path / "a.dcm", [frame], RLELossless, **SHAPE)

    tracemalloc.start()
    with suppress(Undecodable):
        found, _ = decoded(encoded(path), tmp_path)
        assert (found == 0x55).all()
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert taken < 2**23


def jpeg(size: int) -> bytes:
    data = bytearray(imagecodecs.jpeg8_encode(GREY))
    at = data.index(b"\xff\xc0")
    data[at + 5 : at + 9] = struct.pack(">HH", size, size)
    return bytes(data)


def jpeg_2000(size: int) -> bytes:
    data = bytearray(imagecodecs.jpeg2k_encode(GREY, codecformat="j2k", reversible=True))
    struct.pack_into(">II", data, data.index(b"\xff\x51") + 6, size, size)
    return bytes(data)


def jpeg_ls(size: int) -> bytes:
    data = bytearray(imagecodecs.jpegls_encode(GREY))
    at = data.index(b"\xff\xf7")
    data[at + 5 : at + 9] = struct.pack(">HH", size, size)
    return bytes(data)


GIANTS = {
    "JPEG": (JPEGBaseline8Bit, jpeg(65500)),
    "JPEG 2000": (JPEG2000Lossless, jpeg_2000(60000)),
    "JPEG-LS": (JPEGLSLossless, jpeg_ls(65535)),
}


@pytest.mark.parametrize("giant", GIANTS.values(), ids=GIANTS)
def test_a_codestream_larger_than_its_header_says_is_refused(
    giant: tuple[str, bytes], tmp_path: Path
) -> None:
    syntax, frame = giant
    path = part10(tmp_path / "a.dcm", [frame], syntax, **SHAPE)

    assert refused(encoded(path), tmp_path) < 2**20


@pytest.mark.parametrize("giant", GIANTS.values(), ids=GIANTS)
def test_a_header_as_large_as_its_giant_codestream_is_refused_by_its_size(
    giant: tuple[str, bytes], tmp_path: Path
) -> None:
    syntax, frame = giant
    size = {"Rows": 65500, "Columns": 65500}
    path = part10(tmp_path / "a.dcm", [frame], syntax, **SHAPE | size)

    assert refused(encoded(path), tmp_path, TooLarge) < 2**20


def test_an_encoded_frame_beyond_the_limit_is_not_read(tmp_path: Path) -> None:
    path = part10(tmp_path / "a.dcm", [b"\0" * 64], RLELossless, **SHAPE)
    data = path.read_bytes()
    begin = data.rindex(b"\xfe\xff\x00\xe0")
    size = 2**30
    with path.open("r+b") as file:
        file.seek(begin + 4)
        file.write(size.to_bytes(4, "little"))
        file.truncate(begin + 8 + size)

    assert refused(encoded(path), tmp_path, TooLarge) < 2**20
