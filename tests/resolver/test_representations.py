"""PIXELS and RENDERED: derived once from what was fetched once."""

import asyncio
import gzip
import json
from pathlib import Path

import nibabel
import numpy as np
import pydicom
import pytest
from pydicom.data import get_testdata_file
from tests.resolver.conftest import Answer, demand_of

from imageid_daemon.pixels import PixelsOptions, RenderedOptions
from imageid_loaders.base import Image, Plane, Resource
from imageid_loaders.errors import NotFound, NotInCache, NotSeparable, Undecodable

PIXELS, RENDERED = PixelsOptions(), RenderedOptions()
CT = get_testdata_file("CT_small.dcm", download=False)
MULTIFRAME = get_testdata_file("emri_small.dcm", download=False)


def bytes_of(path):
    return Path(path).read_bytes()


@pytest.fixture
def ct(world):
    return world.loader.serve("ct", Answer(bytes_of(CT)))


@pytest.fixture
def frames(world):
    """Ten frames of one file."""
    world.loader.serve("emri", Answer(bytes_of(MULTIFRAME)))
    resource = Resource("emri", "x://emri")
    for number in range(1, 11):
        world.loader.images[f"emri/{number}"] = Image(resource, number)
    return [f"x:emri/{number}" for number in range(1, 11)]


class LoneFrames:
    """Slices of a WADO-RS series: frames alone, and one document that describes them all."""

    def __init__(self, world, count=3):
        self.world = world
        self.data_set = pydicom.dcmread(CT)
        self.frame = Answer(
            self.data_set.PixelData,
            "application/octet-stream",
            transfer_syntax_uid="1.2.840.10008.1.2.1",
        )
        self.document = Answer(b"", "application/dicom+json")
        self.ids = [self._slice(number) for number in range(1, count + 1)]
        self.describe(range(1, count + 1))

    def describe(self, numbers, name="series"):
        data_sets = []
        for number in numbers:
            self.data_set.SOPInstanceUID = f"1.2.{number}"
            document = self.data_set.to_json_dict()
            del document["7FE00010"]
            data_sets.append(document)
        answer = Answer(json.dumps(data_sets).encode(), "application/dicom+json")
        self.world.loader.serve(name, answer)

    def _slice(self, number):
        self.world.loader.answers[f"instance/{number}"] = Answer(bytes_of(CT))
        image = Image(
            Resource(f"frame/{number}", f"x://frame/{number}"),
            frame=1,
            metadata=(
                Resource("series", "x://series"),
                Resource(f"metadata/{number}", f"x://metadata/{number}"),
            ),
            sop_instance_uid=f"1.2.{number}",
            container=Resource(f"instance/{number}", f"x://instance/{number}"),
        )
        return self.world.loader.serve(f"frame/{number}", self.frame, image)


VOLUME = np.random.default_rng(0).integers(0, 1000, (5, 6, 7)).astype(np.int16)


@pytest.fixture
def planes(world):
    """Across x, y and z, of one volume in gzip."""
    data = gzip.compress(nibabel.Nifti1Image(VOLUME, np.eye(4)).to_bytes())
    world.loader.serve("volume", Answer(data, "application/gzip"))
    resource = Resource("volume", "x://volume")
    for axis in "xyz":
        world.loader.images[f"volume/{axis}"] = Image(resource, plane=Plane(axis, 3))
    return [f"x:volume/{axis}" for axis in "xyz"]


async def test_each_plane_of_a_volume_is_an_image_of_its_own(world, planes):
    loaded = [await world.load(image_id, PIXELS) for image_id in planes]

    expected = [np.take(VOLUME, 3, axis).T.tobytes() for axis in range(3)]
    assert [each.data for each in loaded] == expected
    assert world.loader.opened == ["volume"]


async def test_a_volume_in_gzip_is_inflated_once_for_all_of_its_planes(world, planes):
    await asyncio.gather(*(world.load(image_id, PIXELS) for image_id in planes))

    assert world.store.ledger.entries == 2 + len(planes)


async def test_a_stored_plane_needs_no_inflated_volume(world, planes):
    first = await world.load(planes[0], PIXELS)
    entries = world.store.ledger.entries
    stored = world.store.ledger.keys()
    inflated = [key for key in stored if await _is_inflated(world, key)]
    await world.store.forget(set(inflated))

    again = await world.load(planes[0], PIXELS)

    assert len(inflated) == 1
    assert (again.data, again.status) == (first.data, "hit")
    assert world.store.ledger.entries == entries - 1


async def _is_inflated(world, key):
    entry = await world.store.find(key)
    return entry.media_type == "application/x-nifti"


async def test_metadata_of_a_plane_come_without_inflating_the_volume(world, planes):
    described, _ = await world.resolver.metadata(planes[2], demand_of())

    assert (described.rows, described.columns) == (6, 5)
    assert world.store.ledger.entries == 1


async def test_pixels_are_those_of_the_file(world, ct):
    loaded = await world.load(ct, PIXELS)

    expected = pydicom.dcmread(CT).pixel_array
    assert np.frombuffer(loaded.data, "<i2").reshape(expected.shape).tolist() == expected.tolist()


async def test_all_frames_of_a_file_cost_one_fetch(world, frames):
    loaded = await asyncio.gather(*(world.load(image_id, PIXELS) for image_id in frames))

    expected = pydicom.dcmread(MULTIFRAME).pixel_array
    assert world.loader.opened == ["emri"]
    assert [each.data for each in loaded] == [frame.tobytes() for frame in expected]


async def test_callers_of_one_frame_share_its_fetch_and_its_decoding(world, frames):
    loaded = await asyncio.gather(*(world.load(frames[2], PIXELS) for _ in range(20)))

    assert len({each.digest for each in loaded}) == 1
    assert world.loader.opened == ["emri"]
    assert world.store.ledger.entries == 2


async def test_a_caller_who_waited_for_another_ones_decoding_is_coalesced(world, ct):
    await world.load(ct)

    loaded = await asyncio.gather(*(world.load(ct, PIXELS) for _ in range(20)))

    assert sorted(each.status for each in loaded) == ["coalesced"] * 19 + ["miss"]


async def test_pixels_asked_for_again_are_a_hit(world, ct):
    assert (await world.load(ct, PIXELS)).status == "miss"
    assert (await world.load(ct, PIXELS)).status == "hit"


async def test_a_stored_file_whose_pixels_are_new_is_a_miss_without_a_fetch(world, ct):
    await world.load(ct)

    assert (await world.load(ct, PIXELS)).status == "miss"
    assert world.loader.opened == ["ct"]


async def test_each_option_is_a_representation_of_its_own(world, ct):
    outputs = [
        PIXELS,
        PixelsOptions(values="modality"),
        RENDERED,
        RenderedOptions(window=(40, 400)),
    ]

    loaded = [await world.load(ct, output) for output in outputs]

    assert len({each.digest for each in loaded}) == 4
    assert world.loader.opened == ["ct"]


async def test_a_rendering_starts_from_the_pixels_that_are_stored(world, ct):
    await world.load(ct, PIXELS)
    entries = world.store.ledger.entries

    await world.load(ct, RENDERED)

    assert world.store.ledger.entries == entries + 1


async def test_what_may_not_be_stored_leaves_no_derived_form_either(world):
    answer = Answer(bytes_of(CT), headers={"cache-control": "no-store"})
    image_id = world.loader.serve("private", answer)

    loaded = await world.load(image_id, RENDERED)

    assert (loaded.status, loaded.stored, world.blobs()) == ("bypass", False, [])


async def test_a_file_that_cannot_be_decoded_is_still_there_encoded(world):
    image_id = world.loader.serve("broken", Answer(b"no image", "application/octet-stream"))

    with pytest.raises(Undecodable):
        await world.load(image_id, PIXELS)
    assert (await world.load(image_id)).data == b"no image"


async def test_a_frame_beyond_the_last_says_how_many_there_are(world, frames):
    world.loader.images["emri/11"] = Image(Resource("emri", "x://emri"), 11)

    with pytest.raises(NotFound, match="10"):
        await world.load("x:emri/11", PIXELS)


async def test_the_slices_of_a_series_share_its_metadata_document(world):
    series = LoneFrames(world)

    loaded = await asyncio.gather(*(world.load(image_id, PIXELS) for image_id in series.ids))

    assert world.loader.opened.count("series") == 1
    assert sorted(world.loader.opened) == ["frame/1", "frame/2", "frame/3", "series"]
    assert {each.data for each in loaded} == {series.data_set.PixelData}


async def test_an_instance_that_the_series_document_lacks_is_described_by_its_own(world):
    series = LoneFrames(world)
    series.describe([1], "series")
    series.describe([3], "metadata/3")

    await world.load(series.ids[2], PIXELS)

    assert set(world.loader.opened) == {"series", "metadata/3", "frame/3"}


@pytest.mark.parametrize("error", [NotSeparable("not alone"), None])
async def test_a_frame_that_cannot_be_had_or_read_alone_is_cut_from_its_instance(world, error):
    series = LoneFrames(world)
    garbage = Answer(b"garbage", "application/octet-stream", error=error)
    world.loader.answers["frame/2"] = garbage

    loaded = await world.load(series.ids[1], PIXELS)

    assert loaded.data == series.data_set.PixelData
    assert "instance/2" in world.loader.opened


async def test_a_frame_without_any_description_is_cut_from_its_instance(world):
    series = LoneFrames(world)
    world.loader.answers["series"].error = NotFound("no metadata")

    loaded = await world.load(series.ids[0], PIXELS)

    assert loaded.data == series.data_set.PixelData


async def test_pixels_of_a_frame_come_from_its_stored_instance_without_a_request(world):
    series = LoneFrames(world, count=1)
    world.loader.images["instance/1"] = Image(Resource("instance/1", "x://instance/1"))
    await world.load("x:instance/1")
    world.loader.opened.clear()

    loaded = [await world.load(series.ids[0], each) for each in (PIXELS, RENDERED)]
    offline = await world.load(series.ids[0], PIXELS, mode="only-if-cached")

    assert loaded[0].data == offline.data == pydicom.dcmread(CT).pixel_array.tobytes()
    assert (offline.status, world.loader.opened) == ("hit", [])


async def test_what_is_expected_of_a_stored_instance_is_not_fetched(world):
    series = LoneFrames(world, count=1)
    world.loader.images["instance/1"] = Image(Resource("instance/1", "x://instance/1"))
    await world.load("x:instance/1")
    asked = []
    world.loader.bundles = lambda resources: asked.append(len(resources)) or []
    world.loader.open_bundle = lambda bundle, transport: None

    async with world.resolver.expecting(series.ids, [PIXELS], demand_of(), check=str):
        await world.load(series.ids[0], PIXELS)

    assert asked in ([], [0])


@pytest.mark.parametrize("mode", ["no-cache", "reload"])
async def test_who_demands_a_current_frame_has_the_frame_itself_fetched(world, mode):
    series = LoneFrames(world, count=1)
    world.loader.images["instance/1"] = Image(Resource("instance/1", "x://instance/1"))
    await world.load("x:instance/1")
    world.loader.opened.clear()

    await world.load(series.ids[0], PIXELS, mode=mode)

    assert sorted(world.loader.opened) == ["frame/1", "series"]


async def test_a_stale_instance_is_not_fetched_whole_again_for_a_frame_of_it(world):
    series = LoneFrames(world, count=1)
    world.loader.answers["instance/1"] = Answer(bytes_of(CT), headers={"cache-control": "no-cache"})
    world.loader.images["instance/1"] = Image(Resource("instance/1", "x://instance/1"))
    await world.load("x:instance/1")
    world.loader.opened.clear()

    await world.load(series.ids[0], PIXELS)

    assert sorted(world.loader.opened) == ["frame/1", "series"]


async def test_a_stored_instance_that_cannot_be_read_leaves_the_frame_itself(world):
    series = LoneFrames(world, count=1)
    world.loader.answers["instance/1"] = Answer(b"DICM, but no more", "application/dicom")
    world.loader.images["instance/1"] = Image(Resource("instance/1", "x://instance/1"))
    await world.load("x:instance/1")

    loaded = await world.load(series.ids[0], PIXELS)

    assert loaded.data == pydicom.dcmread(CT).pixel_array.tobytes()


async def test_metadata_is_read_without_any_pixels_where_the_origin_can_tell_it_apart(world):
    series = LoneFrames(world)

    metadata, status = await world.resolver.metadata(series.ids[0], demand_of())

    assert (metadata.rows, metadata.columns, metadata.modality) == (128, 128, "CT")
    assert (world.loader.opened, status.value) == (["series"], "miss")


async def test_metadata_of_a_file_is_read_from_the_file(world, ct):
    metadata, _ = await world.resolver.metadata(ct, demand_of())

    assert metadata.sop_instance_uid == pydicom.dcmread(CT).SOPInstanceUID
    assert (await world.load(ct)).status == "hit"


async def test_eviction_takes_everything_derived_and_nothing_else(world, ct, frames):
    for output in (PIXELS, RENDERED):
        await world.load(ct, output)
    await world.load(frames[0], PIXELS)
    before = world.store.ledger.stored_bytes

    counted = await world.resolver.evict([ct], count_only=True)
    evicted = await world.resolver.evict([ct], count_only=False)

    assert counted == evicted
    assert evicted.entries == 3
    assert world.store.ledger.stored_bytes == before - evicted.freed_bytes
    assert (await world.load(frames[0], PIXELS)).status == "hit"
    with pytest.raises(NotInCache):
        await world.load(ct, mode="only-if-cached")


async def test_stat_says_what_is_stored_and_asks_no_origin(world, ct):
    nothing = await world.stat(ct, PIXELS)
    await world.load(ct)
    encoded_alone = await world.stat(ct, PIXELS)
    await world.load(ct, PIXELS)
    both = await world.stat(ct, PIXELS)

    assert (nothing.cached, encoded_alone.cached, both.cached, both.fresh) == (
        False,
        False,
        True,
        True,
    )
    assert both.size_bytes == 128 * 128 * 2
    assert world.loader.opened == ["ct"]


async def test_stat_tells_that_a_fetch_is_running(world):
    released = asyncio.Event()
    image_id = world.loader.serve("a", Answer(b"body", released=released))
    leader = asyncio.create_task(world.load(image_id))
    await world.loader.has_opened.wait()

    during = await world.stat(image_id, None)
    released.set()
    await leader
    after = await world.stat(image_id, None)

    assert (during.cached, during.filling) == (False, True)
    assert (after.cached, after.filling) == (True, False)


async def test_stat_tells_that_pixels_are_as_stale_as_what_they_were_made_of(world):
    headers = {"cache-control": "max-age=0"}
    image_id = world.loader.serve("ct", Answer(bytes_of(CT), headers=headers))
    await world.load(image_id, PIXELS)

    stat = await world.stat(image_id, PIXELS)

    assert (stat.cached, stat.fresh) == (True, False)


async def test_stat_tells_what_is_stored_but_stale(world):
    stale = Answer(b"body", headers={"cache-control": "max-age=0"})
    image_id = world.loader.serve("a", stale)
    await world.load(image_id)

    stat = await world.stat(image_id, None)

    assert (stat.cached, stat.fresh, stat.size_bytes) == (True, False, 4)


async def test_stat_of_an_id_that_cannot_be_resolved_says_why(world):
    assert (await world.stat("x:unknown", None)).error_reason == "IMAGE_ID_INVALID"
    assert (await world.stat("y:a", None)).error_reason == "SCHEME_UNSUPPORTED"


@pytest.mark.parametrize("mode", ["default", "reload", "no-cache"])
async def test_the_data_set_beside_the_pixels_costs_no_second_fetch(world, ct, mode):
    demand = demand_of(mode)
    async with world.resolver.load(ct, PIXELS, demand):
        document = await world.resolver.dicom_json(ct, demand.again)

    assert json.loads(document)["00080060"]["Value"] == ["CT"]
    assert world.loader.opened == ["ct"]
