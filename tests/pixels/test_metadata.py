"""Metadata say what the image says, and nothing that it does not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from pydicom import Dataset

from imageid_daemon.pixels import (
    Description,
    Encoded,
    ImageMetadata,
    decode,
    describe,
    dicom_json,
    split_metadata,
)
from imageid_loaders.errors import Undecodable
from pixels.material import dataset, encoded, grey, path_of

PROTO = Path(__file__).parents[2] / "proto" / "imageid" / "v1" / "types.proto"


def test_the_fields_are_those_of_the_contract() -> None:
    message = PROTO.read_text().split("message ImageMetadata {")[1].split("\n}")[0]
    named = re.findall(r"^  (?:optional |repeated )?[\w.]+ (\w+) = \d+;", message, re.MULTILINE)

    # Those two are of the data set, and given by `dicom_json`.
    named = [name for name in named if name not in ("dicom_json", "functional_groups")]
    assert list(ImageMetadata.__struct_fields__) == named


def test_a_single_frame_image_is_described() -> None:
    found = describe(encoded("CT_small.dcm"))

    assert found == ImageMetadata(
        rows=128,
        columns=128,
        samples_per_pixel=1,
        photometric_interpretation="MONOCHROME2",
        bits_allocated=16,
        bits_stored=16,
        high_bit=15,
        pixel_representation=1,
        rescale_slope=1.0,
        rescale_intercept=-1024.0,
        pixel_spacing=(0.661468, 0.661468),
        slice_thickness=5.0,
        slice_location=-77.2040634155,
        spacing_between_slices=5.0,
        image_position_patient=(-158.135803, -179.035797, -75.699997),
        image_orientation_patient=(1.0, 0.0, 0.0, 0.0, 1.0, 0.0),
        frame_of_reference_uid="1.3.6.1.4.1.5962.1.4.1.1.20040119072730.12322",
        modality="CT",
        study_instance_uid="1.3.6.1.4.1.5962.1.2.1.20040119072730.12322",
        series_instance_uid="1.3.6.1.4.1.5962.1.3.1.1.20040119072730.12322",
        sop_instance_uid="1.3.6.1.4.1.5962.1.1.1.1.1.20040119072730.12322",
        sop_class_uid="1.2.840.10008.5.1.4.1.1.2",
        series_number=1,
        instance_number=1,
        transfer_syntax_uid="1.2.840.10008.1.2.1",
        pixel_padding_value=-2000.0,
        series_date="19970430",
        series_time="112749",
        acquisition_date="19970430",
        acquisition_time="112936",
        content_date="19970430",
        content_time="113008",
        image_type=("ORIGINAL", "PRIMARY", "AXIAL"),
        acquisition_number=2,
        patient_position="FFS",
    )


def test_what_the_image_does_not_say_is_absent(tmp_path: Path) -> None:
    found = describe(encoded(grey(tmp_path / "a.dcm", np.zeros((2, 3), np.uint8))))

    said = {name for name in found.__struct_fields__ if _is_said(getattr(found, name))}
    assert said == {
        "rows",
        "columns",
        "samples_per_pixel",
        "photometric_interpretation",
        "bits_allocated",
        "bits_stored",
        "sop_class_uid",
        "sop_instance_uid",
        "transfer_syntax_uid",
        "high_bit",
        "pixel_representation",
    }


def _is_said(value: object) -> bool:
    return value is not None and value is not False and value != ()


def test_zero_is_said_and_not_absent(tmp_path: Path) -> None:
    path = grey(
        tmp_path / "a.dcm",
        np.zeros((2, 3), np.uint8),
        RescaleIntercept="0",
        SliceLocation="0",
        InstanceNumber="0",
    )

    found = describe(encoded(path))

    assert (found.rescale_intercept, found.slice_location, found.instance_number) == (0.0, 0.0, 0)


def test_windows_come_in_pairs_with_their_names(tmp_path: Path) -> None:
    path = grey(
        tmp_path / "a.dcm",
        np.zeros((2, 3), np.uint8),
        WindowCenter=["40", "-600", "7"],
        WindowWidth=["400", "1500"],
        WindowCenterWidthExplanation=["SOFT", "LUNG"],
        VOILUTFunction="SIGMOID",
    )

    found = describe(encoded(path))

    assert found.window_center == (40.0, -600.0)
    assert found.window_width == (400.0, 1500.0)
    assert found.window_center_width_explanation == ("SOFT", "LUNG")
    assert found.voi_lut_function == "SIGMOID"


def test_padding_of_a_signed_image_is_signed_in_any_vr(tmp_path: Path) -> None:
    path = grey(tmp_path / "a.dcm", np.zeros((2, 3), np.int16))
    image = dataset(str(path))
    image.add_new("PixelPaddingValue", "US", 63536)
    image.save_as(path)

    assert describe(encoded(path)).pixel_padding_value == -2000.0


def functional_groups(tmp_path: Path) -> Path:
    def macro(sequence: str, **attributes: Any) -> Dataset:
        group, item = Dataset(), Dataset()
        for keyword, value in attributes.items():
            setattr(item, keyword, value)
        setattr(group, sequence, [item])
        return group

    return grey(
        tmp_path / "a.dcm",
        np.zeros((2, 3), np.uint8),
        Rows=1,
        NumberOfFrames=2,
        SharedFunctionalGroupsSequence=[
            macro("PixelMeasuresSequence", PixelSpacing=["0.5", "0.25"], SliceThickness="3")
        ],
        PerFrameFunctionalGroupsSequence=[
            macro("PlanePositionSequence", ImagePositionPatient=["0", "0", str(z)])
            for z in (10, 13)
        ],
    )


def test_functional_groups_are_flattened_for_the_frame(tmp_path: Path) -> None:
    path = functional_groups(tmp_path)

    first, second = describe(encoded(path)), describe(encoded(path, 2))

    assert (first.frame_number, second.frame_number) == (1, 2)
    assert first.image_position_patient == (0.0, 0.0, 10.0)
    assert second.image_position_patient == (0.0, 0.0, 13.0)
    assert first.pixel_spacing == second.pixel_spacing == (0.5, 0.25)
    assert second.slice_thickness == 3.0
    assert second.number_of_frames == 2


def test_functional_groups_of_a_json_document_are_flattened_the_same(tmp_path: Path) -> None:
    path = functional_groups(tmp_path)
    document = dicom_json(encoded(path))

    assert describe(Encoded("", "", None, document, 2)) == describe(encoded(path, 2))


def test_describing_reads_the_header_alone(tmp_path: Path) -> None:
    whole = Path(path_of("RG1_UNCI.dcm")).read_bytes()
    cut = tmp_path / "cut.dcm"
    cut.write_bytes(whole[:4096])

    assert describe(encoded(cut)) == describe(encoded("RG1_UNCI.dcm"))


def test_a_description_survives_being_stored(tmp_path: Path) -> None:
    written = decode(encoded("OBXXXX1A.dcm"), "default", str(tmp_path / "pixels"))
    assert written.description.tables is not None

    again = msgspec.json.decode(msgspec.json.encode(written.description), type=Description)
    packed = msgspec.msgpack.decode(msgspec.msgpack.encode(written.description), type=Description)

    assert again == written.description == packed


def test_dicom_json_holds_the_data_set_without_bulk_data() -> None:
    found = json.loads(dicom_json(encoded("OBXXXX1A.dcm")))

    source = dataset("OBXXXX1A.dcm")
    assert found["0020000D"] == {"vr": "UI", "Value": [source.StudyInstanceUID]}
    assert found["00281101"]["Value"] == [256, 0, 16]
    assert found["00083002"]["Value"] == ["1.2.840.10008.1.2.1"]
    assert "7FE00010" not in found
    assert not any(tag.startswith("0002") for tag in found)


def test_dicom_json_given_by_the_origin_loses_its_references() -> None:
    document = {
        "00080018": {"vr": "UI", "Value": ["1.2"]},
        "7FE00010": {"vr": "OW", "BulkDataURI": "http://pacs.example/bulk"},
        "00081140": {"vr": "SQ", "Value": [{"00091001": {"vr": "OB", "BulkDataURI": "x"}}]},
    }

    found = dicom_json(Encoded("", "", None, json.dumps(document).encode()))

    assert json.loads(found) == {
        "00080018": {"vr": "UI", "Value": ["1.2"]},
        "00081140": {"vr": "SQ", "Value": [{}]},
    }


def test_a_metadata_document_is_cut_into_its_instances() -> None:
    instances = [
        {
            "00080018": {"vr": "UI", "Value": [f"1.2.{number}"]},
            "00280010": {"vr": "US", "Value": [7]},
        }
        for number in range(3)
    ]

    found = split_metadata(json.dumps(instances).encode())

    assert [json.loads(found[f"1.2.{number}"]) for number in range(3)] == instances


def test_a_single_object_counts_as_one_instance() -> None:
    assert list(split_metadata(b'{"00080018": {"vr": "UI", "Value": ["1.2"]}}')) == ["1.2"]


def test_an_empty_document_has_no_instances() -> None:
    assert split_metadata(b"[]") == {}


@pytest.mark.parametrize(
    "document",
    [b"", b"<html>", b"[1]", b'{"error": "no"}', b'[{"a": 1}]', b"[" * 100_000, b'"1.2"'],
    ids=["empty", "html", "number", "error", "other objects", "deep", "text"],
)
def test_what_is_no_metadata_document_is_refused(document: bytes) -> None:
    with pytest.raises(Undecodable, match="not DICOM JSON"):
        split_metadata(document)
