"""A disk that fails, or a process that dies, at the n-th call on the cache's files.

`faults.c` is preloaded into a child process; it sits between the C library and whoever calls
it, so that the index's own writes are among the calls.
"""

from __future__ import annotations

import asyncio
import ctypes
import os
import subprocess
import sys
from pathlib import Path

_SOURCE = Path(__file__).with_name("faults.c")
_ROOT = Path(__file__).parents[2]
_KILL = -1


def built(folder: Path) -> Path:
    """The library to preload."""
    library = folder / "faults.so"
    state = f'-DFAULT_STATE="{folder / "state"}"'
    command = ["cc", "-shared", "-fPIC", "-O1", state, "-o", str(library), str(_SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    return library


async def run(library: Path, cache: Path, module: str, *arguments: str) -> str:
    """Run a module of this package over a cache directory; gives what it prints."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"disk_faults.{module}",
        str(cache),
        *arguments,
        env={
            **os.environ,
            "PYTHONPATH": f"{_ROOT}{os.pathsep}{_ROOT / 'tests'}",
            "LD_PRELOAD": str(library),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await child.communicate()
    assert child.returncode == 0, output.decode()[-4000:]
    return output.decode()


class Faults:
    """The preloaded library, seen from within the child.

    Args:
        cache: whose files' calls are counted and fail.
        reads: those that read, not those that change.
    """

    def __init__(self, cache: Path, *, reads: bool = False) -> None:
        self._library = ctypes.CDLL(None)
        self._library.fault_watch(f"{cache}/".encode(), reads)

    def fail(self, at: int, error: int, *, from_then_on: bool = False) -> None:
        """Have the `at`-th call from now on fail, or every one from there."""
        self._library.fault_arm(at, error, from_then_on)

    def kill(self, at: int) -> None:
        """End this process at the `at`-th call from now on."""
        self._library.fault_arm(at, _KILL, False)

    def stop(self) -> None:
        self._library.fault_arm(0, 0, False)

    @property
    def calls(self) -> int:
        """How many there were since the last change."""
        return int(self._library.fault_calls())
