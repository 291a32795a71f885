"""A stream that breaks off is taken up again where it broke, once, and only where that is safe."""

from __future__ import annotations

import grpc
import pytest

import imageid
from clients.python.scripted_daemon import ScriptedDaemon, error_info, fails, messages, says

BODY = bytes(range(24))
BROKEN_OFF = fails(grpc.StatusCode.UNAVAILABLE, "reset", after=list(messages(BODY))[:3])


def test_the_rest_of_a_broken_stream_is_asked_for(scripted: ScriptedDaemon, client) -> None:
    scripted.script("LoadImage", BROKEN_OFF, says(*messages(BODY, start=8)))

    image = client.load("example://1", "encoded", cache="no-cache")

    first, second = (call.request for call in scripted.calls)
    assert bytes(image.data) == BODY
    assert (second.read_offset, second.if_match_etag) == (8, '"body"')
    assert second.output == first.output
    assert second.cache_control == first.cache_control


async def test_asyncio_resumes_too(scripted: ScriptedDaemon, async_client) -> None:
    scripted.script("LoadImage", BROKEN_OFF, says(*messages(BODY, start=8)))

    image = await async_client.load("example://1", "encoded")

    assert bytes(image.data) == BODY


def test_a_second_break_is_an_error(scripted: ScriptedDaemon, client) -> None:
    again = fails(
        grpc.StatusCode.UNAVAILABLE,
        "The origin is gone.",
        error_info("ORIGIN_UNAVAILABLE"),
        after=list(messages(BODY, start=8))[:2],
    )
    scripted.script("LoadImage", BROKEN_OFF, again)

    with pytest.raises(imageid.Error, match="The origin is gone"):
        client.load("example://1")

    assert len(scripted.calls) == 2


def test_a_body_without_an_etag_is_not_resumed(scripted: ScriptedDaemon, client) -> None:
    begun = list(messages(BODY, etag=""))[:3]
    scripted.script("LoadImage", fails(grpc.StatusCode.UNAVAILABLE, "reset", after=begun))

    with pytest.raises(imageid.Error):
        client.load("example://1")

    assert len(scripted.calls) == 1


def test_nothing_is_resumed_before_the_first_byte(scripted: ScriptedDaemon, client) -> None:
    begun = list(messages(BODY))[:1]
    scripted.script("LoadImage", fails(grpc.StatusCode.UNAVAILABLE, "reset", after=begun))

    with pytest.raises(imageid.Error):
        client.load("example://1")

    assert len(scripted.calls) == 1


def test_a_corrupt_image_is_not_asked_for_again(scripted: ScriptedDaemon, client) -> None:
    begun = list(messages(BODY))[:3]
    scripted.script("LoadImage", fails(grpc.StatusCode.DATA_LOSS, "Corrupt.", after=begun))

    with pytest.raises(imageid.Error, match="Corrupt"):
        client.load("example://1")

    assert len(scripted.calls) == 1


def test_a_body_that_has_changed_meanwhile_is_an_error(scripted: ScriptedDaemon, client) -> None:
    changed = fails(grpc.StatusCode.ABORTED, "It changed.", error_info("CONTENT_CHANGED"))
    scripted.script("LoadImage", BROKEN_OFF, changed)

    with pytest.raises(imageid.Error) as raised:
        client.load("example://1")

    assert raised.value.reason == "CONTENT_CHANGED"
