"""Where the frames of multi-frame images lie (PS3.3 C.7.6.16.2, C.8.8.3.2, C.8.4.15)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset

from imageid_daemon.pixels import Encoded, ImageMetadata, describe, describe_frames, dicom_json
from imageid_loaders.errors import NotFound
from pixels.material import dataset, encoded, grey

AXIAL = [1, 0, 0, 0, 1, 0]
HEAD_DOWN = [1, 0, 0, 0, -1, 0]
SAGITTAL = [0, 1, 0, 0, 0, -1]


def frames(path: Path | str, count: int) -> list[ImageMetadata]:
    return [describe(encoded(path, number)) for number in range(1, count + 1)]


def dose(path: Path, offsets: list[float] | None, **attributes: Any) -> Path:
    said = {
        "Rows": 1,
        "NumberOfFrames": 3,
        "Modality": "RTDOSE",
        "ImagePositionPatient": ["-10", "-20", "30"],
        "ImageOrientationPatient": AXIAL,
        **({} if offsets is None else {"GridFrameOffsetVector": offsets}),
        **attributes,
    }
    return grey(path, np.zeros((3, 4), np.uint16), **said)


def test_dose_planes_are_offset_from_the_first(tmp_path: Path) -> None:
    path = dose(tmp_path / "a.dcm", [0, 2.5, 5])

    found = frames(path, 3)

    assert [frame.image_position_patient for frame in found] == [
        (-10.0, -20.0, 30.0),
        (-10.0, -20.0, 32.5),
        (-10.0, -20.0, 35.0),
    ]
    assert {frame.image_orientation_patient for frame in found} == {(1, 0, 0, 0, 1, 0)}
    assert {frame.spacing_between_slices for frame in found} == {2.5}


def test_dose_planes_may_say_their_own_z(tmp_path: Path) -> None:
    path = dose(tmp_path / "a.dcm", [30, 27, 20])

    found = frames(path, 3)

    assert [frame.image_position_patient[2] for frame in found] == [30.0, 27.0, 20.0]
    assert {frame.spacing_between_slices for frame in found} == {None}


@pytest.mark.parametrize(
    ("orientation", "last"),
    [
        (HEAD_DOWN, (-10.0, -20.0, 24.0)),
        ([-1, 0, 0, 0, -1, 0], (-10.0, -20.0, 36.0)),
        (SAGITTAL, (-16.0, -20.0, 30.0)),
    ],
)
def test_dose_planes_lie_along_the_normal_of_their_rows_and_columns(
    tmp_path: Path, orientation: list[int], last: tuple[float, ...]
) -> None:
    path = dose(tmp_path / "a.dcm", [0, 3, 6], ImageOrientationPatient=orientation)

    assert frames(path, 3)[2].image_position_patient == pytest.approx(last)


@pytest.mark.parametrize("offsets", [None, [7, 8, 9], [0]], ids=["none", "neither", "too few"])
def test_a_dose_plane_whose_offset_is_not_known_has_no_position(
    tmp_path: Path, offsets: list[float] | None
) -> None:
    first, *_, last = frames(dose(tmp_path / "a.dcm", offsets), 3)

    assert first.image_position_patient == (-10.0, -20.0, 30.0)
    assert last.image_position_patient == ()


def test_a_real_dose_lies_where_its_offsets_say() -> None:
    source = dataset("rtdose.dcm")
    first, orientation = source.ImagePositionPatient, source.ImageOrientationPatient
    normal = np.cross(orientation[:3], orientation[3:])

    found = frames("rtdose.dcm", 15)

    for frame, offset in zip(found, source.GridFrameOffsetVector, strict=True):
        assert frame.image_position_patient == pytest.approx(np.array(first) + offset * normal)
    assert found[0].rt_dose is not None
    assert found[0].rt_dose.dose_grid_scaling == float(source.DoseGridScaling)
    assert found[0].rt_dose.dose_units == source.DoseUnits


def nuclear(path: Path, kind: str = "RECON TOMO", **attributes: Any) -> Path:
    detector = Dataset()
    detector.ImagePositionPatient = ["-100", "-90", "80"]
    detector.ImageOrientationPatient = AXIAL
    said = {
        "Rows": 1,
        "NumberOfFrames": 4,
        "Modality": "NM",
        "ImageType": ["ORIGINAL", "PRIMARY", kind, "EMISSION"],
        "DetectorInformationSequence": [detector],
        "SpacingBetweenSlices": "-4",
        "SliceVector": [1, 2, 1, 2],
        **attributes,
    }
    return grey(path, np.zeros((4, 3), np.uint16), **said)


def test_reconstructed_slices_are_stacked_from_the_detectors_first(tmp_path: Path) -> None:
    found = frames(nuclear(tmp_path / "a.dcm"), 4)

    assert [frame.image_position_patient for frame in found] == [
        (-100.0, -90.0, 80.0),
        (-100.0, -90.0, 76.0),
        (-100.0, -90.0, 80.0),
        (-100.0, -90.0, 76.0),
    ]
    assert found[3].image_orientation_patient == (1, 0, 0, 0, 1, 0)


def test_without_a_slice_vector_the_frames_are_the_slices_where_there_are_as_many(
    tmp_path: Path,
) -> None:
    as_many = nuclear(tmp_path / "a.dcm", SliceVector=None, NumberOfSlices=4)
    fewer = nuclear(tmp_path / "b.dcm", SliceVector=None, NumberOfSlices=2)

    assert frames(as_many, 3)[2].image_position_patient == (-100.0, -90.0, 72.0)
    assert frames(fewer, 3)[2].image_position_patient == ()


def test_projections_lie_nowhere(tmp_path: Path) -> None:
    found = frames(nuclear(tmp_path / "a.dcm", kind="TOMO"), 2)

    assert {frame.image_position_patient for frame in found} == {()}


def group(**macros: dict[str, Any]) -> Dataset:
    found = Dataset()
    for sequence, attributes in macros.items():
        item = Dataset()
        for keyword, value in attributes.items():
            setattr(item, keyword, value)
        setattr(found, sequence, [item])
    return found


def enhanced(path: Path) -> Path:
    def own(number: int) -> Dataset:
        return group(
            PlanePositionSequence={"ImagePositionPatient": ["0", "0", str(10 * number)]},
            FrameContentSequence={
                "StackID": "A",
                "InStackPositionNumber": number,
                "TemporalPositionIndex": 7,
                "DimensionIndexValues": [1, number],
                "FrameAcquisitionDateTime": f"2021030412000{number}",
                "FrameAcquisitionNumber": 40 + number,
            },
            FrameVOILUTSequence={"WindowCenter": str(number), "WindowWidth": "100"},
            SegmentIdentificationSequence={"ReferencedSegmentNumber": number + 2},
        )

    return grey(
        path,
        np.zeros((2, 3), np.uint8),
        Rows=1,
        NumberOfFrames=2,
        AcquisitionNumber=3,
        ImageType=["DERIVED", "PRIMARY"],
        SharedFunctionalGroupsSequence=[
            group(
                PlaneOrientationSequence={"ImageOrientationPatient": AXIAL},
                PixelValueTransformationSequence={
                    "RescaleSlope": "2",
                    "RescaleIntercept": "-5",
                    "RescaleType": "US",
                },
                MRImageFrameTypeSequence={"FrameType": ["ORIGINAL", "PRIMARY", "T1", "NONE"]},
                FrameAnatomySequence={"FrameLaterality": "L"},
            )
        ],
        PerFrameFunctionalGroupsSequence=[own(1), own(2)],
    )


def test_a_frame_of_an_enhanced_image_says_what_is_its_own_and_what_all_share(
    tmp_path: Path,
) -> None:
    found = describe(encoded(enhanced(tmp_path / "a.dcm"), 2))

    assert found.image_position_patient == (0.0, 0.0, 20.0)
    assert found.image_orientation_patient == (1, 0, 0, 0, 1, 0)
    assert (found.stack_id, found.in_stack_position_number) == ("A", 2)
    assert (found.temporal_position_index, found.dimension_index_values) == (7, (1, 2))
    assert found.frame_acquisition_date_time == "20210304120002"
    assert found.acquisition_number == 42
    assert (found.window_center, found.window_width) == ((2.0,), (100.0,))
    assert (found.rescale_slope, found.rescale_intercept, found.rescale_type) == (2.0, -5.0, "US")
    assert found.image_type == ("ORIGINAL", "PRIMARY", "T1", "NONE")
    assert found.laterality == "L"
    assert found.referenced_segment_number == 4


def test_several_frames_are_described_together_as_each_alone(tmp_path: Path) -> None:
    path = enhanced(tmp_path / "a.dcm")
    document = Encoded("", "", dicom_json=dicom_json(encoded(path)))

    together = describe_frames(encoded(path), [2, 1, 3])

    assert together[:2] == list(reversed(frames(path, 2)))
    assert isinstance(together[2], NotFound)
    assert describe_frames(document, [1, 2]) == frames(path, 2)
    assert isinstance(describe_frames(document, [3])[0], NotFound)


def test_a_single_frame_says_nothing_of_frames() -> None:
    found = describe(encoded("CT_small.dcm"))

    assert found.frame_number is None
    assert found.stack_id is None
    assert found.dimension_index_values == ()
    assert found.frame_acquisition_date_time is None


@pytest.mark.parametrize("name", ["liver.dcm", "eCT_Supplemental.dcm"])
def test_real_enhanced_images_lie_where_their_groups_say(name: str) -> None:
    source = dataset(name)

    for number, own in enumerate(source.PerFrameFunctionalGroupsSequence, 1):
        found = describe(encoded(name, number))

        position = own.PlanePositionSequence[0].ImagePositionPatient
        assert found.image_position_patient == tuple(map(float, position))
        index = own.FrameContentSequence[0].get("DimensionIndexValues", ())
        assert found.dimension_index_values == tuple(index)
