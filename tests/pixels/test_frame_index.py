"""With the index of a file, one frame costs one read of that frame."""

from __future__ import annotations

import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom import Dataset, Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    JPEGLSLossless,
    RLELossless,
)

from imageid_daemon.pixels import Encoded, decode, describe, index, is_worth_indexing, locate
from imageid_loaders.errors import NotFound, Undecodable
from pixels.material import corpus, decoded, encoded, grey, part10

SHAPE = {"Rows": 8, "Columns": 8, "BitsAllocated": 8}


def located(what: Encoded, folder: Path) -> Encoded:
    """The same by the index alone, as the resolver does it."""
    index_path = folder / "index"
    index(what, str(index_path))
    found = locate(str(index_path), [what.frame or 1])
    path = str(index_path) if found.in_index else what.path
    return replace(what, path=path, located=found.record)


@pytest.mark.parametrize("path", corpus(), ids=lambda path: path.name)
def test_a_frame_is_the_same_with_and_without_the_index(path: Path, tmp_path: Path) -> None:
    frames = stated_frames(path)

    for frame in sorted({1, frames // 2 or 1, frames, frames + 1}):
        without, with_index = encoded(path, frame), located(encoded(path, frame), tmp_path)

        assert _outcome(with_index, tmp_path) == _outcome(without, tmp_path)


def stated_frames(path: Path) -> int:
    try:
        return describe(encoded(path)).number_of_frames or 1
    except Undecodable:
        return 1


def _outcome(what: Encoded, folder: Path) -> object:
    target = folder / "pixels"
    try:
        written = decode(what, "default", str(target))
    except (Undecodable, NotFound) as error:
        return str(error)
    return written.description, target.read_bytes()


def jpeg_ls_frames(
    folder: Path, count: int, fragments_each: int = 1, syntax: str = JPEGLSLossless
) -> Path:
    """Frames that tell their own number, without an offset table."""
    pieces = []
    for number in range(count):
        frame = imagecodecs.jpegls_encode(np.full((8, 8), number % 251, np.uint8))
        size = 2 * -(-len(frame) // (2 * fragments_each))
        pieces += [frame[start : start + size] for start in range(0, len(frame), size)]
    path = folder / "frames.dcm"
    return part10(path, pieces, syntax, offset_table=False, NumberOfFrames=count, **SHAPE)


@pytest.mark.parametrize("syntax", [RLELossless, ExplicitVRLittleEndian])
def test_frames_under_a_wrong_label_are_located_too(syntax: str, tmp_path: Path) -> None:
    path = jpeg_ls_frames(tmp_path, 4, fragments_each=2, syntax=syntax)

    found, _ = decoded(located(encoded(path, 3), tmp_path), tmp_path)

    assert (found == 2).all()


def bytes_read(what: Encoded, folder: Path) -> int:
    """How much a fresh process reads of files while it decodes."""
    return bytes_read_by("decode", what, "default", str(folder / "pixels"))


def bytes_read_by(name: str, *arguments: object) -> int:
    """How much a fresh process reads of files in a function of `pixels`."""
    program = """
import pickle, sys
from pathlib import Path
from imageid_daemon import pixels

def so_far():
    return int(Path("/proc/self/io").read_text().split()[1])

def cost(work, *arguments):
    before = so_far()
    work(*arguments)
    return so_far() - before

name, arguments = pickle.loads(sys.stdin.buffer.read())
pixels.prepare()
import imageid_daemon.pixels.frame_index
print(cost(getattr(pixels, name), *arguments) - cost(id, None))
"""
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=pickle.dumps((name, arguments)),
        capture_output=True,
        check=True,
    )
    return int(done.stdout)


def test_a_frame_of_a_sparse_giant_costs_a_read_of_that_frame(tmp_path: Path) -> None:
    frames, frame_bytes = 15_000, 512 * 512
    path = grey(tmp_path / "a.dcm", np.zeros((512, 512), np.uint8), NumberOfFrames=frames)
    data = path.read_bytes()
    header = data[: -frame_bytes - 4] + (frames * frame_bytes).to_bytes(4, "little")
    with path.open("wb") as file:
        file.write(header)
        file.seek(len(header) + 12_344 * frame_bytes)
        file.write(b"\7" * frame_bytes)
        file.truncate(len(header) + frames * frame_bytes)
    what = located(encoded(path, 12_345), tmp_path)

    found, _ = decoded(what, tmp_path)
    cost = bytes_read(what, tmp_path)

    assert (found == 7).all()
    assert path.stat().st_size > 3.9e9
    assert abs(cost - frame_bytes) < 4096


@pytest.mark.parametrize("fragments_each", [1, 3])
def test_a_frame_of_thousands_without_an_offset_table_costs_a_read_of_that_frame(
    fragments_each: int, tmp_path: Path
) -> None:
    path = jpeg_ls_frames(tmp_path, 5000, fragments_each)
    what = located(encoded(path, 4321), tmp_path)

    found, _ = decoded(what, tmp_path)
    cost = bytes_read(what, tmp_path)

    assert (found == 4320 % 251).all()
    assert cost < 4096


def test_reading_an_index_costs_no_more_than_the_part_of_the_frame(tmp_path: Path) -> None:
    path = jpeg_ls_frames(tmp_path, 5000)

    written = index(encoded(path), str(tmp_path / "index"))
    found = locate(str(tmp_path / "index"), [4321])

    assert written.size_bytes > 80_000
    assert len(found.record) < 1024
    assert bytes_read_by("locate", str(tmp_path / "index"), [4321]) < 20_000


def functional_groups(count: int) -> Sequence:
    groups = []
    for number in range(count):
        plane, group = Dataset(), Dataset()
        plane.ImagePositionPatient = [0, 0, number]
        group.PlanePositionSequence = Sequence([plane])
        groups.append(group)
    return Sequence(groups)


@pytest.mark.parametrize("marked", [False, True], ids=["counted ends", "marked ends"])
def test_of_the_functional_groups_those_of_the_frame_alone_are_read(
    marked: bool, tmp_path: Path
) -> None:
    path = part10(
        tmp_path / "a.dcm",
        bytes(64 * 3000),
        NumberOfFrames=3000,
        PerFrameFunctionalGroupsSequence=functional_groups(3000),
        **SHAPE,
    )
    image = pydicom.dcmread(path)
    image["PerFrameFunctionalGroupsSequence"].is_undefined_length = marked
    for group in image.PerFrameFunctionalGroupsSequence:
        group.is_undefined_length_sequence_item = marked
    image.save_as(path)
    what = located(encoded(path, 2500), tmp_path)

    cost = bytes_read(what, tmp_path)

    assert describe(what).image_position_patient == (0, 0, 2499)
    assert describe(what) == describe(encoded(path, 2500))
    assert cost < 4096


def test_of_the_functional_groups_those_of_other_frames_may_be_broken(tmp_path: Path) -> None:
    groups = functional_groups(3)
    inside = groups[0]
    for _ in range(100):
        deeper = Dataset()
        inside.ReferencedImageSequence = Sequence([deeper])
        inside = deeper
    path = part10(
        tmp_path / "a.dcm",
        bytes(64 * 3),
        NumberOfFrames=3,
        PerFrameFunctionalGroupsSequence=groups,
        **SHAPE,
    )

    found = [describe(encoded(path, frame)).image_position_patient for frame in (1, 2, 3)]

    assert found == [(), (0, 0, 1), (0, 0, 2)]


def test_long_overlays_are_read_from_the_file_and_not_kept_in_the_index(tmp_path: Path) -> None:
    overlay = np.random.default_rng(2).integers(0, 256, 2_000_000, np.uint8).tobytes()
    path = grey(tmp_path / "a.dcm", np.zeros((8, 8), np.uint8))
    image = pydicom.dcmread(path)
    image.add_new(0x60000010, "US", 4000)
    image.add_new(0x60000011, "US", 4000)
    image.add_new(0x60003000, "OW", overlay)
    image.save_as(path)

    what = located(encoded(path, 1), tmp_path)

    assert len(what.located or b"") < 4096
    for each in (what, encoded(path, 1)):
        assert describe(each).overlays[0].data == overlay


def test_a_deflated_file_is_inflated_once_into_its_index(tmp_path: Path) -> None:
    frames = np.arange(50 * 64, dtype=np.uint16).reshape(50, 8, 8)
    path = part10(
        tmp_path / "a.dcm",
        frames.tobytes(),
        DeflatedExplicitVRLittleEndian,
        PerFrameFunctionalGroupsSequence=functional_groups(50),
        NumberOfFrames=50,
        **SHAPE | {"BitsAllocated": 16},
    )
    what = located(encoded(path, 42), tmp_path)

    found, description = decoded(what, tmp_path)

    assert what.path == str(tmp_path / "index")
    assert np.array_equal(found, frames[41])
    assert description.metadata.image_position_patient == (0, 0, 41)
    assert bytes_read(what, tmp_path) < 4096


def test_a_frame_that_is_not_there_is_not_found_by_the_index_either(tmp_path: Path) -> None:
    path = jpeg_ls_frames(tmp_path, 3)

    for frame in (0, 4):
        with pytest.raises(NotFound, match="the image has 3 frames"):
            decoded(located(encoded(path, frame), tmp_path), tmp_path)


def test_what_is_no_index_is_refused(tmp_path: Path) -> None:
    (tmp_path / "index").write_bytes(b"no index")

    with pytest.raises(Undecodable, match="frame index is broken"):
        locate(str(tmp_path / "index"), [1])


def test_only_large_part_10_files_have_an_index() -> None:
    preamble = bytes(128)

    assert is_worth_indexing(1 << 20, preamble + b"DICM")
    assert not is_worth_indexing((1 << 20) - 1, preamble + b"DICM")
    assert not is_worth_indexing(1 << 30, preamble + b"II*\0")


def test_reading_an_index_needs_neither_pydicom_nor_codecs(tmp_path: Path) -> None:
    index(encoded(jpeg_ls_frames(tmp_path, 3)), str(tmp_path / "index"))
    program = (
        "import sys; from imageid_daemon import pixels; "
        f"pixels.locate({str(tmp_path / 'index')!r}, [2]); "
        "print({'numpy', 'pydicom', 'imagecodecs', 'PIL'} & sys.modules.keys())"
    )

    found = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert found.stdout.strip() == b"set()"
