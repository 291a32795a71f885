"""A daemon, each way to find it, and what Python makes of its images."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

import imageid
from daemon_process import DaemonProcess

REPOSITORY = Path(__file__).parents[3]
RUN_SECONDS = 60

Run = Callable[[list[str | Path], str, dict[str, str]], subprocess.CompletedProcess[str]]


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def daemon(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DaemonProcess]:
    async with DaemonProcess(tmp_path_factory.mktemp("d")) as process:
        yield process


@pytest.fixture(params=["runtime directory", "endpoint.json", "unix socket", "TCP"])
def environment(daemon: DaemonProcess, request: pytest.FixtureRequest) -> dict[str, str]:
    """The variables by which a program finds the daemon."""
    named = {
        "runtime directory": {},
        "endpoint.json": {
            "IMAGEID_ENDPOINT": str(daemon.runtime_directory / "endpoint.json"),
            "IMAGEID_RUNTIME_DIR": "/nowhere",
        },
        "unix socket": {"IMAGEID_ENDPOINT": daemon.address, "IMAGEID_RUNTIME_DIR": "/nowhere"},
        "TCP": {"IMAGEID_ENDPOINT": daemon.tcp_address},
    }
    return daemon.own_environment | named[request.param]


@pytest.fixture(scope="package")
def sha256_in_python(daemon: DaemonProcess) -> Callable[[str], str]:
    """SHA-256 of the pixels that Python receives, in hexadecimal."""

    def sha256(image_id: str) -> str:
        with imageid.connect(daemon.address) as client:
            return hashlib.sha256(client.load(image_id).data).hexdigest()

    return sha256


@pytest.fixture(scope="session")
def run() -> Run:
    """Runs `load IMAGE_ID` of some language."""

    def load(
        command: list[str | Path], image_id: str, environment: dict[str, str]
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*command, image_id],
            env=environment,
            capture_output=True,
            text=True,
            timeout=RUN_SECONDS,
            check=False,
        )

    return load


@pytest.fixture(scope="session")
def repository() -> Path:
    return REPOSITORY
