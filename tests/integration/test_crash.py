"""SIGKILL at any moment: nothing torn is ever served, and what was whole is still there."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import pytest

import imageid
from daemon_process import DaemonProcess
from origins.pictures import noise_jpeg
from origins.scripted import Answer, Ranged, ScriptedOrigin

ROUNDS = 8
IMAGES_PER_ROUND = 24


def bodies(round_number: int) -> dict[str, bytes]:
    """Some of a few hundred bytes, some of several chunks."""
    return {
        f"/{round_number}-{n}.jpg": noise_jpeg(1000 * round_number + n, 20 + 40 * (n % 12))
        for n in range(IMAGES_PER_ROUND)
    }


def route(
    origin: ScriptedOrigin, path: str, body: bytes, stalled_after_bytes: int | None = None
) -> None:
    answer = Answer(body, "image/jpeg").with_headers(Cache_Control="max-age=600").dripped(4096)
    if stalled_after_bytes is not None:
        answer = answer.stalled(stalled_after_bytes, asyncio.Event())
    origin.route(path, answer)


async def loaded_until_killed(
    daemon: DaemonProcess, origin: ScriptedOrigin, paths: list[str], kill_after: int
) -> set[str]:
    """Load all at once and kill the daemon when some are whole; says which those are."""
    whole: set[str] = set()
    enough = asyncio.Event()

    async def load(client: imageid.aio.Client, path: str) -> None:
        await client.load(origin.url + path, "encoded")
        whole.add(path)
        if len(whole) >= kill_after:
            enough.set()

    async with imageid.aio.connect(daemon.address) as client:
        loads = [asyncio.create_task(load(client, path)) for path in paths]
        await enough.wait()
        await daemon.kill()
        await asyncio.gather(*loads, return_exceptions=True)
    return whole


async def test_after_a_sigkill_during_fills_everything_served_is_right(
    origin: ScriptedOrigin, tmp_path: Path
) -> None:
    chance = random.Random(20261123)
    daemon = DaemonProcess(tmp_path)
    served_whole = interrupted = 0
    for round_number in range(ROUNDS):
        truth = bodies(round_number)
        torn = set(chance.sample(sorted(truth), 8))
        for path, body in truth.items():
            route(origin, path, body, chance.randrange(len(body)) if path in torn else None)

        await daemon.start()
        kill_after = chance.randrange(1, IMAGES_PER_ROUND - len(torn))
        whole = await loaded_until_killed(daemon, origin, sorted(truth), kill_after)
        served_whole += len(whole)
        interrupted += len(truth) - len(whole)

        for path, body in truth.items():
            route(origin, path, body)
        origin.forget()
        async with daemon, imageid.aio.connect(daemon.address) as client:
            images = {path: await client.load(origin.url + path, "encoded") for path in truth}

        assert {path: bytes(image.data) for path, image in images.items()} == truth
        assert {path: images[path].cache_status for path in whole} == dict.fromkeys(whole, "hit")
        assert not {request.path for request in origin.requests} & whole

    assert served_whole > ROUNDS, "the kills came too early to show that anything survives"
    assert interrupted >= 8 * ROUNDS, "the kills came too late to interrupt anything"


async def test_a_half_written_image_is_fetched_again_from_its_first_byte(
    origin: ScriptedOrigin, tmp_path: Path
) -> None:
    body = noise_jpeg(1, 600)
    daemon = DaemonProcess(tmp_path)
    route(origin, "/a.jpg", body, stalled_after_bytes=len(body) // 2)
    await daemon.start()
    async with (
        imageid.aio.connect(daemon.address) as client,
        client.stream(origin.url + "/a.jpg", "encoded") as image,
    ):
        first_chunk = await anext(aiter(image))
        await daemon.kill()
    assert body.startswith(first_chunk)

    route(origin, "/a.jpg", body)
    async with daemon, imageid.aio.connect(daemon.address) as client:
        [stat] = await client.stat([origin.url + "/a.jpg"], "encoded")
        image = await client.load(origin.url + "/a.jpg", "encoded")

    assert not stat.cached
    assert (bytes(image.data), image.cache_status) == (body, "miss")


async def test_spools_of_a_killed_daemon_are_removed_by_the_next(
    origin: ScriptedOrigin, tmp_path: Path
) -> None:
    body = noise_jpeg(1, 600)
    half = len(body) // 2
    daemon = DaemonProcess(tmp_path)
    route(origin, "/a.jpg", body, stalled_after_bytes=half)
    await daemon.start()
    async with (
        imageid.aio.connect(daemon.address) as client,
        client.stream(origin.url + "/a.jpg", "encoded") as image,
    ):
        received = 0
        async for chunk in image:
            received += len(chunk)
            if received == half:
                break
        half_written = large_files(daemon.cache_directory)
        await daemon.kill()

    async with daemon:
        pass

    assert half_written
    assert not large_files(daemon.cache_directory)


def large_files(directory: Path) -> set[Path]:
    """Files that hold image data: larger than an empty index, and not the ballast."""
    found = (p for p in directory.rglob("*") if p.is_file() and p.name != "ballast")
    return {path for path in found if path.stat().st_size > 100_000}


async def test_what_was_stored_survives_a_stop(origin: ScriptedOrigin, tmp_path: Path) -> None:
    body = noise_jpeg(2)
    daemon = DaemonProcess(tmp_path)
    route(origin, "/a.jpg", body)

    async with daemon, imageid.aio.connect(daemon.address) as client:
        await client.load(origin.url + "/a.jpg")
    async with daemon, imageid.aio.connect(daemon.address) as client:
        encoded = await client.load(origin.url + "/a.jpg", "encoded")
        pixels = await client.load(origin.url + "/a.jpg")

    assert (bytes(encoded.data), encoded.cache_status) == (body, "hit")
    assert pixels.cache_status == "hit"
    assert origin.count() == 1


async def test_a_daemon_that_is_killed_can_be_started_again_at_the_same_addresses(
    tmp_path: Path,
) -> None:
    daemon = DaemonProcess(tmp_path)
    await daemon.start()
    await daemon.kill()

    async with daemon, imageid.aio.connect(daemon.address) as client:
        info = await client.info()

    assert info.pid == daemon.pid


async def test_a_stopped_daemon_ends_with_success(tmp_path: Path) -> None:
    daemon = await DaemonProcess(tmp_path).start()

    assert await daemon.stop() == 0, daemon.log_end()


@pytest.mark.parametrize("rounds", [3])
async def test_a_cache_that_was_killed_while_it_wrote_its_index_opens_again(
    origin: ScriptedOrigin, tmp_path: Path, rounds: int
) -> None:
    """Many small images at once keep the index writing when the kill comes."""
    daemon = DaemonProcess(tmp_path)
    for round_number in range(rounds):
        paths = [f"/{round_number}/{n}.jpg" for n in range(200)]
        for n, path in enumerate(paths):
            route(origin, path, noise_jpeg(n, 8))
        await daemon.start()
        whole = await loaded_until_killed(daemon, origin, paths, kill_after=60)
        origin.forget()
        async with daemon, imageid.aio.connect(daemon.address) as client:
            again = [await client.load(origin.url + path, "encoded") for path in sorted(whole)]

        assert {image.cache_status for image in again} == {"hit"}
        assert origin.count() == 0
        expected = [noise_jpeg(int(Path(path).stem), 8) for path in sorted(whole)]
        assert [bytes(image.data) for image in again] == expected


async def test_the_next_daemon_continues_what_a_killed_one_has_received(
    origin: ScriptedOrigin, tmp_path: Path
) -> None:
    body = random.Random(1).randbytes(12 * 2**20)
    ranged = Ranged(body, '"1"', breaks=[9 * 2**20], released=asyncio.Event())
    url = origin.route("/a.bin", ranged)
    daemon = DaemonProcess(tmp_path)
    await daemon.start()
    async with (
        imageid.aio.connect(daemon.address) as client,
        client.stream(f"web:{url}", "encoded") as image,
    ):
        received = 0
        async for chunk in image:
            received += len(chunk)
            if received == 9 * 2**20:
                break
        await daemon.kill()

    async with daemon, imageid.aio.connect(daemon.address) as client:
        image = await client.load(f"web:{url}", "encoded")

    assert bytes(image.data) == body
    whole, continued = ranged.asked
    assert whole is None
    offset = int(continued.removeprefix("bytes=").removesuffix("-"))
    assert 4 * 2**20 <= offset <= 9 * 2**20
    assert not large_files(daemon.cache_directory / "partials")
