"""Bad images and killed processes, with the daemon as its users run it."""

from __future__ import annotations

import asyncio
import re
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

import httpx
import psutil
import pydicom
import pytest
from pydicom.data import get_testdata_file

import imageid
from daemon_process import DaemonProcess

GOOD = str(get_testdata_file("693_J2KI.dcm", download=False))


def broken_file(path: Path) -> bytes:
    """A JPEG 2000 instance whose header is whole and whose codestream breaks off."""
    dataset = pydicom.dcmread(GOOD)
    dataset.PixelData = dataset.PixelData[:200] + bytes(len(dataset.PixelData) - 200)
    dataset.save_as(path)
    return path.read_bytes()


def with_files(directory: Path, settings: str = "") -> DaemonProcess:
    return DaemonProcess(directory, config=f'[loaders.file]\nroots = ["/"]\n{settings}')


def processes_of(daemon: DaemonProcess) -> list[psutil.Process]:
    """The daemon's fork server and its workers."""
    return psutil.Process(daemon.pid).children(recursive=True)


async def counted(daemon: DaemonProcess, name: str) -> float:
    async with httpx.AsyncClient(trust_env=False) as client:
        text = (await client.get(f"http://{daemon.http_address}/metrics")).text
    return sum(float(value) for value in re.findall(rf"^{name}(?:{{.*}})? (.+)$", text, re.M))


async def test_an_image_that_cannot_be_decoded_can_still_be_had_as_it_is(tmp_path: Path) -> None:
    body = broken_file(tmp_path / "broken.dcm")
    broken, good = f"file://{tmp_path}/broken.dcm", f"file://{GOOD}"
    async with with_files(tmp_path) as daemon, imageid.aio.connect(daemon.address) as client:
        with pytest.raises(imageid.Error) as refusal:
            await client.load(broken)
        encoded = await client.load(broken, "encoded")
        metadata = await client.metadata(broken)
        other = await client.load(good)

    assert refusal.value.reason == "DECODE_FAILED"
    assert bytes(encoded.data) == body
    assert (metadata.rows, metadata.columns) == (512, 512)
    assert other.pixels.shape == (512, 512)


async def test_a_failure_is_remembered_until_the_image_is_asked_for_anew(tmp_path: Path) -> None:
    broken_file(tmp_path / "broken.dcm")
    broken = f"file://{tmp_path}/broken.dcm"
    decoded: list[float] = []
    async with with_files(tmp_path) as daemon, imageid.aio.connect(daemon.address) as client:

        async def fail(cache_control: str = "default") -> None:
            with pytest.raises(imageid.Error) as refusal:
                await client.load(broken, cache=cache_control)
            assert refusal.value.reason == "DECODE_FAILED"
            decoded.append(await counted(daemon, "imageid_decode_failures_total"))

        await fail()
        await fail()
        await fail("reload")
        await fail()
        await client.evict([broken])
        await fail()

    assert decoded == [1, 1, 2, 2, 3]


async def test_a_header_that_cannot_be_read_is_remembered_until_it_is_asked_for_anew(
    tmp_path: Path,
) -> None:
    (tmp_path / "broken.dcm").write_bytes(bytes(128) + b"DICM" + b"no data set" * 20)
    broken = f"file://{tmp_path}/broken.dcm"
    read: list[float] = []
    async with with_files(tmp_path) as daemon, imageid.aio.connect(daemon.address) as client:
        for cache_control in ("default", "default", "reload", "default"):
            with pytest.raises(imageid.Error, match="neither DICOM nor"):
                await client.metadata(broken, cache=cache_control)
            read.append(await counted(daemon, "imageid_decode_failures_total"))

    assert read == [1, 1, 2, 2]


async def test_a_bomb_is_a_limit_for_its_caller_and_nothing_for_the_others(tmp_path: Path) -> None:
    dataset = pydicom.dcmread(str(get_testdata_file("CT_small.dcm", download=False)))
    dataset.Rows = dataset.Columns = 8192
    dataset.PixelData = bytes(2 * 8192 * 8192)
    dataset.save_as(tmp_path / "large.dcm")
    settings = '[decode]\nmemory = "192MiB"\nworkers = 1\n'
    async with (
        with_files(tmp_path, settings) as daemon,
        imageid.aio.connect(daemon.address) as client,
    ):
        bomb = asyncio.create_task(client.load(f"file://{tmp_path}/large.dcm"))
        others = await asyncio.gather(*(client.load(f"file://{GOOD}") for _ in range(8)))
        with pytest.raises(imageid.Error) as refusal:
            await bomb

    assert (refusal.value.code.name, refusal.value.reason) == ("RESOURCE_EXHAUSTED", "DECODE_LIMIT")
    assert {image.pixels.shape for image in others} == {(512, 512)}


async def test_no_worker_outlives_a_daemon_that_is_killed(tmp_path: Path) -> None:
    async with with_files(tmp_path) as daemon:
        async with imageid.aio.connect(daemon.address) as client:
            await client.load(f"file://{GOOD}")
        processes = processes_of(daemon)
        await daemon.kill()

    _, alive = await asyncio.to_thread(psutil.wait_procs, processes, timeout=20)
    assert len(processes) == 2
    assert alive == []


async def test_a_daemon_that_stops_ends_its_workers(tmp_path: Path) -> None:
    async with with_files(tmp_path) as daemon:
        async with imageid.aio.connect(daemon.address) as client:
            await client.load(f"file://{GOOD}")
        processes = processes_of(daemon)
        assert await daemon.stop() == 0, daemon.log_end()

    assert len(processes) == 2
    assert not any(process.is_running() for process in processes)


async def test_a_worker_that_is_killed_is_replaced_and_counted(tmp_path: Path) -> None:
    async with with_files(tmp_path) as daemon, imageid.aio.connect(daemon.address) as client:
        await client.load(f"file://{GOOD}")
        for process in processes_of(daemon)[1:]:
            process.kill()

        picture = await client.load(f"file://{GOOD}", "png")
        deaths = await counted(daemon, "imageid_worker_deaths_total")

    assert picture.content_type == "image/png"
    assert deaths == 1


PROGRAM = """
import asyncio, os, sys
from pathlib import Path
import imageid
from imageid_daemon.app import running
from imageid_daemon.config import load

async def main(directory, image_id):
    flags = {"server.listen": [f"unix:{directory}/run/grpc.sock"], "server.http": "",
             "cache.directory": f"{directory}/cache", "loaders.file.roots": "/"}
    config = load(file=None, environ=os.environ, flags=flags).config
    async with running(config, os.environ) as daemon:
        async with imageid.aio.connect(daemon.listen[0]) as client:
            await client.load(image_id)
            await client.load(image_id, "png")
            await client.metadata(image_id)
            assert await client.ls(image_id)
            assert await client.ls(f"file://{directory}/series")
            await client.load("example://1")
            await client.load("ramp://8,8", "png")
    print(*sorted({name.partition(".")[0] for name in sys.modules}))

asyncio.run(main(*sys.argv[1:]))
"""


async def test_serving_and_listing_images_imports_neither_pydicom_nor_a_codec(
    tmp_path: Path,
) -> None:
    (tmp_path / "series").mkdir()
    (tmp_path / "series" / "1.dcm").write_bytes(Path(GOOD).read_bytes())
    environment = DaemonProcess(tmp_path).own_environment
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PROGRAM, tmp_path, f"file://{GOOD}"), env=environment, stdout=PIPE
    )
    printed, _ = await program.communicate()

    imported = set(printed.decode().splitlines()[-1].split())
    assert {"imageid_daemon", "grpc"} <= imported
    assert {"pydicom", "imagecodecs", "PIL", "numpy"} & imported == set()


async def test_the_fork_server_has_one_thread(tmp_path: Path) -> None:
    async with with_files(tmp_path) as daemon:
        [fork_server] = processes_of(daemon)

        assert fork_server.num_threads() == 1


async def test_the_daemon_itself_loads_no_codec(tmp_path: Path) -> None:
    async with with_files(tmp_path) as daemon, imageid.aio.connect(daemon.address) as client:
        await client.load(f"file://{GOOD}")
        await client.load(f"file://{GOOD}", "png")
        await client.metadata(f"file://{GOOD}")
        libraries = psutil.Process(daemon.pid).memory_maps()
        worker = processes_of(daemon)[-1].memory_maps()

    def names(maps: list) -> set[str]:
        paths = [Path(each.path).parts for each in maps]
        return {"numpy", "imagecodecs", "PIL"} & {part for parts in paths for part in parts}

    assert names(libraries) == set()
    assert names(worker) == {"numpy", "imagecodecs", "PIL"}
