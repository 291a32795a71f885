"""`imageid bench`, against a real daemon and an origin that counts."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from daemon_process import DaemonProcess
from origins.pictures import noise_jpeg
from origins.scripted import NOT_FOUND, Answer, ScriptedOrigin

PICTURES = [noise_jpeg(seed) for seed in range(3)]

Bench = Callable[..., Awaitable[tuple[int, str, str]]]


@pytest_asyncio.fixture
async def origin() -> AsyncIterator[ScriptedOrigin]:
    async with ScriptedOrigin() as server:
        yield server


@pytest.fixture
def picture_ids(origin: ScriptedOrigin) -> list[str]:
    fresh = [
        Answer(each, "image/jpeg").with_headers(Cache_Control="max-age=60") for each in PICTURES
    ]
    return [origin.route(f"/{number}.jpg", answer) for number, answer in enumerate(fresh)]


@pytest_asyncio.fixture
async def bench(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Bench]:
    """Runs it to its end: exit code, stdout and stderr."""
    async with DaemonProcess(tmp_path_factory.mktemp("d")) as daemon:

        async def run(*arguments: str) -> tuple[int, str, str]:
            process = await asyncio.create_subprocess_exec(
                Path(sys.executable).with_name("imageid"),
                *("bench", *arguments),
                env=daemon.own_environment,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
            )
            stdout, stderr = await process.communicate()
            assert process.returncode is not None
            return process.returncode, stdout.decode(), stderr.decode()

        yield run


async def test_it_says_what_it_does_and_prints_cold_warm_and_floor(
    bench: Bench, picture_ids: list[str]
) -> None:
    exit_code, stdout, stderr = await bench(*picture_ids)

    assert exit_code == 0
    assert [line.split()[:3] for line in stdout.splitlines()] == [
        ["cold", "3", "images"],
        ["warm", "3", "images"],
        ["floor", "3", "images"],
    ]
    assert stderr.startswith("imageid: fetches 3 images anew from their origins")


async def test_programs_get_the_same_as_json(bench: Bench, picture_ids: list[str]) -> None:
    _, stdout, _ = await bench("--json", *picture_ids)

    speeds = json.loads(stdout)
    assert list(speeds) == ["cold", "warm", "floor"]
    for speed in speeds.values():
        assert (speed["images"], speed["size_bytes"]) == (3, sum(map(len, PICTURES)))
        assert speed["seconds"] > 0


async def test_the_origin_is_asked_once_for_each_image_in_each_run(
    bench: Bench, origin: ScriptedOrigin, picture_ids: list[str]
) -> None:
    await bench(*picture_ids)

    await bench(*picture_ids)

    assert origin.count() == 2 * len(picture_ids)


async def test_no_more_images_are_asked_for_than_it_is_told(
    bench: Bench, origin: ScriptedOrigin, picture_ids: list[str]
) -> None:
    await bench("--images", "2", *picture_ids)

    assert {request.path for request in origin.requests} == {"/0.jpg", "/1.jpg"}


async def test_an_image_that_fails_is_named_and_nothing_is_measured(
    bench: Bench, origin: ScriptedOrigin, picture_ids: list[str]
) -> None:
    absent = origin.route("/absent.jpg", NOT_FOUND)

    exit_code, stdout, stderr = await bench(*picture_ids, absent)

    assert (exit_code, stdout) == (1, "")
    assert f"imageid: {absent}: " in stderr
    assert "IMAGE_NOT_FOUND" in stderr


async def test_without_an_image_it_says_how_to_name_some(bench: Bench) -> None:
    exit_code, _, stderr = await bench()

    assert exit_code == 2
    assert "read them from stdin" in stderr
