"""A series fetched ahead of need by the command line is there for the next program, and kept."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from signal import SIGTERM

import pytest

import imageid
from daemon_process import DaemonProcess
from origins.corpus import as_instance, own_file
from origins.dicomweb import DicomwebOrigin

COMMAND = Path(sys.executable).with_name("imageid")
FILES = ("CT_small.dcm", "MR_small.dcm")


async def command_line(daemon: DaemonProcess, *arguments: str, stdin: str = "") -> str:
    """What `imageid` prints for the daemon's user."""
    process = await asyncio.create_subprocess_exec(
        str(COMMAND),
        *arguments,
        env=daemon.own_environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    stdout, stderr = await process.communicate(stdin.encode())
    assert process.returncode == 0, stderr.decode()
    return stdout.decode()


def frames(origin: DicomwebOrigin) -> list[str]:
    files = [origin.add(as_instance(own_file(name))) for name in FILES]
    return [f"wadors:{origin.dicomweb_url}{file.instance_path}/frames/1" for file in files]


async def test_what_the_command_line_prefetched_costs_no_further_request(
    daemon: DaemonProcess, client: imageid.aio.Client, dicomweb_origin: DicomwebOrigin
) -> None:
    image_ids = frames(dicomweb_origin)

    listing = "\n".join(image_ids)
    said = await command_line(daemon, "prefetch", "-", "--as", "pixels", stdin=listing)
    asked = dicomweb_origin.count()
    images = [await client.load(image_id) for image_id in image_ids]

    assert said.startswith("2 of 2 images, ")
    assert {image.cache_status for image in images} == {"hit"}
    assert dicomweb_origin.count() == asked


async def test_a_pinned_series_outlives_a_clearing_and_a_restart(
    tmp_path: Path, dicomweb_origin: DicomwebOrigin
) -> None:
    pinned, other = frames(dicomweb_origin)
    async with DaemonProcess(tmp_path) as daemon:
        keep = ("--keep-for", "1h", "--tag", "round")
        await command_line(daemon, "prefetch", pinned, "--as", "pixels", *keep)
        await command_line(daemon, "prefetch", other)
        await command_line(daemon, "cache", "clear")
        await daemon.stop()
        await daemon.start()
        asked = dicomweb_origin.count()

        async with imageid.aio.connect(daemon.address) as client:
            kept = await client.load(pinned, cache="only-if-cached")
            with pytest.raises(imageid.Error, match="NOT_IN_CACHE"):
                await client.load(other, cache="only-if-cached")
            await client.evict(tag="round")
            left = [entry.url async for entry in client.entries()]

    assert kept.pixels is not None
    assert dicomweb_origin.count() == asked
    assert left == []


async def test_the_cache_is_listed_verified_and_cleaned_by_url(
    tmp_path: Path, dicomweb_origin: DicomwebOrigin
) -> None:
    image_ids = frames(dicomweb_origin)
    async with DaemonProcess(tmp_path) as daemon:
        await command_line(daemon, "prefetch", *image_ids, "--as", "pixels")

        listed = json.loads(await command_line(daemon, "cache", "ls", "--as", "pixels", "--json"))
        verified = json.loads(await command_line(daemon, "cache", "verify", "--json"))
        prefix = image_ids[0].partition("/frames/")[0]
        await command_line(daemon, "cache", "rm", "--prefix", prefix)
        left = json.loads(await command_line(daemon, "cache", "ls", "--as", "pixels", "--json"))

    assert {f"wadors:{entry['url']}" for entry in listed} == set(image_ids)
    assert verified["corrupt_blobs"] == 0
    assert verified["checked_blobs"] == verified["total_blobs"] >= 4
    assert [f"wadors:{entry['url']}" for entry in left] == image_ids[1:]


async def test_a_watcher_is_told_that_the_daemon_stops_and_does_not_keep_it(
    tmp_path: Path,
) -> None:
    async with DaemonProcess(tmp_path) as daemon, imageid.aio.connect(daemon.address) as client:
        watching = client.watch()
        first = asyncio.ensure_future(anext(watching))
        await client.load("example://1")
        assert (await first).url == "example:1"

        daemon.signal(SIGTERM)
        with pytest.raises(imageid.Error) as raised:
            async for _ in watching:
                pass

    assert raised.value.reason == "SHUTTING_DOWN"
