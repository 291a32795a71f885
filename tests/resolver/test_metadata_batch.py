"""The metadata of many images: in order, each document and header obtained once."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import nibabel
import numpy as np
import pydicom
import pytest
from tests.resolver.conftest import Answer, demand_of
from tests.resolver.test_representations import CT, MULTIFRAME, LoneFrames, bytes_of

from imageid_loaders.base import Image, Plane, Resource
from imageid_loaders.errors import NotFound, Unavailable


async def described(world, image_ids, *, dicom_json=False, **demand):
    ready = world.resolver.describe_all(
        image_ids, demand_of(**demand), dicom_json=dicom_json, check=str
    )
    async with aclosing(ready):
        return [each async for part in ready for each in part]


@pytest.mark.parametrize("mode", ["default", "no-cache", "no-store", "reload"])
async def test_a_series_costs_one_document_and_no_pixels(world, mode):
    series = LoneFrames(world, 40)

    found = await described(world, series.ids, mode=mode, dicom_json=True)

    assert [each.metadata.sop_instance_uid for each in found] == [f"1.2.{n}" for n in range(1, 41)]
    assert {each.loader for each in found} == {"scripted"}
    assert b'"1.2.7"' in found[6].dicom_json
    assert world.loader.opened == ["series"]


async def test_the_metadata_are_those_that_one_image_alone_would_get(world):
    series = LoneFrames(world, 3)

    found = await described(world, series.ids)

    alone = [await world.resolver.metadata(image_id, demand_of()) for image_id in series.ids]
    assert [each.metadata for each in found] == [metadata for metadata, _ in alone]


async def test_the_frames_of_a_file_cost_one_fetch(world):
    world.loader.serve("emri", Answer(bytes_of(MULTIFRAME)))
    for number in range(1, 12):
        world.loader.images[f"emri/{number}"] = Image(Resource("emri", "x://emri"), number)

    found = await described(world, [f"x:emri/{n}" for n in range(1, 12)], mode="no-store")

    assert world.loader.opened == ["emri"]
    assert [each.metadata.frame_number for each in found[:10]] == list(range(1, 11))
    assert isinstance(found[10].error, NotFound)


async def test_one_that_fails_says_so_in_its_place(world):
    good = world.loader.serve("ct", Answer(bytes_of(CT)))
    down = world.loader.serve("down", Answer(error=Unavailable("The origin is down.")))

    found = await described(world, [good, "x:unknown", down, "foo:1", good])

    assert [each.error and each.error.reason for each in found] == [
        None,
        "IMAGE_ID_INVALID",
        "ORIGIN_UNAVAILABLE",
        "SCHEME_UNSUPPORTED",
        None,
    ]
    assert found[4].metadata.sop_instance_uid == pydicom.dcmread(CT).SOPInstanceUID


async def test_a_caller_who_leaves_ends_what_he_waits_for(world):
    released = asyncio.Event()
    slow = [
        world.loader.serve(f"slow/{n}", Answer(bytes_of(CT), released=released)) for n in range(3)
    ]
    task = asyncio.create_task(described(world, slow))
    await world.loader.has_opened.wait()

    task.cancel()
    await asyncio.wait([task])

    assert task.cancelled()
    released.set()
    await world.resolver.close()
    assert world.resolver.running_fills == 0


async def test_each_plane_of_a_volume_is_described_as_itself(world):
    volume = nibabel.Nifti1Image(np.zeros((5, 6, 7), np.uint8), np.eye(4)).to_bytes()
    world.loader.serve("volume", Answer(volume, "application/x-nifti"))
    for axis in "xyz":
        image = Image(Resource("volume", "x://volume"), plane=Plane(axis, 3))
        world.loader.images[f"volume/{axis}"] = image

    found = await described(world, ["x:volume/x", "x:volume/y", "x:volume/z"])

    sizes = [(each.metadata.rows, each.metadata.columns) for each in found]
    assert sizes == [(7, 6), (7, 5), (6, 5)]
    assert world.loader.opened == ["volume"]
