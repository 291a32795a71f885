import asyncio
import json
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.config import disable_value_validation
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from imageid_loaders.base import Settings
from imageid_loaders.errors import Corrupt, NotAllowed, NotFound
from imageid_loaders.file import FileLoader
from imageid_loaders.file_url import file_url
from imageid_loaders.listing import listed_images
from imageid_loaders.part10 import phantom_file
from imageid_loaders.testing import DeadTransport, list_images
from imageid_loaders.wado_rs import WadoRsLoader

IMAGE = {
    "00080018": {"Value": ["3"]},
    "0020000E": {"Value": ["2"]},
    "00280010": {"Value": [512]},
    "00200013": {"Value": ["7"]},
    "00200032": {"Value": [1, -2.5, "3"]},
    "00200037": {"Value": [1, 0, 0, 0, 1, 0]},
}


def listed(instance):
    return list(listed_images(instance, str))


def test_an_image_is_listed_with_what_puts_it_in_order():
    (image,) = listed(IMAGE)

    assert (image.series_instance_uid, image.sop_instance_uid) == ("2", "3")
    assert (image.instance_number, image.frame_number) == (7, None)
    assert image.position == (1.0, -2.5, 3.0)
    assert image.orientation == (1, 0, 0, 0, 1, 0)


def test_what_has_no_rows_is_no_image():
    assert listed({key: value for key, value in IMAGE.items() if key != "00280010"}) == []


def test_every_frame_is_an_image():
    images = listed(IMAGE | {"00280008": {"Value": [3]}})

    assert [image.frame_number for image in images] == [1, 2, 3]
    assert [image.image_id for image in images] == ["1", "2", "3"]


def test_a_frame_has_the_position_of_its_functional_group():
    groups = [{"00209113": {"Value": [{"00200032": {"Value": [0, 0, z]}}]}} for z in (10, 20)]
    shared = {"00209116": {"Value": [{"00200037": {"Value": [0, 1, 0, 0, 0, 1]}}]}}
    images = listed(
        IMAGE
        | {
            "00280008": {"Value": [2]},
            "52009230": {"Value": groups},
            "52009229": {"Value": [shared]},
        }
    )

    assert [image.position for image in images] == [(0, 0, 10), (0, 0, 20)]
    assert {image.orientation for image in images} == {(0, 1, 0, 0, 0, 1)}


@pytest.mark.parametrize(
    ("offsets", "orientation", "positions"),
    [
        ([0, 2, 5], [1, 0, 0, 0, 1, 0], [(1, 2, 3), (1, 2, 5), (1, 2, 8)]),
        ([0, 2, 5], [1, 0, 0, 0, -1, 0], [(1, 2, 3), (1, 2, 1), (1, 2, -2)]),
        ([0, 2, 5], [0, 1, 0, 0, 0, -1], [(1, 2, 3), (-1, 2, 3), (-4, 2, 3)]),
        ([3, 9, 4], [1, 0, 0, 0, 1, 0], [(1, 2, 3), (1, 2, 9), (1, 2, 4)]),
        ([7, 8, 9], [1, 0, 0, 0, 1, 0], [None, None, None]),
        ([0, 2], [1, 0, 0, 0, 1, 0], [(1, 2, 3), (1, 2, 5), None]),
    ],
)
def test_a_plane_of_a_dose_lies_where_its_offset_says(offsets, orientation, positions):
    dose = {
        "00280008": {"Value": [3]},
        "00200032": {"Value": [1, 2, 3]},
        "00200037": {"Value": orientation},
        "3004000C": {"Value": offsets},
    }

    assert [image.position for image in listed(IMAGE | dose)] == positions


@pytest.mark.parametrize(
    "element", [None, {}, {"Value": None}, {"Value": []}, {"Value": ["a"]}, "x"]
)
def test_odd_values_are_facts_that_are_not_known(element):
    (image,) = listed(IMAGE | dict.fromkeys(("00200032", "00200013", "00280008"), element))

    assert image.position is None
    assert image.instance_number is None


def test_more_frames_than_anything_has_are_refused():
    with pytest.raises(Corrupt, match="million"):
        listed(IMAGE | {"00280008": {"Value": [2**31 - 1]}})


@pytest.fixture
def list_wado_rs():
    def act(root, document):
        async def read(resource):
            urls.append(resource.url)
            return document if isinstance(document, bytes) else json.dumps(document).encode()

        images = asyncio.run(WadoRsLoader(Settings()).list_images(root, read))
        return [image.image_id for image in images], urls

    urls = []
    return act


def test_a_study_is_listed_from_its_one_document(list_wado_rs):
    image_ids, urls = list_wado_rs("wadors:https://h/dw/studies/1?a=b", [IMAGE, {}])

    assert image_ids == ["wadors:https://h/dw/studies/1/series/2/instances/3/frames/1?a=b"]
    assert urls == ["https://h/dw/studies/1/metadata?a=b"]


@pytest.mark.parametrize(
    ("root", "image_id"),
    [
        ("wadors://h/1/2/3", "wadors://h/dicom-web/studies/1/series/2/instances/3/frames/1"),
        ("wadors://h/x/studies/1", "wadors://h/x/studies/1/series/2/instances/3/frames/1"),
        ("https://h/studies/1/series/2/", "https://h/studies/1/series/2/instances/3/frames/1"),
        (
            "wadors:https://h/studies/1/series/2/instances/3/frames/1",
            "wadors:https://h/studies/1/series/2/instances/3/frames/1",
        ),
    ],
)
def test_image_ids_are_written_like_the_root(list_wado_rs, root, image_id):
    assert list_wado_rs(root, [IMAGE])[0] == [image_id]


def test_listed_image_ids_of_a_host_mean_what_the_root_meant():
    loader = WadoRsLoader(Settings())

    listed = loader.resolve("wadors://h/dicom-web/studies/1/series/2/instances/3/frames/1")

    assert listed == loader.resolve("wadors://h/1/2/3/frames/1")


@pytest.mark.parametrize("document", [b"<html>", b"{}", b"[1]", b"[" * 100_000])
def test_metadata_that_are_none_are_corrupt(list_wado_rs, document):
    with pytest.raises(Corrupt):
        list_wado_rs("wadors:https://h/studies/1", document)


@pytest.fixture
def root(tmp_path):
    (tmp_path / "outside").write_bytes(phantom_file(9))
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def list_files(root):
    def act(path):
        loader = FileLoader(Settings({"roots": [str(root)]}))
        return asyncio.run(list_images(loader, file_url(path), DeadTransport()))

    return act


def test_a_folder_is_listed_with_all_below_it(list_files, root):
    (root / "deep" / "deeper").mkdir(parents=True)
    (root / "deep" / "deeper" / "2").write_bytes(phantom_file(2))
    (root / "1").write_bytes(phantom_file(1))

    images = list_files(root)

    assert [image.image_id for image in images] == [
        file_url(root / "1"),
        file_url(root / "deep" / "deeper" / "2"),
    ]
    assert [image.position[2] for image in images] == [0.0, 2.0]
    assert images[0].series_instance_uid == images[1].series_instance_uid


def test_every_frame_of_a_file_is_listed(list_files, root):
    (root / "m").write_bytes(_test_file("emri_small.dcm"))

    images = list_files(root)

    assert [image.image_id for image in images] == [file_url(root / "m", n) for n in range(1, 11)]


def test_frames_of_a_real_file_have_their_positions(list_files, root):
    (root / "m").write_bytes(_test_file("eCT_Supplemental.dcm"))

    first, second = list_files(root)

    assert first.position != second.position
    assert first.orientation == second.orientation
    assert len(first.orientation) == 6


def test_what_is_no_image_is_passed_over(list_files, root):
    (root / "report").write_bytes(_test_file("test-SR.dcm"))
    (root / "broken").write_bytes(bytes(128) + b"DICM" + b"\xff" * 500)
    (root / "link").symlink_to(root.parent / "outside")
    (root / "loop").symlink_to("loop")
    (root / "empty").touch()

    assert list_files(root) == []


def test_a_deflated_file_is_listed_like_any_other(list_files, root):
    (root / "d").write_bytes(_test_file("image_dfl.dcm"))

    (image,) = list_files(root)

    assert image.image_id == file_url(root / "d")
    assert image.sop_instance_uid is not None


def test_a_missing_folder_is_not_found(list_files, root):
    with pytest.raises(NotFound):
        list_files(root / "missing")


def test_a_folder_outside_of_the_roots_is_not_allowed(list_files, root):
    with pytest.raises(NotAllowed):
        list_files(root.parent)


def test_a_linked_folder_that_leads_out_is_not_listed(list_files, root):
    (root / "link").symlink_to(root.parent)

    with pytest.raises(NotAllowed):
        list_files(root / "link")


def test_a_dicomdir_names_its_images(list_files, root):
    (root / "DISC").mkdir()
    (root / "DISC" / "IM1").write_bytes(phantom_file(1))
    (root / "DISC" / "IM2").write_bytes(phantom_file(2))
    write_dicomdir(root / "DICOMDIR", ["DISC", "IM2"], ["DISC", "MISSING"])

    assert [image.image_id for image in list_files(root / "DICOMDIR")] == [
        file_url(root / "DISC" / "IM2")
    ]


@pytest.mark.parametrize(
    "file_id",
    [["..", "outside"], ["..", "root", "1"], ["../outside"], ["/etc/passwd"], [".."], [""]],
)
def test_a_dicomdir_cannot_lead_out(list_files, root, file_id):
    (root / "1").write_bytes(phantom_file(1))
    write_dicomdir(root / "DICOMDIR", file_id)

    assert list_files(root / "DICOMDIR") == []


def _test_file(name):
    return Path(get_testdata_file(name, download=False)).read_bytes()


def write_dicomdir(path, *file_ids):
    dataset = dcmread(BytesIO(phantom_file(1)), specific_tags=[], stop_before_pixels=True)
    directory = Dataset()
    directory.file_meta = dataset.file_meta
    with disable_value_validation():
        directory.DirectoryRecordSequence = Sequence([directory_record(each) for each in file_ids])
        directory.save_as(path, enforce_file_format=True)


def directory_record(file_id):
    record = Dataset()
    record.DirectoryRecordType = "IMAGE"
    record.ReferencedFileID = file_id
    return record
