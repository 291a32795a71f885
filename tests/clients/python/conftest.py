"""A scripted daemon, and clients of it."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

import imageid
from clients.python.scripted_daemon import ScriptedDaemon


@pytest.fixture
def scripted() -> Iterator[ScriptedDaemon]:
    # The path of a socket has 107 bytes at most, which pytest's own directories may exceed.
    with tempfile.TemporaryDirectory() as directory, ScriptedDaemon(Path(directory)) as daemon:
        yield daemon


@pytest.fixture
def client(scripted: ScriptedDaemon) -> Iterator[imageid.Client]:
    with imageid.connect(scripted.address) as connected:
        yield connected


@pytest_asyncio.fixture
async def async_client(scripted: ScriptedDaemon) -> AsyncIterator[imageid.aio.Client]:
    async with imageid.aio.connect(scripted.address) as connected:
        yield connected


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing of the developer's own daemon."""
    monkeypatch.delenv("IMAGEID_ENDPOINT", raising=False)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)
    monkeypatch.setenv("IMAGEID_RUNTIME_DIR", str(tmp_path / "run"))
