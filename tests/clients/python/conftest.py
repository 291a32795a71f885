"""A scripted daemon, a real one, and clients of each."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

import imageid
from clients.python.scripted_daemon import ScriptedDaemon
from clients.python.slices import write_series
from daemon_process import DaemonProcess


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """One event loop for all of them: gRPC's objects belong to the loop that made them."""
    for item in items:
        if Path(__file__).parent in item.path.parents and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest.fixture
def scripted() -> Iterator[ScriptedDaemon]:
    # The path of a socket has 107 bytes at most, which pytest's own directories may exceed.
    with tempfile.TemporaryDirectory() as directory, ScriptedDaemon(Path(directory)) as daemon:
        yield daemon


@pytest.fixture
def client(scripted: ScriptedDaemon) -> Iterator[imageid.Client]:
    with imageid.connect(scripted.address) as connected:
        yield connected


@pytest_asyncio.fixture(loop_scope="session")
async def async_client(scripted: ScriptedDaemon) -> AsyncIterator[imageid.aio.Client]:
    async with imageid.aio.connect(scripted.address) as connected:
        yield connected


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the developer's own daemon."""
    monkeypatch.delenv("IMAGEID_ENDPOINT", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("IMAGEID_RUNTIME_DIR", str(tmp_path / "run"))


@pytest.fixture(scope="module")
def series(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of three slices."""
    return write_series(tmp_path_factory.mktemp("series"))


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def daemon(
    tmp_path_factory: pytest.TempPathFactory, series: Path
) -> AsyncIterator[DaemonProcess]:
    config = f"[loaders.file]\nroots = ['{series}']\n"
    async with DaemonProcess(tmp_path_factory.mktemp("d"), config) as process:
        yield process
