"""Some attributes of a file's header as DICOM JSON."""

import json
from io import BytesIO

import pytest
from pydicom import dcmread
from pydicom.config import disable_value_validation
from pydicom.dataset import Dataset

from imageid_daemon import pixels
from imageid_loaders.errors import Undecodable
from imageid_loaders.part10 import phantom_file

SOP_INSTANCE_UID, INSTANCE_NUMBER, ROWS = 0x00080018, 0x00200013, 0x00280010


@pytest.fixture
def read(tmp_path):
    def act(data, *tags):
        path = tmp_path / "file"
        path.write_bytes(data)
        return json.loads(pixels.header_json(str(path), tags))

    return act


def changed(**attributes):
    with disable_value_validation():
        dataset = dcmread(BytesIO(phantom_file(1)))
        for keyword, value in attributes.items():
            setattr(dataset, keyword, value)
        stream = BytesIO()
        dataset.save_as(stream)
    return stream.getvalue()


def test_only_the_attributes_asked_for_are_told(read):
    found = read(phantom_file(3), INSTANCE_NUMBER, ROWS, 0x00204000)

    del found["00083002"]
    assert found == {
        "00200013": {"vr": "IS", "Value": [3]},
        "00280010": {"vr": "US", "Value": [256]},
    }


@pytest.mark.parametrize("odd", ["Doe^John", "1.02.3"])
def test_a_uid_that_is_none_by_the_standard_is_told_as_it_is(read, odd, caplog):
    found = read(changed(SOPInstanceUID=odd), SOP_INSTANCE_UID)

    assert found["00080018"]["Value"] == [odd]
    assert caplog.text == ""


@pytest.mark.parametrize("odd", [b"IS\2\0x ", b"US\3\0\1\1\1", b"ZZ\2\0\1 "])
def test_an_element_that_cannot_be_read_is_left_out_alone(read, odd):
    number = b"\x20\x00\x13\x00"
    data = phantom_file(1).replace(number + b"IS\2\x001 ", number + odd)

    found = read(data, SOP_INSTANCE_UID, INSTANCE_NUMBER)

    assert "00080018" in found
    assert found.get("00200013", {}).get("Value") is None


def test_an_odd_value_in_an_item_leaves_the_sequence_told(read):
    with disable_value_validation():
        item = Dataset()
        item.ReferencedSOPInstanceUID = "1.02.3"

    found = read(changed(ReferencedImageSequence=[item]), 0x00081140)

    assert found["00081140"]["Value"] == [{"00081155": {"vr": "UI", "Value": ["1.02.3"]}}]


def test_what_is_no_dicom_is_undecodable(read):
    with pytest.raises(Undecodable):
        read(b"<html>" * 100, ROWS)
