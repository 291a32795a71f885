"""Which instance a Part 10 file is, by its first bytes."""

import warnings
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from imageid_loaders.part10 import phantom_file
from imageid_loaders.sop_instance_uid import HEAD_BYTES, sop_instance_uid

FILE = phantom_file(1)


def written(syntax, change=lambda dataset: None):
    dataset = pydicom.dcmread(BytesIO(FILE))
    dataset.file_meta.TransferSyntaxUID = syntax
    change(dataset)
    file = BytesIO()
    is_little, is_implicit = syntax.is_little_endian, syntax.is_implicit_VR
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pydicom.dcmwrite(
            file, dataset, implicit_vr=is_implicit, little_endian=is_little, overwrite=True
        )
    return file.getvalue()[:HEAD_BYTES]


UID = str(pydicom.dcmread(BytesIO(FILE)).SOPInstanceUID)


@pytest.mark.parametrize(
    "syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian, ExplicitVRBigEndian]
)
def test_the_uid_is_read_in_every_encoding(syntax):
    assert sop_instance_uid(written(syntax)) == UID


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small_RLE.dcm", "JPEG2000.dcm"])
def test_it_is_the_one_that_pydicom_reads(name):
    path = get_testdata_file(name, download=False)
    head = Path(path).read_bytes()[:HEAD_BYTES]

    assert sop_instance_uid(head) == str(pydicom.dcmread(path).SOPInstanceUID)


def test_the_data_set_counts_where_the_file_meta_information_names_another_instance():
    def edit(dataset):
        dataset.file_meta.MediaStorageSOPInstanceUID = "1.2.3"

    assert sop_instance_uid(written(ExplicitVRLittleEndian, edit)) == UID


def test_a_deflated_data_set_does_not_tell():
    assert sop_instance_uid(written(DeflatedExplicitVRLittleEndian)) is None


def test_an_instance_without_the_uid_does_not_tell():
    def edit(dataset):
        del dataset.SOPInstanceUID
        dataset.StudyDate = "20260101"

    assert sop_instance_uid(written(ExplicitVRLittleEndian, edit)) is None


@pytest.mark.parametrize("size_bytes", [0, 100, 131, 132, 140, 150, 200, 300, 350])
def test_a_head_that_is_too_short_tells_nothing(size_bytes):
    assert sop_instance_uid(FILE[:size_bytes]) is None


def test_a_length_beyond_the_head_tells_nothing():
    # An element of undefined length before the UID: LanguageCodeSequence (0008,0006).
    at = FILE.index(b"\x08\x00\x16\x00UI")
    sequence = b"\x08\x00\x06\x00SQ\0\0" + b"\xff" * 4

    assert sop_instance_uid(FILE[:at] + sequence + FILE[at:HEAD_BYTES]) is None
