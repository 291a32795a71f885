"""RENDERED on the wire: its options, what contradicts them, and that its etag is stable."""

from __future__ import annotations

import dataclasses

import grpc
import pytest
from tests.service.conftest import error_info

from imageid.v1 import cache_service_pb2, types_pb2
from imageid_daemon.pixels import RenderedOptions
from imageid_daemon.service.rendered_options import rendered_options_of
from imageid_loaders.errors import InvalidOption

PNG, JPEG = types_pb2.RENDER_FORMAT_PNG, types_pb2.RENDER_FORMAT_JPEG
EVERY_OPTION = {
    "format": JPEG,
    "quality": 50,
    "max_width": 30,
    "max_height": 20,
    "voi_lut_function": types_pb2.VOI_LUT_FUNCTION_SIGMOID,
    "window_name": "1",
    "bit_depth": 16,
    "invert": True,
}
WINDOW = {"window_center": 40.0, "window_width": 400.0}
PERCENTILES = {"low_percentile": 1.0, "high_percentile": 99.0}


def rendered(**options):
    return types_pb2.OutputSpec(rendered=types_pb2.RenderedOutput(**options))


def test_what_is_not_asked_for_has_the_defaults_of_the_contract():
    assert rendered_options_of(types_pb2.RenderedOutput()) == RenderedOptions(
        format="png", quality=90, bit_depth=8
    )


def test_every_option_arrives():
    common = types_pb2.RenderedOutput(
        format=PNG,
        quality=50,
        max_width=30,
        max_height=20,
        voi_lut_function=types_pb2.VOI_LUT_FUNCTION_SIGMOID,
        bit_depth=16,
        invert=True,
    )
    expected = RenderedOptions("png", 50, 30, 20, None, "SIGMOID", "", None, 16, True)

    def with_window(**window):
        message = types_pb2.RenderedOutput(**window)
        message.MergeFrom(common)
        return rendered_options_of(message)

    assert with_window() == expected
    assert with_window(**WINDOW) == dataclasses.replace(expected, window=(40, 400))
    assert with_window(window_name=" a  b ") == dataclasses.replace(expected, window_name="a b")
    assert with_window(**PERCENTILES) == dataclasses.replace(expected, percentiles=(1, 99))


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"window_name": "1", **WINDOW}, "window_name"),
        ({"window_name": "1", **PERCENTILES}, "low_percentile"),
        ({**WINDOW, **PERCENTILES}, "low_percentile"),
        ({"high_percentile": 99}, "low_percentile"),
        ({"low_percentile": 50, "high_percentile": 50}, "low_percentile"),
        ({"low_percentile": 99, "high_percentile": 1}, "low_percentile"),
        ({"low_percentile": -1, "high_percentile": 50}, "low_percentile"),
        ({"low_percentile": 1, "high_percentile": 100.5}, "low_percentile"),
        ({"low_percentile": float("nan"), "high_percentile": 99}, "low_percentile"),
        ({"window_center": 40}, "window_center"),
        ({"window_center": float("nan"), "window_width": 1}, "window_center"),
        ({"window_center": 1, "window_width": float("nan")}, "window_width"),
        ({"window_name": "no such window"}, "window_name"),
        ({"window_center": 1, "window_width": 0.5}, "window_width"),
        ({"bit_depth": 16, "format": JPEG}, "bit_depth"),
        ({"bit_depth": -8}, "bit_depth"),
    ],
    ids=str,
)
async def test_options_that_cannot_be_or_contradict_each_other_are_refused(options, field, served):
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await served.load("example://1", output=rendered(**options))

    info = error_info(failure.value)
    assert (failure.value.code(), info.reason) == (
        grpc.StatusCode.INVALID_ARGUMENT,
        "OPTION_INVALID",
    )
    assert info.metadata["field"] == field


def test_a_depth_that_jpeg_lacks_is_refused_before_the_image_is_fetched():
    with pytest.raises(InvalidOption, match="choose PNG"):
        rendered_options_of(types_pb2.RenderedOutput(format=JPEG, bit_depth=16))


async def test_each_option_is_a_picture_of_its_own(served):
    each = [{name: value} for name, value in EVERY_OPTION.items()]
    asked = [{}, *each, WINDOW, PERCENTILES]

    headers = [
        (await served.load("example://1", output=rendered(**options)))[0].header
        for options in asked
    ]
    again = (await served.load("example://1", output=rendered(invert=True)))[0].header

    assert {header.cache_status for header in headers[1:]} == {types_pb2.CACHE_STATUS_MISS}
    assert again.cache_status == types_pb2.CACHE_STATUS_HIT


@pytest.mark.parametrize(
    "options", [{}, {"format": JPEG}, {"bit_depth": 16, **PERCENTILES, "max_width": 99}], ids=str
)
async def test_a_picture_made_again_has_the_same_etag_and_bytes(options, served):
    first = await served.load("example://1", output=rendered(**options))
    everything = cache_service_pb2.ImageSelector(all=True)
    await served.cache.EvictImages(cache_service_pb2.EvictImagesRequest(selector=everything))

    again = await served.load("example://1", output=rendered(**options))

    assert again[0].header.cache_status == types_pb2.CACHE_STATUS_MISS
    assert first[0].header.etag == again[0].header.etag != ""
    assert [message.chunk.data for message in first] == [message.chunk.data for message in again]
