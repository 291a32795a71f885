"""What was read of a header for one frame serves the others, and no frame gets another's facts."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from pydicom import Dataset

from imageid_daemon.pixels import ImageMetadata, describe, describe_frames, index, locate
from imageid_loaders.errors import ImageError
from pixels.material import corpus, dataset, encoded, grey

FRAMES = 3


def frame_group(number: int) -> Dataset:
    position, measures, group = Dataset(), Dataset(), Dataset()
    position.ImagePositionPatient = ["0", "0", str(number)]
    measures.SliceThickness = str(number + 1)
    group.PlanePositionSequence = [position]
    group.PixelMeasuresSequence = [measures]
    return group


def detector() -> Dataset:
    found = Dataset()
    found.ImagePositionPatient = ["0", "0", "9"]
    found.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    return found


# Each of them says something else of each frame.
SAYINGS: dict[str, dict[str, Any]] = {
    "functional groups": {
        "PerFrameFunctionalGroupsSequence": [frame_group(number) for number in range(FRAMES)]
    },
    "dose": {
        "Modality": "RTDOSE",
        "GridFrameOffsetVector": ["0", "2", "5"],
        "ImagePositionPatient": ["1", "2", "3"],
        "ImageOrientationPatient": ["1", "0", "0", "0", "1", "0"],
    },
    "nuclear": {
        "ImageType": ["ORIGINAL", "PRIMARY", "RECON TOMO", "EMISSION"],
        "DetectorInformationSequence": [detector()],
        "SliceVector": [2, 1, 3],
        "SpacingBetweenSlices": "4",
    },
    "times": {"FrameTimeVector": ["0", "10", "30"]},
}


def sayings(path: Path, *names: str) -> Path:
    said = {keyword: value for name in names for keyword, value in SAYINGS[name].items()}
    array = np.zeros((FRAMES, 8), np.uint8)
    return grey(path, array, **{"Rows": 1, "NumberOfFrames": FRAMES, **said})


def with_overlays(path: Path) -> Path:
    path = grey(path, np.zeros((FRAMES, 8), np.uint8), Rows=1, NumberOfFrames=FRAMES)
    image = dataset(str(path))
    for number, vr, value in (
        (0x10, "US", 1),
        (0x11, "US", 8),
        (0x15, "IS", "2"),
        (0x40, "CS", "G"),
        (0x50, "SS", [1, 1]),
        (0x51, "US", 2),
        (0x3000, "OW", b"\x0f\xf0"),
    ):
        image.add_new(0x60000000 | number, vr, value)
    image.save_as(path)
    return path


def read_alone(path: Path, frame: int) -> ImageMetadata | str:
    """Describe a frame of a file that seems to be another, so that nothing is remembered of it."""
    os.utime(path, ns=(0, frame))
    try:
        return describe(encoded(path, frame))
    except ImageError as error:
        return error.message


def read_together(path: Path, frames: int) -> list[ImageMetadata | str]:
    """Describe its frames, the last first, with what is remembered of the header."""
    os.utime(path, ns=(0, 0))
    try:
        found = describe_frames(encoded(path), range(frames, 0, -1))
    except ImageError as error:
        return [error.message] * frames
    ordered = reversed(found)
    return [each if isinstance(each, ImageMetadata) else each.message for each in ordered]


def read_located(path: Path, frames: int) -> list[ImageMetadata | str]:
    """The same by an index of the file, as each frame of a large one is read."""
    index_path = str(path.with_suffix(".index"))
    index(encoded(path), index_path)
    found: list[ImageMetadata | str] = []
    for frame in range(frames, 0, -1):
        located = locate(index_path, [frame])
        what = replace(encoded(path, frame), located=located.record)
        try:
            found.append(describe(replace(what, path=index_path) if located.in_index else what))
        except ImageError as error:
            found.append(error.message)
    return found[::-1]


@pytest.mark.parametrize("source", corpus(), ids=lambda path: path.name)
def test_every_shipped_file_says_of_each_frame_what_it_says_when_read_anew(
    source: Path, tmp_path: Path
) -> None:
    path = Path(shutil.copy(source, tmp_path / "a.dcm"))
    first = read_alone(path, 1)
    frames = (first.number_of_frames or 1) if isinstance(first, ImageMetadata) else 1

    together = read_together(path, frames)

    alone = [read_alone(path, frame) for frame in range(1, frames + 1)]
    assert together == alone
    assert read_located(path, frames) == alone


@pytest.mark.parametrize(
    "names",
    [names for count in range(1, len(SAYINGS) + 1) for names in combinations(SAYINGS, count)],
    ids="+".join,
)
def test_what_is_said_of_one_frame_is_said_of_no_other(
    names: tuple[str, ...], tmp_path: Path
) -> None:
    path = sayings(tmp_path / "a.dcm", *names)

    together = read_together(path, FRAMES)

    alone = [read_alone(path, frame) for frame in range(1, FRAMES + 1)]
    assert together == alone
    assert read_located(path, FRAMES) == alone
    # The frame's own facts differ in more than its number.
    numbered = [msgspec.structs.replace(each, frame_number=1) for each in together]  # type: ignore[type-var]
    assert all(one != other for one, other in combinations(numbered, 2))


def test_an_overlay_of_one_frame_is_on_no_other(tmp_path: Path) -> None:
    path = with_overlays(tmp_path / "a.dcm")

    together = read_together(path, FRAMES)

    alone = [read_alone(path, frame) for frame in range(1, FRAMES + 1)]
    assert together == alone
    assert read_located(path, FRAMES) == alone
    planes = [[each.data for each in found.overlays] for found in together]  # type: ignore[union-attr]
    assert planes == [[], [b"\x0f"], [b"\xf0"]]


def test_a_file_that_has_changed_is_read_anew(tmp_path: Path) -> None:
    path = grey(tmp_path / "a.dcm", np.zeros((2, 2), np.uint8), SeriesNumber=1)
    before = describe(encoded(path))
    grey(path, np.zeros((2, 2), np.uint8), SeriesNumber=2)

    after = describe(encoded(path))

    assert (before.series_number, after.series_number) == (1, 2)
