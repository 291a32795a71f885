"""GetImageMetadata, its batch and the header of LoadImage, on the wire."""

from __future__ import annotations

import hashlib
import shutil

import grpc
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from tests.service.conftest import error_info

from imageid.v1 import image_service_pb2 as v1
from imageid.v1 import types_pb2 as types

PIXELS = types.OutputSpec(pixels=types.PixelsOutput())


def copied(served, name, target=None):
    source = get_testdata_file(name, download=False)
    return (served.files / (target or name)).as_uri(), shutil.copy(
        source, served.files / (target or name)
    )


async def batch(served, image_ids, **request):
    call = served.images.BatchGetImageMetadata(
        v1.BatchGetImageMetadataRequest(image_ids=image_ids, **request)
    )
    return [message async for message in call]


async def metadata_of(served, image_id, **request):
    request = v1.GetImageMetadataRequest(image_id=image_id, **request)
    return (await served.images.GetImageMetadata(request)).metadata


async def test_the_header_of_a_loaded_image_says_what_its_metadata_say(served):
    image_id, _ = copied(served, "mlut_18.dcm")

    header = (await served.load(image_id, output=PIXELS))[0].header
    alone = await metadata_of(served, image_id)

    # Those two are of the samples that were sent.
    loaded = header.metadata
    loaded.ClearField("min_pixel_value")
    loaded.ClearField("max_pixel_value")
    assert loaded == alone
    assert alone.modality_lut.bits == 16


async def test_groups_of_values_are_messages_and_what_is_not_said_is_absent(served):
    image_id, path = copied(served, "examples_overlay.dcm")
    source = pydicom.dcmread(path)

    found = await metadata_of(served, image_id)

    (overlay,) = found.overlays
    bits = np.unpackbits(
        np.frombuffer(overlay.data, np.uint8),
        count=overlay.rows * overlay.columns,
        bitorder="little",
    )
    assert (bits.reshape(overlay.rows, overlay.columns) == source.overlay_array(0x6000)).all()
    assert not overlay.HasField("roi_area")
    for name in ("pet_image", "rt_dose", "modality_lut", "icc_profile", "frame_time"):
        assert not found.HasField(name)


async def test_a_palette_is_told_with_its_entries(served):
    image_id, path = copied(served, "OBXXXX1A.dcm")
    source = pydicom.dcmread(path)

    palette = (await metadata_of(served, image_id)).palette_color_lookup_table

    assert palette.red.entries == source.RedPaletteColorLookupTableData
    assert not palette.HasField("alpha")
    assert not palette.red.HasField("explanation")


async def test_a_frame_s_functional_groups_come_with_the_data_set(served):
    image_id, path = copied(served, "liver.dcm")
    own = pydicom.dcmread(path).PerFrameFunctionalGroupsSequence[1]

    found = await metadata_of(served, f"{image_id}?frame=2", include_dicom_json=True)

    (message,) = await batch(served, [f"{image_id}?frame=2"], include_dicom_json=True)
    position = list(found.functional_groups["00200032"]["Value"])
    assert position == own.PlanePositionSequence[0].ImagePositionPatient
    assert message.results[0].metadata == found
    assert not (await metadata_of(served, image_id)).HasField("functional_groups")


async def test_a_batch_says_of_each_image_what_it_would_say_of_it_alone(served):
    ct, _ = copied(served, "CT_small.dcm")
    dose, _ = copied(served, "rtdose.dcm")
    ids = [ct, "example://1", f"{dose}?frame=2", f"{dose}?frame=3", ct]

    results = [result for message in await batch(served, ids) for result in message.results]

    assert [result.index for result in results] == [0, 1, 2, 3, 4]
    for image_id, result in zip(ids, results, strict=True):
        assert result.metadata == await metadata_of(served, image_id)
        assert result.loader in ("file", "example", "synthetic")
        assert result.error_code == 0


async def test_one_that_fails_does_not_end_the_batch(served):
    missing = (served.files / "missing.dcm").as_uri()

    results = [
        result
        for message in await batch(served, ["example://1", missing, "", "a\nb:", "example://2"])
        for result in message.results
    ]

    told = [(result.error_code, result.error_reason) for result in results]
    assert told == [
        (0, ""),
        (grpc.StatusCode.NOT_FOUND.value[0], "IMAGE_NOT_FOUND"),
        (grpc.StatusCode.INVALID_ARGUMENT.value[0], "IMAGE_ID_INVALID"),
        (grpc.StatusCode.INVALID_ARGUMENT.value[0], "IMAGE_ID_INVALID"),
        (0, ""),
    ]
    assert not results[1].HasField("metadata")
    assert results[1].error_message


async def test_a_message_has_at_most_100_results(served):
    messages = await batch(served, [f"example://{1 + n % 5}" for n in range(250)])

    sizes = [len(message.results) for message in messages]
    assert sum(sizes) == 250
    assert max(sizes) <= 100


async def test_large_metadata_are_spread_over_messages_that_grpc_takes(served):
    image_id, path = copied(served, "CT_small.dcm")
    image = pydicom.dcmread(path)
    image.ICCProfile = bytes(900_000)
    image.save_as(path)

    messages = await batch(served, [image_id] * 12)

    assert sum(len(message.results) for message in messages) == 12
    assert max(message.ByteSize() for message in messages) < 4 * 1024 * 1024


async def test_a_header_that_is_large_goes_alone(served):
    image_id, path = copied(served, "CT_small.dcm")
    image = pydicom.dcmread(path)
    image.add_new(0x60000010, "US", 4000)
    image.add_new(0x60000011, "US", 4000)
    image.add_new(0x60003000, "OW", bytes(2_000_000))
    image.save_as(path)

    await served.load(image_id, output=PIXELS)
    first, *rest = await served.load(image_id, output=PIXELS, chunk_bytes=2 * 1024 * 1024)

    assert len(first.header.metadata.overlays[0].data) == 2_000_000
    assert not first.HasField("chunk")
    body = b"".join(message.chunk.data for message in rest)
    assert hashlib.sha256(body).digest() == rest[-1].summary.checksums.sha256


async def test_more_images_than_a_batch_may_have_are_refused(served):
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await batch(served, ["example://1"] * 10_001)

    assert error_info(failure.value).reason == "OPTION_INVALID"


async def test_a_batch_of_nothing_says_nothing(served):
    assert await batch(served, []) == []
