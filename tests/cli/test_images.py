"""`imageid info` and `imageid ls`."""

from __future__ import annotations

import json

from clients.python.scripted_daemon import ScriptedDaemon, says
from imageid.v1 import image_service_pb2 as v1
from imageid.v1 import types_pb2 as types

METADATA = types.ImageMetadata(
    rows=512, pixel_spacing=[0.5, 0.25], window_center=[40], modality="CT"
)
LISTED = [v1.ListedImage(image_id=f"file:/{number}.dcm") for number in (1, 2)]


def test_info_names_what_the_image_says(run_with_daemon, scripted: ScriptedDaemon) -> None:
    scripted.script("GetImageMetadata", says(v1.GetImageMetadataResponse(metadata=METADATA)))

    done = run_with_daemon("info", "example://1")

    assert done.stdout.splitlines() == [
        "rows             512",
        "window_center    40",
        "pixel_spacing    0.5, 0.25",
        "modality         CT",
        "modality_values  False",
    ]


def test_info_in_json(run_with_daemon, scripted: ScriptedDaemon) -> None:
    scripted.script("GetImageMetadata", says(v1.GetImageMetadataResponse(metadata=METADATA)))

    said = json.loads(run_with_daemon("info", "example://1", "--json").stdout)

    assert said["pixel_spacing"] == [0.5, 0.25]
    assert said["rows"] == 512


GROUPED = types.ImageMetadata(
    voi_luts=[types.LookupTable(first_mapped=-7, bits=8, entries=b"\0\0\xff\0")],
    rt_dose=types.RtDose(dose_units="GY"),
)


def test_info_names_facts_within_facts_and_says_how_large_tables_are(
    run_with_daemon, scripted: ScriptedDaemon
) -> None:
    scripted.script("GetImageMetadata", says(v1.GetImageMetadataResponse(metadata=GROUPED)))

    done = run_with_daemon("info", "example://1")

    assert done.stdout.splitlines() == [
        "modality_values          False",
        "voi_luts.1.first_mapped  -7",
        "voi_luts.1.bits          8",
        "voi_luts.1.entries       4 bytes",
        "rt_dose.dose_units       GY",
    ]


def test_tables_are_base64_in_json(run_with_daemon, scripted: ScriptedDaemon) -> None:
    scripted.script("GetImageMetadata", says(v1.GetImageMetadataResponse(metadata=GROUPED)))

    said = json.loads(run_with_daemon("info", "example://1", "--json").stdout)

    assert said["voi_luts"] == [{"first_mapped": -7, "bits": 8, "entries": "AAD/AA=="}]


def test_ls_says_one_image_on_each_line(run_with_daemon, scripted: ScriptedDaemon) -> None:
    scripted.script("ListImages", says(v1.ListImagesResponse(images=LISTED)))

    assert run_with_daemon("ls", "file:/").stdout == "file:/1.dcm\nfile:/2.dcm\n"


def test_ls_of_nothing_says_nothing(run_with_daemon, scripted: ScriptedDaemon) -> None:
    scripted.script("ListImages", says(v1.ListImagesResponse()))

    assert run_with_daemon("ls", "file:/").stdout == ""


def test_ls_in_json(run_with_daemon, scripted: ScriptedDaemon) -> None:
    scripted.script("ListImages", says(v1.ListImagesResponse(images=LISTED)))

    said = json.loads(run_with_daemon("ls", "file:/", "--json").stdout)

    assert said == ["file:/1.dcm", "file:/2.dcm"]
