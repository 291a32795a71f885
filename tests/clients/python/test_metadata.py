"""What the client makes of metadata, and of a batch of them."""

from __future__ import annotations

import numpy as np
import pytest

import imageid
from clients.python.scripted_daemon import ScriptedDaemon, says
from imageid.v1 import image_service_pb2 as v1
from imageid.v1 import types_pb2 as types


def answered(scripted: ScriptedDaemon, **said) -> None:
    metadata = types.ImageMetadata(**said)
    scripted.script("GetImageMetadata", says(v1.GetImageMetadataResponse(metadata=metadata)))


def test_an_overlay_is_an_array_of_its_rows_and_columns(scripted, client) -> None:
    bits = np.random.default_rng(1).integers(0, 2, (5, 3)).astype(bool)
    data = np.packbits(bits, bitorder="little").tobytes()
    answered(scripted, overlays=[types.Overlay(group=0x6000, rows=5, columns=3, data=data)])

    (overlay,) = client.metadata("example://1").overlays

    assert overlay.array.dtype == bool
    assert np.array_equal(overlay.array, bits)
    assert overlay.group == 0x6000
    assert overlay.label is None


def test_a_lookup_table_is_an_array_of_its_entries(scripted, client) -> None:
    table = types.LookupTable(first_mapped=-7, bits=12, entries=b"\1\0\xff\x0f")
    palette = types.PaletteColorLookupTable(red=table, green=table, blue=table, supplemental=True)
    answered(scripted, voi_luts=[table], palette_color_lookup_table=palette)

    metadata = client.metadata("example://1")

    assert metadata.voi_luts == (
        imageid.LookupTable(first_mapped=-7, bits=12, entries=b"\1\0\xff\x0f"),
    )
    assert metadata.voi_luts[0].array.tolist() == [1, 4095]
    assert metadata.palette_color_lookup_table.blue == metadata.voi_luts[0]
    assert metadata.palette_color_lookup_table.alpha is None
    assert metadata.palette_color_lookup_table.supplemental
    assert metadata.modality_lut is None


def test_groups_of_values_are_dicts_in_as_dict(scripted, client) -> None:
    answered(scripted, pet_image=types.PetImage(units="BQML", corrected_image=["ATTN", "DECY"]))

    said = client.metadata("example://1").as_dict()

    assert said["pet_image"] == {
        "units": "BQML",
        "corrected_image": ("ATTN", "DECY"),
        "suvbw_absent_because": "",
    }


def batch(*said: v1.ImageMetadataResult) -> v1.BatchGetImageMetadataResponse:
    return v1.BatchGetImageMetadataResponse(results=said)


def result(index: int, rows: int) -> v1.ImageMetadataResult:
    return v1.ImageMetadataResult(index=index, metadata=types.ImageMetadata(rows=rows))


FAILED = v1.ImageMetadataResult(
    index=1, error_code=5, error_reason="IMAGE_NOT_FOUND", error_message="There is none."
)


def test_metadata_of_many_come_in_the_order_asked_for(scripted, client) -> None:
    scripted.script(
        "BatchGetImageMetadata", says(batch(result(0, 10), result(1, 11)), batch(result(2, 12)))
    )

    found = client.metadata_many(f"example://{n}" for n in range(3))

    assert [each.rows for each in found] == [10, 11, 12]
    assert scripted.last_call.request.image_ids == ["example://0", "example://1", "example://2"]


def test_the_first_that_fails_is_raised(scripted, client) -> None:
    scripted.script("BatchGetImageMetadata", says(batch(result(0, 10), FAILED, result(2, 12))))

    with pytest.raises(imageid.Error) as raised:
        client.metadata_many(["a:", "b:", "c:"])

    error = raised.value
    assert (error.code.name, error.reason) == ("NOT_FOUND", "IMAGE_NOT_FOUND")
    assert (error.detail, error.metadata) == ("There is none.", {"index": "1"})


def test_those_that_fail_may_be_returned_in_their_places(scripted, client) -> None:
    scripted.script("BatchGetImageMetadata", says(batch(result(0, 10), FAILED, result(2, 12))))

    first, second, third = client.metadata_many(["a:", "b:", "c:"], errors="return")

    assert (first.rows, third.rows) == (10, 12)
    assert second.reason == "IMAGE_NOT_FOUND"


def test_what_becomes_of_errors_is_one_of_two(client) -> None:
    with pytest.raises(ValueError, match="choose one of raise, return"):
        client.metadata_many(["a:"], errors="ignore")


def test_more_than_one_call_takes_are_asked_in_several(scripted, client) -> None:
    scripted.script("BatchGetImageMetadata", says(batch(result(0, 1))))

    found = client.metadata_many(
        ["a:"] * 10_001, dicom_json=True, cache="no-cache", priority="prefetch"
    )

    assert [len(call.request.image_ids) for call in scripted.calls] == [10_000, 1]
    assert all(call.request.include_dicom_json for call in scripted.calls)
    assert {call.request.priority for call in scripted.calls} == {types.PRIORITY_PREFETCH}
    assert len(found) == 2


async def test_the_async_client_does_the_same(scripted, async_client) -> None:
    scripted.script("BatchGetImageMetadata", says(batch(result(0, 10), FAILED)))

    first, second = await async_client.metadata_many(["a:", "b:"], errors="return")

    assert first.rows == 10
    assert isinstance(second, imageid.Error)
    with pytest.raises(imageid.Error, match="There is none"):
        await async_client.metadata_many(["a:", "b:"])
