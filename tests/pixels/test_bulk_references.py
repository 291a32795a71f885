"""What a document leaves elsewhere is named where it is needed, and read where it is known."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread

from imageid_daemon.pixels import Encoded, describe, limits, may_refer_to_bulk_data, references
from origins.bulk_data import Moved
from pixels.material import dataset, encoded, grey, path_of


def with_everything(path: Path) -> Path:
    """An image with an ICC profile, an overlay, and a VOI LUT of words."""
    grey(path, np.zeros((4, 6), np.uint16), ICCProfile=b"a profile of colours")
    image = dcmread(path)
    for tag, vr, value in [(0x10, "US", 4), (0x11, "US", 6), (0x50, "SS", [1, 1])]:
        image.add_new(0x60020000 | tag, vr, value)
    image.add_new(0x60023000, "OW", b"\x2a\x15\x3f\0")
    lut = Dataset()
    lut.LUTDescriptor = [3, 0, 16]
    lut.LUTData = [5, 50, 500]
    lut["LUTData"].VR = "US"
    image.VOILUTSequence = [lut]
    image.save_as(path)
    return path


def moved(path: str | Path) -> tuple[Encoded, Moved, dict[str, Any]]:
    source = dataset(str(path))
    whole = source.to_json_dict(bulk_data_threshold=10**9, suppress_invalid_tags=True)
    found = Moved(lambda number: f"../bulk/{number}")
    document = found.document(whole)
    uid = str(source.file_meta.TransferSyntaxUID)
    return Encoded("", "", uid, json.dumps(document).encode()), found, document


def known(what: Encoded, values: dict[str, bytes]) -> Encoded:
    return Encoded("", "", what.transfer_syntax_uid, what.dicom_json, bulk=tuple(values.items()))


@pytest.mark.parametrize("name", ["OBXXXX1A.dcm", "mlut_18.dcm", "vlut_04.dcm", "everything"])
def test_known_values_make_the_metadata_those_of_the_whole_file(name: str, tmp_path: Path) -> None:
    path = with_everything(tmp_path / "a.dcm") if name == "everything" else path_of(name)
    what, found, _ = moved(path)

    uris = references(what, [1])
    described = describe(known(what, found.values))

    assert uris == list(found.values)
    assert uris
    assert described == describe(encoded(path))


def test_values_that_are_not_known_are_absent(tmp_path: Path) -> None:
    what, _, _ = moved(with_everything(tmp_path / "a.dcm"))

    found = describe(what)

    assert (found.icc_profile, found.voi_luts, found.overlays) == (None, (), ())


def test_each_uri_is_named_once_and_only_so_many_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    what, found, document = moved(with_everything(tmp_path / "a.dcm"))
    document["60043000"] = document["60023000"]
    again = Encoded("", "", dicom_json=json.dumps(document).encode())

    assert references(again, [1, 1]) == references(what, [1]) == list(found.values)
    monkeypatch.setattr(limits, "BULK_REFERENCES", 2)
    assert references(again, [1]) == list(found.values)[:2]


def test_a_uri_of_no_reasonable_length_is_not_named() -> None:
    data = {"vr": "OB", "BulkDataURI": "x" * (limits.BULK_URI_CHARACTERS + 1)}
    document = json.dumps({"00282000": data}).encode()

    assert references(Encoded("", "", dicom_json=document), [1]) == []


def test_what_describing_does_not_need_is_not_named() -> None:
    private = {"vr": "OB", "BulkDataURI": "private"}
    profile = {"vr": "OB", "BulkDataURI": "profile"}
    document = json.dumps({"00091001": private, "00282000": profile, "7FE00010": private})

    assert references(Encoded("", "", dicom_json=document.encode()), [1]) == ["profile"]


def per_frame(*uris: str) -> bytes:
    luts = [{"00283006": {"vr": "OW", "BulkDataURI": uri}} for uri in uris]
    groups = [
        {"00289132": {"vr": "SQ", "Value": [{"00283010": {"vr": "SQ", "Value": [lut]}}]}}
        for lut in luts
    ]
    return json.dumps({"52009230": {"vr": "SQ", "Value": groups}}).encode()


def test_of_the_frames_groups_only_those_of_the_wanted_ones_are_looked_at() -> None:
    what = Encoded("", "", dicom_json=per_frame("one", "two", "three"))

    assert references(what, [2]) == ["two"]
    assert references(what, [3, 1]) == ["three", "one"]


@pytest.mark.parametrize(
    ("document", "worth_it"),
    [
        ({"00283006": {"vr": "OW", "BulkDataURI": "x"}}, True),
        ({"60FE3000": {"BulkDataURI": "x", "vr": "OW"}}, True),
        ({"00283000": {"vr": "SQ", "Value": [{"00283006": {"BulkDataURI": "x"}}]}}, True),
        ({"7FE00010": {"vr": "OW", "BulkDataURI": "x"}}, False),
        ({"00091001": {"vr": "OB", "BulkDataURI": "x"}}, False),
        ({"00283006": {"vr": "OW", "InlineBinary": "AAAA"}}, False),
    ],
)
def test_most_documents_need_not_be_read_for_them(document: dict[str, Any], worth_it: bool) -> None:
    for indent in (None, 2):
        assert may_refer_to_bulk_data(json.dumps(document, indent=indent).encode()) is worth_it
