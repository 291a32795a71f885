"""The daemon as a process: its doors, its folders, its signals, its limits."""

from __future__ import annotations

import asyncio
import stat
from pathlib import Path
from signal import SIGHUP

import httpx
import pytest

import imageid
from daemon_process import DaemonProcess
from origins.pictures import noise_jpeg
from origins.process import NotReadyError
from origins.scripted import Answer, ScriptedOrigin

PICTURE = Answer(noise_jpeg(31), "image/jpeg").with_headers(Cache_Control="max-age=600")


async def test_a_second_daemon_for_the_same_folders_says_who_holds_them(tmp_path: Path) -> None:
    async with DaemonProcess(tmp_path) as daemon:
        with pytest.raises(NotReadyError) as raised:
            await DaemonProcess(tmp_path).start()

        async with imageid.aio.connect(daemon.address) as client:
            info = await client.info()

    assert f"process {info.pid}" in str(raised.value)
    assert info.pid == daemon.pid


async def test_every_problem_of_a_configuration_is_named(tmp_path: Path) -> None:
    bad = '[cache]\nsize = "much"\n[network]\nallow = ["*"]\n[nonsense]\na = 1\n'

    with pytest.raises(NotReadyError) as raised:
        await DaemonProcess(tmp_path, bad).start()

    said = str(raised.value)
    assert "cache.size" in said
    assert "network.allow" in said
    assert "nonsense" in said
    assert "Traceback" not in said


async def test_tcp_wants_the_token(daemon: DaemonProcess) -> None:
    async with imageid.aio.connect(daemon.tcp_address, token="wrong") as stranger:
        with pytest.raises(imageid.Error) as raised:
            await stranger.info()
    async with imageid.aio.connect(daemon.tcp_address, token=daemon.token) as owner:
        info = await owner.info()

    assert (raised.value.code.name, raised.value.reason) == ("UNAUTHENTICATED", "CALLER_REJECTED")
    assert info.pid == daemon.pid


async def test_only_their_owner_can_read_the_daemons_files(
    daemon: DaemonProcess, client: imageid.aio.Client, origin: ScriptedOrigin
) -> None:
    await client.load(origin.route("/a.jpg", PICTURE))

    for root in (daemon.cache_directory, daemon.runtime_directory):
        paths = [root, *root.rglob("*")]
        assert len(paths) > 3
        open_to_others = [path for path in paths if path.stat().st_mode & 0o077]
        assert open_to_others == []


async def test_the_endpoint_is_gone_with_the_daemon(tmp_path: Path) -> None:
    async with DaemonProcess(tmp_path) as daemon:
        described = daemon.runtime_directory / "endpoint.json"
        assert stat.S_IMODE(described.stat().st_mode) == 0o600

    assert not described.exists()


async def test_sigterm_lets_a_running_download_end(origin: ScriptedOrigin, tmp_path: Path) -> None:
    released = asyncio.Event()
    image_id = origin.route("/a.jpg", PICTURE.stalled(100, released))
    daemon = await DaemonProcess(tmp_path).start()

    async with imageid.aio.connect(daemon.address) as client:
        loading = asyncio.create_task(client.load(image_id, "encoded"))
        await origin.requests_arrive(1)
        stopping = asyncio.create_task(daemon.stop())
        await daemon.until(lambda: _has_said(daemon, "stopping"))
        released.set()
        image = await loading

    assert bytes(image.data) == PICTURE.body
    assert await stopping == 0


async def _has_said(daemon: DaemonProcess, event: str) -> bool:
    return f'"event": "{event}"' in daemon.log.read_text()


async def test_sighup_puts_a_new_configuration_in_force(
    origin: ScriptedOrigin, tmp_path: Path
) -> None:
    image_id = origin.route("/a.jpg", PICTURE)
    async with (
        DaemonProcess(tmp_path, "") as daemon,
        imageid.aio.connect(daemon.address) as client,
    ):
        with pytest.raises(imageid.Error) as raised:
            await client.load(image_id)
        daemon.write_config('[network]\nallow = ["127.0.0.1:*"]\n')
        daemon.signal(SIGHUP)
        await daemon.until(lambda: _has_said(daemon, "configuration reloaded"))
        image = await client.load(image_id, "encoded")

    assert raised.value.reason == "ORIGIN_NOT_ALLOWED"
    assert bytes(image.data) == PICTURE.body


async def test_sighup_with_a_bad_configuration_keeps_the_old_one(
    origin: ScriptedOrigin, tmp_path: Path
) -> None:
    async with (
        DaemonProcess(tmp_path) as daemon,
        imageid.aio.connect(daemon.address) as client,
        httpx.AsyncClient(trust_env=False) as http,
    ):
        daemon.write_config("[network]\nallow = 5\n")
        daemon.signal(SIGHUP)
        await daemon.until(lambda: _has_said(daemon, "configuration not reloaded"))
        image = await client.load(origin.route("/a.jpg", PICTURE), "encoded")
        metrics = (await http.get(f"http://{daemon.http_address}/metrics")).text

    assert bytes(image.data) == PICTURE.body
    assert "imageid_config_last_reload_successful 0.0" in metrics


async def test_the_cache_stays_below_its_limit(origin: ScriptedOrigin, tmp_path: Path) -> None:
    limit_bytes = 4 << 20
    bodies = {f"/{n}.jpg": noise_jpeg(n, 700) for n in range(40)}
    for path, body in bodies.items():
        answer = Answer(body, "image/jpeg").with_headers(Cache_Control="max-age=600")
        origin.route(path, answer)
    async with (
        DaemonProcess(tmp_path, arguments=("--cache-size", "4MiB")) as daemon,
        imageid.aio.connect(daemon.address) as client,
    ):
        images = [await client.load(origin.url + path, "encoded") for path in bodies]
        stats = await client.stats()
        on_disk = bytes_below(daemon.cache_directory / "blobs")
        [newest] = await client.stat([origin.url + "/39.jpg"], "encoded")

    assert sum(map(len, bodies.values())) > 2 * limit_bytes
    assert [bytes(image.data) for image in images] == list(bodies.values())
    assert 0 < stats.stored_bytes <= stats.limit_bytes == limit_bytes
    assert stats.evicted_blobs > 0
    assert on_disk == stats.stored_bytes
    assert newest.cached


def bytes_below(directory: Path) -> int:
    return sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())


async def test_a_disk_without_room_makes_the_daemon_a_pass_through(
    origin: ScriptedOrigin, tmp_path: Path
) -> None:
    config = '[network]\nallow = ["127.0.0.1:*"]\n[cache]\nmin_free = "99%"\n'
    image_id = origin.route("/a.jpg", PICTURE)
    async with (
        DaemonProcess(tmp_path, config) as daemon,
        imageid.aio.connect(daemon.address) as client,
    ):
        images = [await client.load(image_id, "encoded") for _ in range(2)]
        pixels = await client.load(image_id)
        stats = await client.stats()

    assert [bytes(image.data) for image in images] == [PICTURE.body] * 2
    assert [image.cache_status for image in images] == ["bypass", "bypass"]
    assert pixels.shape == (64, 64, 3)
    assert stats.stored_bytes == 0


async def test_a_damaged_blob_is_fetched_again_once_and_silently(
    origin: ScriptedOrigin, tmp_path: Path
) -> None:
    image_id = origin.route("/a.jpg", PICTURE)
    daemon = DaemonProcess(tmp_path)
    async with daemon, imageid.aio.connect(daemon.address) as client:
        await client.load(image_id, "encoded")
    cut_in_half(file_with(PICTURE.body, daemon.cache_directory))

    async with daemon, imageid.aio.connect(daemon.address) as client:
        image = await client.load(image_id, "encoded")

    assert bytes(image.data) == PICTURE.body
    assert origin.count() == 2


def file_with(body: bytes, directory: Path) -> Path:
    [found] = [p for p in directory.rglob("*") if p.is_file() and p.read_bytes() == body]
    return found


def cut_in_half(path: Path) -> None:
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
