"""What the options of each method become on the wire."""

from __future__ import annotations

import os

import pytest

import imageid
from clients.python.scripted_daemon import ScriptedDaemon, messages, says
from imageid._outputs import output_spec
from imageid.v1 import cache_service_pb2 as cache_v1
from imageid.v1 import image_service_pb2 as v1
from imageid.v1 import types_pb2 as types


def test_pixels_are_the_values_as_stored() -> None:
    assert output_spec("pixels").pixels == types.PixelsOutput(values=types.VALUES_STORED)


def test_pixels_with_options() -> None:
    spec = output_spec(imageid.Pixels(values="modality", color="rgb"))

    assert spec.pixels == types.PixelsOutput(values=types.VALUES_MODALITY, color=types.COLOR_RGB)


def test_a_picture_without_options_has_the_images_own_window() -> None:
    spec = output_spec("jpeg")

    assert spec.rendered == types.RenderedOutput(format=types.RENDER_FORMAT_JPEG)
    assert not spec.rendered.HasField("window_center")


def test_a_picture_with_options() -> None:
    spec = output_spec(
        imageid.Rendered(
            "png", window=(0, 400), size=(256, 128), quality=80, voi_lut_function="SIGMOID"
        )
    )

    assert spec.rendered == types.RenderedOutput(
        format=types.RENDER_FORMAT_PNG,
        window_center=0,
        window_width=400,
        max_width=256,
        max_height=128,
        quality=80,
        voi_lut_function=types.VOI_LUT_FUNCTION_SIGMOID,
    )


def test_a_picture_with_a_named_or_an_automatic_window() -> None:
    named = output_spec(imageid.Rendered(window_name="LUNG", bit_depth=16))
    automatic = output_spec(imageid.Rendered(percentiles=(0, 99.5), invert=True))

    assert named.rendered == types.RenderedOutput(
        format=types.RENDER_FORMAT_PNG, window_name="LUNG", bit_depth=16
    )
    assert automatic.rendered == types.RenderedOutput(
        format=types.RENDER_FORMAT_PNG, low_percentile=0, high_percentile=99.5, invert=True
    )


def test_the_encoded_form_is_asked_for_by_name() -> None:
    assert output_spec("encoded").WhichOneof("kind") == "encoded"


@pytest.mark.parametrize(
    "output",
    ["gif", imageid.Pixels(values="raw"), imageid.Pixels(color="bgr"), imageid.Rendered("tiff")],
)
def test_an_unknown_option_is_refused_with_those_known(output) -> None:
    with pytest.raises(ValueError, match="choose"):
        output_spec(output)


@pytest.mark.parametrize(
    ("cache", "mode"),
    [
        ("default", types.CacheControl.MODE_UNSPECIFIED),
        ("no-cache", types.CacheControl.MODE_NO_CACHE),
        ("only-if-cached", types.CacheControl.MODE_ONLY_IF_CACHED),
        ("no-store", types.CacheControl.MODE_NO_STORE),
        ("reload", types.CacheControl.MODE_RELOAD),
    ],
)
def test_the_words_of_cache_control(cache, mode, scripted: ScriptedDaemon, client) -> None:
    scripted.script("LoadImage", says(*messages(b"body")))

    client.load("example://1", cache=cache)

    assert scripted.last_call.request.cache_control.mode == mode
    assert not scripted.last_call.request.cache_control.HasField("max_age")


@pytest.mark.parametrize(
    ("word", "priority"),
    [
        ("interaction", types.PRIORITY_INTERACTION),
        ("thumbnail", types.PRIORITY_THUMBNAIL),
        ("prefetch", types.PRIORITY_PREFETCH),
        ("compute", types.PRIORITY_COMPUTE),
    ],
)
def test_the_words_of_priority(word, priority, scripted: ScriptedDaemon, client) -> None:
    scripted.script("LoadImage", says(*messages(b"body")))

    client.load("example://1", priority=word)

    assert scripted.last_call.request.priority == priority


def test_a_priority_that_is_none_is_refused_before_any_call(client) -> None:
    with pytest.raises(ValueError, match="priority"):
        client.load("example://1", priority="now")


def test_a_call_names_its_program(scripted: ScriptedDaemon, client) -> None:
    scripted.script("LoadImage", says(*messages(b"body")))

    client.load("example://1")

    assert scripted.last_call.metadata["x-imageid-client"] == f"python-{os.getpid()}"


def test_a_greatest_age_of_zero_is_sent(scripted: ScriptedDaemon, client) -> None:
    scripted.script("LoadImage", says(*messages(b"body")))

    client.load("example://1", max_age=0)

    assert scripted.last_call.request.cache_control.HasField("max_age")


def test_a_call_names_its_image_for_a_proxy(scripted: ScriptedDaemon, client) -> None:
    scripted.script("LoadImage", says(*messages(b"body")))

    client.load("wadouri:http://host/wado?a=1&b=%202")

    metadata = scripted.last_call.metadata
    assert metadata["x-image-id"] == "wadouri:http://host/wado?a=1&b=%202"
    assert metadata["user-agent"].startswith("imageid-python/")


def test_a_name_that_no_header_can_hold_is_percent_encoded(
    scripted: ScriptedDaemon, client
) -> None:
    scripted.script("LoadImage", says(*messages(b"body")))

    client.load("file:/bücher/ein bild.dcm")

    assert scripted.last_call.metadata["x-image-id"] == "file:/b%C3%BCcher/ein%20bild.dcm"
    assert scripted.last_call.request.image_id == "file:/bücher/ein bild.dcm"


def test_a_very_long_name_is_left_out_of_the_header(scripted: ScriptedDaemon, client) -> None:
    scripted.script("LoadImage", says(*messages(b"body")))

    client.load("file:/" + "a" * 20_000)

    assert "x-image-id" not in scripted.last_call.metadata


def test_metadata_alone(scripted: ScriptedDaemon, client) -> None:
    said = types.ImageMetadata(rows=512, rescale_slope=0.5)
    said.dicom_json.update({"00280010": {"vr": "US", "Value": [512]}})
    scripted.script("GetImageMetadata", says(v1.GetImageMetadataResponse(metadata=said)))

    metadata = client.metadata("example://1", dicom_json=True)

    assert (metadata.rows, metadata.rescale_slope, metadata.columns) == (512, 0.5, None)
    assert metadata.dicom_json == {"00280010": {"vr": "US", "Value": [512.0]}}
    assert scripted.last_call.request.include_dicom_json


def test_a_listing_is_joined_in_order(scripted: ScriptedDaemon, client) -> None:
    listed = [v1.ListedImage(image_id=f"file:/{number}.dcm") for number in range(3)]
    scripted.script(
        "ListImages",
        says(v1.ListImagesResponse(images=listed[:2]), v1.ListImagesResponse(images=listed[2:])),
    )

    assert client.ls("file:/") == ["file:/0.dcm", "file:/1.dcm", "file:/2.dcm"]


def test_more_images_than_one_call_may_ask_of(scripted: ScriptedDaemon, client) -> None:
    def answer(request, context):
        yield v1.StatImagesResponse(stats=[v1.ImageStat(cached=True)] * len(request.image_ids))

    scripted.script("StatImages", answer)

    stats = client.stat(f"example://{number}" for number in range(10_001))

    assert len(stats) == 10_001
    assert [len(call.request.image_ids) for call in scripted.calls] == [10_000, 1]


def test_one_string_is_not_taken_for_many_images(client) -> None:
    with pytest.raises(TypeError, match="give a list"):
        client.stat("example://1")


def test_nothing_named_is_nothing_evicted(scripted: ScriptedDaemon, client) -> None:
    scripted.script("EvictImages", says(cache_v1.EvictImagesResponse()))

    client.evict([])

    assert scripted.last_call.request.selector.WhichOneof("kind") == "image_ids"


def test_everything_is_evicted_by_asking_for_it(scripted: ScriptedDaemon, client) -> None:
    scripted.script("EvictImages", says(cache_v1.EvictImagesResponse(entries=7)))

    assert client.evict(all=True, validate_only=True).entries == 7
    assert scripted.last_call.request.selector.all
    assert scripted.last_call.request.validate_only


def test_some_and_all_at_once_are_refused(client) -> None:
    with pytest.raises(ValueError, match="give one of"):
        client.evict(["example://1"], all=True)


def test_the_daemon_and_its_cache_describe_themselves(scripted: ScriptedDaemon, client) -> None:
    scripted.script("GetServerInfo", says(v1.GetServerInfoResponse(version="0.1.0")))
    scripted.script("GetCacheStats", says(cache_v1.GetCacheStatsResponse(stored_bytes=5)))

    assert client.info().version == "0.1.0"
    assert client.stats().stored_bytes == 5
