"""Where a program sees the daemon's files it maps them, and nobody notices where it does not."""

from __future__ import annotations

import gc
import os
from pathlib import Path

import numpy as np
import psutil
import pytest

import imageid
from clients.python.scripted_daemon import ScriptedDaemon, chunk, header, says, summary
from imageid.v1 import types_pb2 as types
from imageid.v1.image_service_pb2 import GetServerInfoResponse, LoadImageResponse, LocalFile

BODY = bytes(range(24))
LAYOUT = types.Layout(sample_type=types.SAMPLE_TYPE_UINT8, shape=[4, 6])


@pytest.fixture
def blob(tmp_path: Path) -> Path:
    path = tmp_path / "blob"
    path.write_bytes(b"before" + BODY)
    return path


@pytest.fixture
def local(scripted: ScriptedDaemon, tmp_path: Path) -> ScriptedDaemon:
    """A daemon whose files this program sees."""
    token_file = tmp_path / "locality"
    token_file.write_bytes(b"seen")
    scripted.script(
        "GetServerInfo", says(GetServerInfoResponse(locality_token_file=str(token_file)))
    )
    return scripted


def in_file(path: Path, offset: int = 6, length: int = len(BODY)) -> LoadImageResponse:
    file = LocalFile(path=str(path), offset=offset, length=length)
    return LoadImageResponse(
        header=header(BODY, layout=LAYOUT), local_file=file, summary=summary(BODY)
    )


def streamed(**fields) -> LoadImageResponse:
    return LoadImageResponse(
        header=header(BODY, layout=LAYOUT, **fields), chunk=chunk(BODY), summary=summary(BODY)
    )


def loads(daemon: ScriptedDaemon) -> list:
    return [call.request for call in daemon.calls if call.method == "LoadImage"]


def test_pixels_are_mapped_from_the_file_read_only(local, client, blob):
    local.script("LoadImage", says(in_file(blob)))

    image = client.load("example://1")

    assert image.pixels.tolist() == np.arange(24, dtype=np.uint8).reshape(4, 6).tolist()
    assert not image.pixels.flags.writeable
    assert image.data.readonly
    [request] = loads(local)
    assert (request.accept_local_file, request.locality_token) == (True, b"seen")
    assert request.prefer_local_file


def test_who_is_told_of_progress_does_not_wait_for_the_file(local, client, blob):
    local.script("LoadImage", says(streamed()))

    client.load("example://1", progress=lambda *_: None)

    [request] = loads(local)
    assert request.accept_local_file
    assert not request.prefer_local_file


async def test_asyncio_maps_too(local, async_client, blob):
    local.script("LoadImage", says(in_file(blob)))

    image = await async_client.load("example://1")

    assert bytes(image.data) == BODY


def test_an_array_outlives_its_file_its_image_and_its_client(local, blob):
    local.script("LoadImage", says(in_file(blob)))
    with imageid.connect(local.address) as client:
        pixels = client.load("example://1").pixels

    blob.unlink()
    gc.collect()

    assert pixels.sum() == sum(BODY)


def test_mappings_hold_no_descriptors_and_end_with_their_images(local, client, blob):
    blob.write_bytes(bytes(1 << 20))
    local.script("LoadImage", says(in_file(blob, 0)))
    client.load("example://1")
    process = psutil.Process()
    before = process.num_fds()

    images = [client.load("example://1") for _ in range(20)]
    held = sum(str(blob) in mapping.path for mapping in process.memory_maps(grouped=False))
    after = process.num_fds()
    images.clear()
    gc.collect()

    assert (held, after) == (20, before)
    assert not any(str(blob) in mapping.path for mapping in process.memory_maps())


@pytest.mark.parametrize("change", [Path.unlink, lambda path: os.truncate(path, 8)])
def test_a_file_that_is_gone_or_short_is_streamed_instead(local, client, blob, change):
    local.script("LoadImage", says(in_file(blob)), says(streamed()))
    change(blob)

    image = client.load("example://1")

    assert bytes(image.data) == BODY
    assert [request.accept_local_file for request in loads(local)] == [True, False]


def test_a_stream_reads_a_local_file_in_pieces(local, client, blob):
    body = bytes((2 << 20) + 1)
    blob.write_bytes(body)
    file = LocalFile(path=str(blob), length=len(body))
    said = LoadImageResponse(header=header(body), local_file=file, summary=summary(body))
    local.script("LoadImage", says(said))

    with client.stream("example://1", "encoded") as stream:
        sizes = [len(piece) for piece in stream]

    assert sizes == [1 << 20, 1 << 20, 1]
    assert stream.size_bytes == len(body)


async def test_asyncio_streams_from_a_local_file_too(local, async_client, blob):
    local.script("LoadImage", says(in_file(blob)))

    async with async_client.stream("example://1") as stream:
        pieces = [bytes(piece) async for piece in stream]

    assert pieces == [BODY]


def test_a_token_that_the_endpoint_file_tells_of_costs_no_call(local, blob, tmp_path):
    local.describe(locality_token_file=str(tmp_path / "locality"))
    local.script("LoadImage", says(in_file(blob)))

    with imageid.connect(local.address) as client:
        client.load("example://1")

    assert [call.method for call in local.calls] == ["LoadImage"]
    assert loads(local)[0].locality_token == b"seen"


@pytest.mark.parametrize("named", ["gone", ""])
def test_where_it_tells_of_none_the_daemon_is_asked(local, blob, tmp_path, named):
    local.describe(locality_token_file=named and str(tmp_path / named))
    local.script("LoadImage", says(in_file(blob)))

    with imageid.connect(local.address) as client:
        client.load("example://1")

    assert [call.method for call in local.calls] == ["GetServerInfo", "LoadImage"]


def test_where_every_file_is_missing_no_more_are_asked_for(local, client, blob):
    local.script("LoadImage", *[says(in_file(blob)), says(streamed())] * 4, says(streamed()))
    blob.unlink()

    for _ in range(5):
        client.load("example://1")

    assert [request.accept_local_file for request in loads(local)] == [True, False] * 4 + [False]


def test_a_daemon_that_streams_what_it_has_stored_is_asked_for_its_token_again(
    local, client, blob, tmp_path
):
    local.script(
        "LoadImage", says(streamed(cache_status=types.CACHE_STATUS_HIT)), says(in_file(blob))
    )

    client.load("example://1")
    (tmp_path / "locality").write_bytes(b"renewed")
    client.load("example://1")

    assert [request.locality_token for request in loads(local)] == [b"seen", b"renewed"]


@pytest.mark.parametrize("how", ["tcp", "asked", "unreadable"])
def test_everything_is_streamed_by_tcp_on_request_and_without_the_token(local, how, tmp_path):
    local.script("LoadImage", says(streamed()))
    if how == "unreadable":
        (tmp_path / "locality").unlink()
    address = local.tcp_address if how == "tcp" else local.address

    with imageid.connect(address, local_files=how != "asked") as client:
        image = client.load("example://1")

    assert bytes(image.data) == BODY
    [request] = loads(local)
    assert (request.accept_local_file, request.locality_token) == (False, b"")


def test_a_file_that_nobody_asked_for_is_refused(scripted, client, blob):
    scripted.script("LoadImage", says(in_file(blob)))

    with pytest.raises(imageid.Error, match="a file that was not asked for"):
        client.load("example://1")
