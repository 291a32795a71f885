"""`stream`: the header first, then the body piece by piece."""

from __future__ import annotations

import hashlib
import threading

import pytest

import imageid
from clients.python.scripted_daemon import ScriptedDaemon, chunk, header, messages, says
from imageid.v1.image_service_pb2 import LoadImageResponse

BODY = bytes(range(24))


def test_what_is_known_before_the_first_byte(scripted: ScriptedDaemon, client) -> None:
    scripted.script("LoadImage", says(*messages(BODY, chunk_bytes=8)))

    with client.stream("example://1", "encoded") as stream:
        known = (stream.content_type, stream.size_bytes, stream.cache_status, stream.sha256)

    assert known == ("application/octet-stream", 24, "miss", "")


def test_the_digest_is_known_at_the_end(scripted: ScriptedDaemon, client) -> None:
    scripted.script("LoadImage", says(*messages(BODY, chunk_bytes=8)))

    with client.stream("example://1", "encoded") as stream:
        chunks = list(stream)

    assert chunks == [BODY[:8], BODY[8:16], BODY[16:]]
    assert stream.sha256 == hashlib.sha256(BODY).hexdigest()


def test_a_body_that_is_not_whole_ends_the_iteration_with_an_error(
    scripted: ScriptedDaemon, client
) -> None:
    scripted.script("LoadImage", says(*list(messages(BODY))[:-1]))

    with client.stream("example://1") as stream, pytest.raises(imageid.Error):
        list(stream)


def test_a_reader_that_leaves_early_ends_the_call(scripted: ScriptedDaemon, client) -> None:
    ended = threading.Event()

    def slow(request, context):
        context.add_callback(ended.set)
        yield LoadImageResponse(header=header(BODY), chunk=chunk(BODY[:4]))
        ended.wait()

    scripted.script("LoadImage", slow)

    with client.stream("example://1") as stream:
        next(iter(stream))

    assert ended.wait(10)
