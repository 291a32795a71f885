"""What is stored, what is listed, what the daemon says of itself."""

import shutil

import grpc
import pydicom
import pytest
from pydicom.data import get_testdata_file
from tests.service.conftest import error_info

from imageid.v1 import cache_service_pb2 as cache_v1
from imageid.v1 import image_service_pb2 as v1
from imageid.v1 import types_pb2 as types

PIXELS = types.OutputSpec(pixels=types.PixelsOutput())


async def stats_of(served, *image_ids, output=None):
    request = v1.StatImagesRequest(image_ids=image_ids, output=output)
    return (await served.images.StatImages(request)).stats


async def evict(served, **selector):
    validate_only = selector.pop("validate_only", False)
    request = cache_v1.EvictImagesRequest(
        selector=cache_v1.ImageSelector(**selector), validate_only=validate_only
    )
    return await served.cache.EvictImages(request)


async def test_stat_tells_in_order_which_images_are_stored(served):
    await served.load("example://2", output=PIXELS)

    one, two, bad = await stats_of(served, "example://1", "example://2", "foo:", output=PIXELS)

    assert (one.cached, one.error_reason) == (False, "")
    assert (two.cached, two.fresh, two.size_bytes) == (True, True, 256 * 256 * 2)
    assert bad.error_reason == "SCHEME_UNSUPPORTED"


async def test_more_ids_than_a_call_may_have_are_refused(served):
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await stats_of(served, *["example://1"] * 10_001)

    assert error_info(failure.value).reason == "OPTION_INVALID"


async def test_eviction_forgets_an_image_and_what_was_made_of_it(served):
    await served.load("example://1", output=PIXELS)
    await served.load("example://2")
    ids = cache_v1.ImageIds(image_ids=["example://1"])

    counted = await evict(served, image_ids=ids, validate_only=True)
    assert (await stats_of(served, "example://1"))[0].cached
    evicted = await evict(served, image_ids=ids)

    assert (counted.entries, counted.freed_bytes) == (evicted.entries, evicted.freed_bytes)
    assert evicted.entries == 2
    one, two = await stats_of(served, "example://1", "example://2")
    assert (one.cached, two.cached) == (False, True)


async def test_eviction_of_all_leaves_an_empty_cache(served):
    await served.load("example://1", output=PIXELS)

    await evict(served, all=True)

    stats = await served.cache.GetCacheStats(cache_v1.GetCacheStatsRequest())
    assert (stats.entries, stats.stored_bytes, stats.blobs) == (0, 0, 0)


async def test_a_selector_that_names_nothing_is_refused(served):
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await evict(served)

    assert error_info(failure.value).reason == "OPTION_INVALID"


async def test_the_caches_figures_are_those_of_what_was_loaded(served):
    await served.load("example://1")
    await served.load("example://1")

    stats = await served.cache.GetCacheStats(cache_v1.GetCacheStatsRequest())

    assert dict(stats.requests) == {"miss": 1, "hit": 1}
    assert (stats.entries, stats.blobs, stats.reserved_bytes, stats.running_fills) == (1, 1, 0, 0)
    assert stats.stored_bytes > 256 * 256 * 2
    assert stats.directory == str(served.config.cache.directory)


async def test_the_server_says_its_loaders_and_limits(served):
    info = await served.images.GetServerInfo(v1.GetServerInfoRequest())

    schemes = {scheme for loader in info.loaders for scheme in loader.schemes}
    assert {"wadors", "wadouri", "https", "file", "custom", "ramp"} <= schemes
    assert all(loader.distribution and loader.version and loader.summary for loader in info.loaders)
    assert (info.default_chunk_bytes, info.max_chunk_bytes) == (256 * 1024, 2 * 1024 * 1024)


async def test_metadata_comes_without_pixels_and_with_the_data_set_on_request(served):
    request = v1.GetImageMetadataRequest(image_id="example://3", include_dicom_json=True)

    response = await served.images.GetImageMetadata(request)

    assert (response.metadata.rows, response.metadata.modality) == (256, "CT")
    assert response.metadata.dicom_json["00080060"]["Value"][0] == "CT"
    assert response.loader == "example"


async def test_a_folder_is_listed_frame_by_frame(served):
    name = "emri_small.dcm"
    shutil.copy(get_testdata_file(name, download=False), served.files)

    call = served.images.ListImages(v1.ListImagesRequest(root=served.files.as_uri()))
    images = [image async for message in call for image in message.images]

    assert [image.frame_number for image in images] == list(range(1, 11))
    first = await served.load(images[0].image_id, output=PIXELS)
    assert list(first[0].header.layout.shape) == [64, 64]


async def test_the_frames_of_one_file_are_listed_along_the_normal_of_their_planes(served):
    image = pydicom.dcmread(get_testdata_file("rtdose.dcm", download=False))
    frames = int(image.NumberOfFrames)
    image.GridFrameOffsetVector = [-2.5 * number for number in range(frames)]
    image.save_as(served.files / "dose.dcm")

    call = served.images.ListImages(v1.ListImagesRequest(root=served.files.as_uri()))
    images = [image async for message in call for image in message.images]

    normal_z = image.ImageOrientationPatient[0] * image.ImageOrientationPatient[4]
    assert normal_z > 0
    assert [image.frame_number for image in images] == list(range(frames, 0, -1))


async def test_a_message_of_a_listing_has_500_images_at_most_and_the_order_goes_on(served):
    for number in range(501):
        (served.files / f"{number:03}.png").write_bytes(b"\x89PNG\r\n\x1a\n")

    call = served.images.ListImages(v1.ListImagesRequest(root=served.files.as_uri()))
    messages = [[image.image_id for image in message.images] async for message in call]

    assert [len(message) for message in messages] == [500, 1]
    assert messages[0] + messages[1] == sorted(messages[0] + messages[1])


async def test_what_cannot_be_listed_says_so(served):
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        async for _ in served.images.ListImages(v1.ListImagesRequest(root="ramp://8,8")):
            pass

    assert error_info(failure.value).reason == "IMAGE_ID_INVALID"
