"""The command line and the daemon as they are installed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pydicom
import pytest
import pytest_asyncio

import imageid
from clients.python.slices import write_series
from daemon_process import DaemonProcess

Imageid = Callable[..., subprocess.CompletedProcess[bytes]]


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_series(tmp_path_factory.mktemp("series"))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def daemon(
    tmp_path_factory: pytest.TempPathFactory, series: Path
) -> AsyncIterator[DaemonProcess]:
    config = f"[loaders.file]\nroots = ['{series}']\n"
    async with DaemonProcess(tmp_path_factory.mktemp("d"), config) as process:
        yield process


@pytest.fixture
def imageid_command(daemon: DaemonProcess) -> Imageid:
    """A process of its own, which finds the daemon by its runtime directory."""

    def run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [Path(sys.executable).with_name("imageid"), *arguments],
            env=daemon.own_environment,
            capture_output=True,
            check=False,
        )

    return run


def test_a_program_and_the_command_line_share_one_cache(imageid_command, daemon) -> None:
    with imageid.connect(daemon.address) as client:
        image = client.load("example://1")

    said = json.loads(imageid_command("load", "example://1", "--json").stdout)

    assert said["cache_status"] == "hit"
    assert said["sha256"] == image.sha256


def test_an_image_goes_through_a_pipe_unchanged(imageid_command: Imageid, series: Path) -> None:
    done = imageid_command("load", f"file:{series}/a.dcm", "-o", "-")

    assert done.stdout == (series / "a.dcm").read_bytes()
    assert done.stderr == b""


def test_pixels_are_written_for_numpy(imageid_command, series: Path, tmp_path: Path) -> None:
    done = imageid_command("load", f"file:{series}/a.dcm", "-o", str(tmp_path / "a.npy"))

    expected = pydicom.dcmread(series / "a.dcm").pixel_array
    assert done.returncode == 0
    assert np.array_equal(np.load(tmp_path / "a.npy"), expected)


def test_a_folder_is_listed(imageid_command: Imageid, series: Path) -> None:
    listed = imageid_command("ls", f"file:{series}").stdout.decode().splitlines()

    assert [Path(image_id).name for image_id in listed] == ["c.dcm", "b.dcm", "a.dcm"]


def test_what_a_slice_is(imageid_command: Imageid, series: Path) -> None:
    said = json.loads(imageid_command("info", f"file:{series}/c.dcm", "--json").stdout)

    assert (said["rows"], said["modality"], said["instance_number"]) == (128, "CT", 1)


def test_an_image_that_was_forgotten_is_fetched_again(imageid_command: Imageid) -> None:
    imageid_command("load", "example://2")

    removed = imageid_command("cache", "rm", "example://2")

    again = json.loads(imageid_command("load", "example://2", "--json").stdout)
    assert removed.returncode == 0
    assert again["cache_status"] == "miss"


def test_the_status_of_a_daemon_that_runs(imageid_command: Imageid, daemon) -> None:
    done = imageid_command("status", "--json")

    said = json.loads(done.stdout)
    assert done.returncode == 0
    assert (said["state"], said["pid"]) == ("running", daemon.pid)


def test_a_refusal_is_one_message(imageid_command: Imageid) -> None:
    done = imageid_command("load", "file:/etc/passwd")

    assert done.returncode == 1
    assert done.stdout == b""
    assert len(done.stderr.splitlines()) == 1
    assert b"ORIGIN_NOT_ALLOWED" in done.stderr


def test_a_reader_that_closes_the_pipe_sees_no_traceback(imageid_command, daemon) -> None:
    listing = subprocess.Popen(
        [
            Path(sys.executable).with_name("imageid"),
            "load",
            "ramp://2048,2048,16,1,1,1,0",
            "-o",
            "-",
        ],
        env=daemon.own_environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    listing.stdout.read(10)
    listing.stdout.close()
    stderr = listing.stderr.read()
    listing.stderr.close()

    assert listing.wait() != 0
    assert b"Traceback" not in stderr
