"""The client and the daemon as they are installed."""

from __future__ import annotations

import asyncio
import hashlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import Image as Picture

import imageid
from daemon_process import DaemonProcess


@pytest.fixture
def client(daemon: DaemonProcess):
    with imageid.connect(daemon.address) as connected:
        yield connected


def test_pixels_are_those_that_pydicom_reads(client: imageid.Client, series: Path) -> None:
    image = client.load(f"file:{series}/a.dcm")

    assert np.array_equal(image.pixels, pydicom.dcmread(series / "a.dcm").pixel_array)
    assert image.metadata.instance_number == 3
    assert image.metadata.image_position_patient == (0.0, 0.0, 15.0)


def test_modality_values_have_slope_and_intercept_applied(client, series: Path) -> None:
    stored = client.load(f"file:{series}/a.dcm")
    image = client.load(f"file:{series}/a.dcm", imageid.Pixels(values="modality"))

    slope, intercept = stored.metadata.rescale_slope, stored.metadata.rescale_intercept
    assert np.array_equal(image.pixels, stored.pixels * slope + intercept)
    assert image.metadata.modality_values


def test_encoded_is_the_file(client: imageid.Client, series: Path) -> None:
    image = client.load(f"file:{series}/b.dcm", "encoded")

    file = (series / "b.dcm").read_bytes()
    assert bytes(image.data) == file
    assert image.sha256 == hashlib.sha256(file).hexdigest()
    assert image.metadata is None


def test_a_picture_fits_into_its_box(client: imageid.Client) -> None:
    image = client.load("example://1", imageid.Rendered("png", window=(40, 400), size=(64, 32)))

    picture = Picture.open(BytesIO(image.data))
    assert image.content_type == "image/png"
    assert picture.size == (32, 32)


def test_the_second_load_is_a_hit(client: imageid.Client) -> None:
    first, second = client.load("example://2"), client.load("example://2")

    assert (first.cache_status, second.cache_status) == ("miss", "hit")
    assert first.etag == second.etag


def test_only_if_cached_asks_no_origin(client: imageid.Client) -> None:
    with pytest.raises(imageid.Error) as raised:
        client.load("example://3", cache="only-if-cached")

    assert raised.value.reason == "NOT_IN_CACHE"


def test_an_evicted_image_is_not_stored_any_more(client: imageid.Client) -> None:
    client.load("example://4")
    before = client.stat(["example://4"])[0].cached

    client.evict(["example://4"])

    assert before
    assert not client.stat(["example://4"])[0].cached


def test_a_folder_is_listed_in_slice_order(client: imageid.Client, series: Path) -> None:
    image_ids = client.ls(f"file:{series}")

    assert [client.metadata(image_id).instance_number for image_id in image_ids] == [1, 2, 3]


def test_metadata_alone_is_that_of_the_image(client: imageid.Client, series: Path) -> None:
    alone = client.metadata(f"file:{series}/a.dcm", dicom_json=True)

    assert alone.rows == 128
    assert alone.dicom_json["00280010"] == {"vr": "US", "Value": [128]}


def test_a_body_of_many_chunks_comes_piece_by_piece(client: imageid.Client) -> None:
    with client.stream("ramp://1024,1024,16,1,1,1,0") as stream:
        sizes = [len(chunk) for chunk in stream]

    assert len(sizes) > 1
    assert sum(sizes) == stream.size_bytes


def test_the_daemon_says_who_it_is(client: imageid.Client, daemon: DaemonProcess) -> None:
    info = client.info()

    assert (info.version, info.pid) == (imageid.__version__, daemon.pid)
    assert client.stats().directory == str(daemon.cache_directory)


def test_tcp_wants_the_token(daemon: DaemonProcess) -> None:
    with (
        imageid.connect(daemon.tcp_address) as client,
        pytest.raises(imageid.Error) as raised,
    ):
        client.info()

    assert raised.value.reason == "CALLER_REJECTED"


def test_tcp_with_the_token(daemon: DaemonProcess) -> None:
    with imageid.connect(daemon.tcp_address, token=daemon.token) as client:
        assert client.load("example://1").shape == (256, 256)


async def test_asyncio_loads_many_at_once(daemon: DaemonProcess) -> None:
    async with imageid.aio.connect(daemon.address) as client:
        image_ids = [f"example://{number}" for number in range(10, 26)]
        images = await asyncio.gather(*map(client.load, image_ids))

    assert [image.image_id for image in images] == image_ids
    assert len({image.sha256 for image in images}) == len(images)


async def test_a_client_finds_the_daemon_that_was_started_again(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    async with (
        DaemonProcess(tmp_path_factory.mktemp("d")) as daemon,
        imageid.aio.connect(daemon.address) as client,
    ):
        before = await client.load("example://1")
        await daemon.kill()
        await daemon.start()
        after = await client.load("example://1")

    assert before.sha256 == after.sha256
