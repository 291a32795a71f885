"""The README's examples run as they stand, each as a program of its own."""

from __future__ import annotations

import asyncio
import re
import sys
from pathlib import Path

import pytest

import imageid
from daemon_process import DaemonProcess

README = Path(imageid.__file__).parents[2] / "README.md"
EXAMPLES = re.findall(r"^```python\n(.*?)^```$", README.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
async def test_an_example_runs(example: str, daemon: DaemonProcess) -> None:
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-c", example),
        env=daemon.own_environment,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, stderr = await program.communicate()

    assert stderr.decode() == ""
    assert program.returncode == 0
