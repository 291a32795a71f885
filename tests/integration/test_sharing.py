"""What one program has fetched is there for the next, whatever it is written in."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import numpy as np

import imageid
from daemon_process import DaemonProcess
from origins.corpus import all_files, as_instance, own_file
from origins.dicomweb import DicomwebOrigin

COMMAND = Path(sys.executable).with_name("imageid")


async def command_line(daemon: DaemonProcess, *arguments: str | Path) -> None:
    """Run `imageid` as the daemon's user would."""
    process = await asyncio.create_subprocess_exec(
        str(COMMAND),
        *map(str, arguments),
        env=daemon.own_environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()


async def test_the_command_line_causes_no_second_request_after_a_python_program(
    daemon: DaemonProcess, dicomweb_origin: DicomwebOrigin, tmp_path: Path
) -> None:
    file = dicomweb_origin.add(as_instance(own_file("CT_small.dcm")))
    image_id = f"wadouri:{dicomweb_origin.wado_uri}?{file.wado_query}"

    with imageid.connect(daemon.address) as client:
        image = await asyncio.to_thread(client.load, image_id)
    assert dicomweb_origin.count() == 1
    await command_line(daemon, "load", image_id, "--as", "encoded", "-o", tmp_path / "a.dcm")
    await command_line(daemon, "load", image_id, "-o", tmp_path / "a.npy")

    assert (tmp_path / "a.dcm").read_bytes() == file.data
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), image.pixels)
    assert dicomweb_origin.count() == 1


async def test_a_python_program_causes_no_second_request_after_the_command_line(
    daemon: DaemonProcess,
    client: imageid.aio.Client,
    dicomweb_origin: DicomwebOrigin,
    tmp_path: Path,
) -> None:
    file = dicomweb_origin.add(as_instance(own_file("MR_small.dcm")))
    image_id = f"wadors:{dicomweb_origin.dicomweb_url}{file.instance_path}/frames/1"

    await command_line(daemon, "load", image_id, "--as", "encoded", "-o", tmp_path / "frame")
    asked = dicomweb_origin.count()
    image = await client.load(image_id, "encoded")

    assert bytes(image.data) == (tmp_path / "frame").read_bytes()
    assert image.cache_status == "hit"
    assert asked >= 1
    assert dicomweb_origin.count() == asked


async def test_120_frames_of_one_file_cost_one_download(
    client: imageid.aio.Client, dicomweb_origin: DicomwebOrigin
) -> None:
    name = "color3d_jpeg_baseline.dcm"
    path = next(path for path in all_files() if path.name == name)
    url = dicomweb_origin.add_file(name, path.read_bytes())

    frames = await asyncio.gather(
        *(client.load(f"wadouri:{url}?frame={number}") for number in range(1, 121))
    )

    assert dicomweb_origin.count() == 1
    assert {frame.shape for frame in frames} == {(480, 640, 3)}
    assert len({frame.sha256 for frame in frames}) > 100


async def test_image_ids_that_differ_in_their_scheme_alone_share_one_download(
    client: imageid.aio.Client, dicomweb_origin: DicomwebOrigin
) -> None:
    file = dicomweb_origin.add(as_instance(own_file("CT_small.dcm")))
    url = f"{dicomweb_origin.wado_uri}?{file.wado_query}"

    images = [await client.load(scheme + url) for scheme in ("wadouri:", "WADOURI:", "dicomweb:")]

    assert dicomweb_origin.count() == 1
    assert len({image.sha256 for image in images}) == 1
    assert [image.cache_status for image in images] == ["miss", "hit", "hit"]
