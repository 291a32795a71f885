"""What the integration tests share: real origins for the whole run, daemons for a test."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

import imageid
from daemon_process import DaemonProcess
from origins.corpus import all_files, as_instance
from origins.dicomweb import DicomwebOrigin
from origins.orthanc import Orthanc, orthanc
from origins.scripted import ScriptedOrigin


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One event loop for all of them: gRPC's objects belong to the loop that made them."""
    for item in items:
        if Path(__file__).parent in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def orthanc_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Orthanc]:
    """Orthanc with every file of pydicom and pydicom-data that it accepts."""
    async with orthanc(tmp_path_factory.mktemp("orthanc")) as server:
        await server.seed(as_instance(path) for path in all_files())
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def daemon(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[DaemonProcess]:
    """A daemon for the tests of a module; each test brings its own origin."""
    async with DaemonProcess(tmp_path_factory.mktemp("d")) as process:
        yield process


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def client(daemon: DaemonProcess) -> AsyncIterator[imageid.aio.Client]:
    async with imageid.aio.connect(daemon.address) as connected:
        yield connected


@pytest.fixture
def daemon_address(daemon: DaemonProcess) -> str:
    return daemon.address


@pytest_asyncio.fixture(loop_scope="session")
async def origin() -> AsyncIterator[ScriptedOrigin]:
    async with ScriptedOrigin() as server:
        yield server


@pytest_asyncio.fixture(loop_scope="session")
async def dicomweb_origin() -> AsyncIterator[DicomwebOrigin]:
    async with DicomwebOrigin() as server:
        yield server
