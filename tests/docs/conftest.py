from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from daemon_process import DaemonProcess

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def readme() -> str:
    return (REPOSITORY / "README.md").read_text(encoding="utf-8")


@pytest_asyncio.fixture
async def daemon(tmp_path: Path) -> AsyncIterator[DaemonProcess]:
    async with DaemonProcess(tmp_path / "d") as process:
        yield process
