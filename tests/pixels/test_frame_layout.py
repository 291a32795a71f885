"""A frame is certain or refused: never merged with another, never another's."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom import Dataset, Sequence
from pydicom.encaps import encapsulate_extended
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, JPEGLSLossless, RLELossless

from imageid_daemon.pixels.fragments import find
from imageid_daemon.pixels.part10 import read as read_part10
from imageid_daemon.pixels.pixel_data import locate
from imageid_loaders.errors import ImageError, NotFound, Undecodable
from pixels.material import decoded, encoded, part10

SHAPE = {"Rows": 8, "Columns": 8, "BitsAllocated": 8}
LEVELS = [10, 20, 30, 40]


def noise(level: int) -> np.ndarray:
    """A frame whose codestream is long, and whose first sample tells which it is."""
    frame = np.random.default_rng(level).integers(0, 256, (8, 8), np.uint8)
    frame[0, 0] = level
    return frame


def jpeg_ls(level: int) -> bytes:
    data = imagecodecs.jpegls_encode(noise(level))
    return data + b"\0" * (len(data) % 2)


def rle(level: int) -> bytes:
    """One segment of literal runs (PS3.5 G.3.1)."""
    rows = b"".join(b"\x07" + row.tobytes() for row in noise(level))
    return struct.pack("<16I", 1, 64, *[0] * 14) + rows


def split(data: bytes, size: int = 40) -> list[bytes]:
    return [data[start : start + size] for start in range(0, len(data), size)]


def item(data: bytes) -> bytes:
    return b"\xfe\xff\x00\xe0" + len(data).to_bytes(4, "little") + data


def table(*offsets: int) -> bytes:
    return item(struct.pack(f"<{len(offsets)}I", *offsets))


END = b"\xfe\xff\xdd\xe0\0\0\0\0"


def image(
    folder: Path, value: bytes, frames: int | None, syntax: str = JPEGLSLossless, **more: object
) -> Path:
    """A file whose encapsulated pixel data are exactly `value`."""
    numbered = {} if frames is None else {"NumberOfFrames": frames}
    path = part10(folder / "a.dcm", [b"\0\0"], syntax, **SHAPE, **numbered, **more)
    data = path.read_bytes()
    begin = data.rindex(b"\xe0\x7f\x10\0OB\0\0") + 8
    path.write_bytes(data[:begin] + b"\xff\xff\xff\xff" + value)
    return path


def outcomes(path: Path, folder: Path, frames: int = 4) -> list[int | str]:
    """The level of each frame, or what its refusal is."""
    return [_outcome(path, frame, folder) for frame in range(1, frames + 1)]


def _outcome(path: Path, frame: int, folder: Path) -> int | str:
    try:
        found, _ = decoded(encoded(path, frame), folder)
    except ImageError as error:
        return type(error).__name__
    assert np.array_equal(found, noise(int(found[0, 0])))
    return int(found[0, 0])


def test_frames_of_several_fragments_are_told_by_the_basic_offset_table(tmp_path: Path) -> None:
    pieces = [[item(piece) for piece in split(jpeg_ls(level))] for level in LEVELS]
    starts = np.cumsum([0] + [sum(map(len, each)) for each in pieces])[:-1]
    value = table(*starts) + b"".join(map(b"".join, pieces)) + END

    assert outcomes(image(tmp_path, value, 4), tmp_path) == LEVELS


def deflated(level: int) -> bytes:
    """A frame whose beginning cannot be told from its middle."""
    data = imagecodecs.deflate_encode(noise(level), raw=True)
    return data + b"\0" * (len(data) % 2)


@pytest.mark.parametrize("cut", ["nothing", "a fragment", "the last frame", "the delimiter"])
def test_without_recognisable_beginnings_the_offset_table_tells_the_frames(
    cut: str, tmp_path: Path
) -> None:
    pieces = [[item(piece) for piece in split(deflated(level))] for level in LEVELS]
    starts = np.cumsum([0] + [sum(map(len, each)) for each in pieces])
    body = b"".join(map(b"".join, pieces)) + END
    ends = {
        "nothing": len(body),
        "a fragment": int(starts[3]) - len(pieces[2][-1]),
        "the last frame": int(starts[3]),
        "the delimiter": int(starts[4]),
    }
    path = image(tmp_path, table(*starts[:-1]) + body[: ends[cut]], 4, "1.2.840.10008.1.2.8.1")

    # Without the delimiter, nothing says that the last frame has no more fragments.
    whole = {"nothing": 4, "a fragment": 2, "the last frame": 2, "the delimiter": 3}[cut]
    assert outcomes(path, tmp_path) == [*LEVELS[:whole], *["Undecodable"] * (4 - whole)]


def test_without_recognisable_beginnings_or_a_table_no_frame_is_certain(tmp_path: Path) -> None:
    pieces = [item(piece) for level in LEVELS for piece in split(deflated(level))]
    value = table() + b"".join(pieces) + END

    path = image(tmp_path, value, 4, "1.2.840.10008.1.2.8.1")

    assert outcomes(path, tmp_path) == ["Undecodable"] * 4


def test_a_single_frame_has_its_own_codestream_alone_whatever_a_table_says(tmp_path: Path) -> None:
    value = table(0) + b"".join(item(jpeg_ls(level)) for level in LEVELS) + END
    path = image(tmp_path, value, 1)
    opened = read_part10(str(path))

    with opened.source.reading() as read:
        places = locate(opened, read, 1).places(1).places

    assert [length for _, length in places] == [len(jpeg_ls(10))]


def test_a_table_that_leaves_out_the_first_fragment_is_ignored(tmp_path: Path) -> None:
    pieces = [item(jpeg_ls(level)) for level in LEVELS]
    starts = np.cumsum([len(piece) for piece in pieces])[:-1]
    value = table(*starts) + b"".join(pieces) + END

    assert outcomes(image(tmp_path, value, 3), tmp_path, 3) == [10, 20, 30]


@pytest.mark.parametrize("syntax", [JPEGLSLossless, JPEG2000Lossless, RLELossless])
def test_frames_of_several_fragments_are_told_by_where_codestreams_begin(
    syntax: str, tmp_path: Path
) -> None:
    encode = {
        JPEGLSLossless: jpeg_ls,
        RLELossless: rle,
        JPEG2000Lossless: lambda level: imagecodecs.jpeg2k_encode(
            noise(level), codecformat="j2k", reversible=True
        ),
    }[syntax]
    pieces = [piece for level in LEVELS for piece in split(encode(level), 70)]
    value = table() + b"".join(map(item, pieces)) + END

    assert len(pieces) > len(LEVELS)
    assert outcomes(image(tmp_path, value, 4, syntax), tmp_path) == LEVELS


WRONG_TABLES = {
    "not from the beginning": (8, 200, 300, 400),
    "not ascending": (0, 500, 300, 400),
    "between fragments": (0, 100, 200, 300),
    "beyond the end": (0, 100_000, 200_000, 300_000),
    "all zero": (0, 0, 0, 0),
    "too few": (0,),
    "too many": (0, 1, 2, 3, 4, 5, 6),
}


@pytest.mark.parametrize("entries", WRONG_TABLES.values(), ids=WRONG_TABLES)
def test_an_offset_table_that_does_not_fit_is_ignored(
    entries: tuple[int, ...], tmp_path: Path
) -> None:
    value = table(*entries) + b"".join(item(jpeg_ls(level)) for level in LEVELS) + END

    assert outcomes(image(tmp_path, value, 4), tmp_path) == LEVELS


@pytest.mark.parametrize("wrong", ["offsets", "lengths"])
def test_an_extended_offset_table_that_does_not_fit_is_ignored(wrong: str, tmp_path: Path) -> None:
    frames = [jpeg_ls(level) for level in LEVELS]
    _, offsets, lengths = encapsulate_extended(frames)
    given = {"offsets": offsets, "lengths": lengths}
    given[wrong] = struct.pack("<4Q", 0, 1, 2, 3)
    value = table() + b"".join(map(item, frames)) + END
    path = image(
        tmp_path,
        value,
        4,
        ExtendedOffsetTable=given["offsets"],
        ExtendedOffsetTableLengths=given["lengths"],
    )

    assert outcomes(path, tmp_path) == LEVELS


def test_more_codestreams_than_frames_are_not_merged(tmp_path: Path) -> None:
    value = table() + b"".join(item(jpeg_ls(level)) for level in LEVELS) + END

    found = {
        frames: outcomes(image(tmp_path, value, frames), tmp_path) for frames in (1, 2, 3, None)
    }

    assert found == {
        1: [10, *["NotFound"] * 3],
        2: [10, 20, *["NotFound"] * 2],
        3: [10, 20, 30, "NotFound"],
        None: [10, *["NotFound"] * 3],
    }


@pytest.mark.parametrize("syntax", [JPEGLSLossless, RLELossless])
def test_fewer_codestreams_than_frames_are_not_shifted(syntax: str, tmp_path: Path) -> None:
    encode = jpeg_ls if syntax == JPEGLSLossless else rle
    value = table() + b"".join(item(encode(level)) for level in LEVELS[:2]) + END

    found = outcomes(image(tmp_path, value, 4, syntax), tmp_path)

    assert found == [10, 20, "Undecodable", "Undecodable"]


def test_a_beginning_that_is_damaged_shifts_no_frame(tmp_path: Path) -> None:
    frames = [split(jpeg_ls(level)) for level in LEVELS]
    frames[2][0] = b"\0\0" + frames[2][0][2:]
    value = table() + b"".join(item(piece) for frame in frames for piece in frame) + END

    found = outcomes(image(tmp_path, value, 4), tmp_path)

    assert found == [10, "Undecodable", "Undecodable", "Undecodable"]


def test_a_damaged_frame_of_one_fragment_harms_no_other(tmp_path: Path) -> None:
    frames = [jpeg_ls(level) for level in LEVELS]
    frames[2] = b"\0\0" + frames[2][2:]
    value = table() + b"".join(map(item, frames)) + END

    assert outcomes(image(tmp_path, value, 4), tmp_path) == [10, 20, "Undecodable", 40]


@pytest.mark.parametrize("encode", [jpeg_ls, deflated])
def test_as_many_fragments_as_frames_by_chance_are_not_taken_for_them(
    encode: Callable[[int], bytes], tmp_path: Path
) -> None:
    """Of four frames in two fragments each, two are there: the second is not the third."""
    syntax = JPEGLSLossless if encode is jpeg_ls else "1.2.840.10008.1.2.8.1"
    pieces = []
    for level in LEVELS[:2]:
        data = encode(level)
        pieces += split(data, 2 * -(-len(data) // 4))
    path = image(tmp_path, table() + b"".join(map(item, pieces)), 4, syntax)

    found = outcomes(path, tmp_path)

    assert len(pieces) == 4
    assert found == [10, 20, *["Undecodable"] * 2] if encode is jpeg_ls else ["Undecodable"] * 4


def test_fragments_without_a_beginning_are_no_frames(tmp_path: Path) -> None:
    pieces = split(jpeg_ls(10))
    value = table() + b"".join(map(item, pieces[1:])) + END

    path = image(tmp_path, value, 4)

    with pytest.raises(Undecodable, match=r"frame 1 .* not the 4 frames .* 0 can be told apart"):
        decoded(encoded(path, 1), tmp_path)


@pytest.mark.parametrize("syntax", [JPEGLSLossless, RLELossless])
def test_a_single_frame_may_have_any_number_of_fragments(syntax: str, tmp_path: Path) -> None:
    encode = jpeg_ls if syntax == JPEGLSLossless else rle
    value = table() + b"".join(map(item, split(encode(10), 70))) + END

    assert outcomes(image(tmp_path, value, 1, syntax), tmp_path, 1) == [10]


@pytest.mark.parametrize("frames", [0, -3, 2**31 - 1, 2**32])
def test_an_absurd_number_of_frames_costs_nothing(frames: int, tmp_path: Path) -> None:
    value = table() + b"".join(item(jpeg_ls(level)) for level in LEVELS) + END
    path = image(tmp_path, value, 4)
    written = b"IS\x02\x004 "
    number = str(frames).encode().ljust(10)
    data = path.read_bytes()
    assert data.count(written) == 1
    path.write_bytes(data.replace(written, b"IS\x0a\0" + number))

    first, *_, last = outcomes(path, tmp_path, 5)

    assert first == 10
    assert last == ("Undecodable" if frames == 2**31 - 1 else "NotFound")


@pytest.mark.parametrize("missing", ["delimiter", "delimiter and garbage instead"])
def test_a_missing_delimiter_harms_no_whole_frame(missing: str, tmp_path: Path) -> None:
    garbage = b"\x01\x02\x03\x04garbage " if "garbage" in missing else b""
    value = table() + b"".join(item(jpeg_ls(level)) for level in LEVELS) + garbage

    assert outcomes(image(tmp_path, value, 4), tmp_path) == LEVELS


def test_what_follows_the_delimiter_is_no_frame(tmp_path: Path) -> None:
    value = table() + b"".join(item(jpeg_ls(level)) for level in LEVELS[:2]) + END
    value += item(jpeg_ls(30)) + item(jpeg_ls(40)) + END

    found = outcomes(image(tmp_path, value, 4), tmp_path)

    assert found == [10, 20, "Undecodable", "Undecodable"]


@pytest.mark.parametrize("with_table", [False, True])
@pytest.mark.parametrize("size", [1000, 40], ids=["one fragment each", "several each"])
def test_of_a_file_that_breaks_off_the_whole_frames_are_decoded(
    size: int, with_table: bool, tmp_path: Path
) -> None:
    pieces = [b"".join(item(piece) for piece in split(jpeg_ls(level), size)) for level in LEVELS]
    starts = np.cumsum([0] + [len(each) for each in pieces])
    head = table(*starts[:-1]) if with_table else table()

    for cut in range(int(starts[2]) + 1, int(starts[4])):
        found = outcomes(image(tmp_path, head + b"".join(pieces)[:cut], 4), tmp_path)

        whole = 3 if cut >= starts[3] else 2
        assert found == [*LEVELS[:whole], *["Undecodable"] * (4 - whole)], cut


def test_an_odd_length_is_taken_as_it_is(tmp_path: Path) -> None:
    odd = imagecodecs.jpegls_encode(noise(10))
    odd += b"\0" * (1 - len(odd) % 2)
    value = table() + item(odd) + item(jpeg_ls(20)) + END

    assert outcomes(image(tmp_path, value, 2), tmp_path, 2) == [10, 20]


def test_encapsulated_pixel_data_may_have_a_length(tmp_path: Path) -> None:
    value = table() + b"".join(item(jpeg_ls(level)) for level in LEVELS)
    path = image(tmp_path, value, 4)
    data = path.read_bytes()
    begin = data.rindex(b"OB\0\0\xff\xff\xff\xff")
    counted = b"OB\0\0" + len(value).to_bytes(4, "little")
    path.write_bytes(data[:begin] + counted + data[begin + 8 :] + b"\xfc\xff\xfc\xffOB\0\0\0\0\0\0")

    assert outcomes(path, tmp_path) == LEVELS


def test_a_compressed_frame_that_is_not_encapsulated_is_refused(tmp_path: Path) -> None:
    frame = jpeg_ls(10)
    path = part10(tmp_path / "a.dcm", frame, ExplicitVRLittleEndian, **SHAPE)
    data = path.read_bytes().replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.10008.1.2.5\0")
    path.write_bytes(data)

    with pytest.raises(Undecodable, match="not encapsulated"):
        decoded(encoded(path), tmp_path)


def test_the_pixel_data_of_an_icon_are_not_those_of_the_image(tmp_path: Path) -> None:
    icon = Dataset()
    icon.Rows, icon.Columns, icon.BitsAllocated, icon.PixelRepresentation = 2, 2, 8, 0
    icon.PixelData = b"\x63\x63\x63\x63"
    icon["PixelData"].VR = "OB"
    for marked in (False, True):
        path = part10(
            tmp_path / "a.dcm",
            noise(10).tobytes(),
            IconImageSequence=Sequence([icon]),
            **SHAPE,
        )
        _mark_ends(path, marked)

        assert outcomes(path, tmp_path, 1) == [10]


def _mark_ends(path: Path, marked: bool) -> None:

    image = pydicom.dcmread(path)
    image["IconImageSequence"].is_undefined_length = marked
    image.IconImageSequence[0].is_undefined_length_sequence_item = marked
    image.save_as(path)


def test_of_native_frames_the_whole_ones_are_decoded(tmp_path: Path) -> None:
    samples = b"".join(noise(level).tobytes() for level in LEVELS)
    path = part10(tmp_path / "a.dcm", samples[:-10], NumberOfFrames=4, **SHAPE)

    assert outcomes(path, tmp_path) == [10, 20, 30, "Undecodable"]


def test_frames_of_single_bits_follow_each_other_without_gaps(tmp_path: Path) -> None:
    bits = np.random.default_rng(5).integers(0, 2, (7, 3, 3), np.uint8)
    packed = np.packbits(bits.reshape(-1), bitorder="little").tobytes()
    path = part10(
        tmp_path / "a.dcm",
        packed,
        **SHAPE | {"Rows": 3, "Columns": 3, "BitsAllocated": 1, "NumberOfFrames": 7},
    )

    for frame in range(1, 8):
        found, _ = decoded(encoded(path, frame), tmp_path)

        assert np.array_equal(found, bits[frame - 1])


def test_the_walk_over_fragments_reads_their_headers_alone() -> None:
    data = table() + b"".join(item(bytes(1000)) for _ in range(100)) + END
    read_bytes = []

    def read(offset: int, length: int) -> bytes:
        read_bytes.append(length)
        return data[offset : offset + length]

    found = find(read, 0, len(data))

    assert (len(found), found.ended) == (100, True)
    assert sum(read_bytes) <= 8 * 103


def test_a_frame_beyond_the_last_is_not_found_rather_than_broken(tmp_path: Path) -> None:
    value = table() + item(jpeg_ls(10)) + END

    with pytest.raises(NotFound, match="no frame 5: the image has 4 frames"):
        decoded(encoded(image(tmp_path, value, 4), 5), tmp_path)
