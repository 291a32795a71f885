"""One frame is found by its number, however the file lays them out."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom.encaps import encapsulate_extended
from pydicom.uid import JPEGLSLossless

from imageid_daemon.pixels import Encoded, describe
from imageid_loaders.errors import NotFound, Undecodable
from pixels.material import decoded, encoded, part10, path_of

FRAMES = [np.full((8, 8), value, np.uint8) for value in (10, 20, 30)]
ENCODED = [imagecodecs.jpegls_encode(frame) for frame in FRAMES]
SHAPE = {"Rows": 8, "Columns": 8, "BitsAllocated": 8, "NumberOfFrames": 3}


def levels(path: Path, folder: Path) -> list[int]:
    return [int(decoded(encoded(path, frame), folder)[0][0, 0]) for frame in (1, 2, 3)]


def test_frames_are_found_by_the_basic_offset_table(tmp_path: Path) -> None:
    path = part10(tmp_path / "a.dcm", ENCODED, JPEGLSLossless, **SHAPE)

    assert levels(path, tmp_path) == [10, 20, 30]


def test_frames_are_found_without_an_offset_table(tmp_path: Path) -> None:
    path = part10(tmp_path / "a.dcm", ENCODED, JPEGLSLossless, offset_table=False, **SHAPE)

    assert levels(path, tmp_path) == [10, 20, 30]


def test_frames_are_found_by_the_extended_offset_table(tmp_path: Path) -> None:
    _, offsets, lengths = encapsulate_extended(ENCODED)
    path = part10(
        tmp_path / "a.dcm",
        ENCODED,
        JPEGLSLossless,
        offset_table=False,
        ExtendedOffsetTable=offsets,
        ExtendedOffsetTableLengths=lengths,
        **SHAPE,
    )

    assert levels(path, tmp_path) == [10, 20, 30]


def test_a_frame_of_several_fragments_is_put_together(tmp_path: Path) -> None:
    frame = imagecodecs.jpegls_encode(np.arange(64, dtype=np.uint8).reshape(8, 8))
    pieces = [frame[start : start + 20] for start in range(0, len(frame), 20)]
    path = part10(
        tmp_path / "a.dcm",
        pieces,
        JPEGLSLossless,
        offset_table=False,
        **{**SHAPE, "NumberOfFrames": 1},
    )

    found, _ = decoded(encoded(path), tmp_path)

    assert found.reshape(-1).tolist() == list(range(64))


def test_an_early_frame_does_not_need_the_rest_of_the_file(tmp_path: Path) -> None:
    whole = Path(path_of("emri_small.dcm")).read_bytes()
    cut = tmp_path / "cut.dcm"
    cut.write_bytes(whole[:40_000])

    early, _ = decoded(encoded(cut, 2), tmp_path)
    expected, _ = decoded(encoded("emri_small.dcm", 2), tmp_path)

    assert np.array_equal(early, expected)
    with pytest.raises(Undecodable, match=r"frame 10 cannot be decoded .* shorter"):
        decoded(encoded(cut, 10), tmp_path)


@pytest.mark.parametrize("frame", [0, -1, 11])
def test_a_frame_that_is_not_there_is_not_found_and_the_number_of_frames_said(
    frame: int, tmp_path: Path
) -> None:
    with pytest.raises(NotFound, match=f"no frame {frame}: the image has 10 frames"):
        decoded(encoded("emri_small.dcm", frame), tmp_path)


def test_describing_a_frame_that_is_not_there_is_not_found_either() -> None:
    with pytest.raises(NotFound, match="no frame 2: the image has 1 frame,"):
        describe(Encoded(path_of("CT_small.dcm"), "application/dicom", frame=2))
