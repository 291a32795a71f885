"""A series as one array, from a real daemon."""

from __future__ import annotations

import random

import numpy as np
import pytest

import imageid
from daemon_process import DaemonProcess

IDS = [f"example://{number}" for number in range(1, 9)]


@pytest.fixture
def real(daemon: DaemonProcess):
    with imageid.connect(daemon.address) as client:
        yield client


async def test_slices_make_a_volume_of_modality_values_whatever_their_order(real):
    shuffled = random.Random(1).sample(IDS, len(IDS))

    volume = real.load_volume(shuffled)

    slices = [real.load(image_id, imageid.Pixels("modality")).pixels for image_id in IDS]
    assert volume.array.shape == (8, 256, 256)
    assert np.array_equal(volume.array, np.stack(slices))
    assert volume.image_ids == tuple(IDS)
    assert volume.spacing == (2.0, 1.0, 1.0)
    assert volume.origin == (-127.5, -127.5, 0.0)
    assert np.array_equal(volume.direction, np.eye(3))


async def test_the_affine_leads_from_voxels_to_the_patient(real):
    volume = real.load_volume(IDS)

    place = volume.affine @ (3, 5, 7, 1)

    assert place.tolist() == [-124.5, -122.5, 14.0, 1.0]


async def test_stored_values_may_be_had_where_all_slices_mean_the_same_by_them(real):
    volume = real.load_volume(IDS, values="stored")

    assert volume.array.dtype == np.int16
    assert volume.array.min() >= 0


async def test_asyncio_loads_volumes_too(daemon: DaemonProcess):
    async with imageid.aio.connect(daemon.address) as client:
        volume = await client.load_volume(IDS[:3])

    assert volume.array.shape == (3, 256, 256)


async def test_a_missing_slice_is_refused(real):
    with pytest.raises(imageid.GeometryError, match="a slice is missing"):
        real.load_volume([*IDS[:3], *IDS[4:]])


async def test_an_image_without_a_place_is_refused(real):
    with pytest.raises(imageid.GeometryError, match="does not say where it is"):
        real.load_volume(["ramp://8,8,16,1,1,1,0"])


async def test_the_array_is_the_programs_own(real):
    volume = real.load_volume(IDS[:2])

    volume.array[0, 0, 0] = 7

    assert volume.array[0, 0, 0] == 7
    assert real.load(IDS[0]).pixels[0, 0] != 7
