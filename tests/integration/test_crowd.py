"""A thousand callers of one cold image, most of which stop reading: what they cost."""

from __future__ import annotations

import asyncio
import os
import random
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from daemon_process import DaemonProcess
from origins.scripted import Answer, ScriptedOrigin

MEBIBYTE = 2**20
PROCESSES, WHOLE, PAUSED = 2, 20, 480  # a process
CALLERS = PROCESSES * (WHOLE + PAUSED)
# Of this, 41 MiB are what 1000 calls of gRPC cost without any bytes, and what it holds of each
# paused stream is two to three of its chunks.
GROWTH_LIMIT_BYTES = 64 * MEBIBYTE
TESTS = Path(__file__).parents[1]


def most_resident_bytes(pid: int) -> int:
    """The kernel's VmHWM (proc_pid_status(5)): the highest so far."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


@asynccontextmanager
async def crowds(address: str, image_id: str, body: Path) -> AsyncIterator[list[Process]]:
    command = [sys.executable, "-m", "crowd", address, image_id, str(body), str(WHOLE), str(PAUSED)]
    environment = os.environ | {"PYTHONPATH": str(TESTS)}
    processes = [
        await asyncio.create_subprocess_exec(*command, stdin=PIPE, stdout=PIPE, env=environment)
        for _ in range(PROCESSES)
    ]
    try:
        yield processes
    finally:
        for process in processes:
            if process.returncode is None:
                process.kill()
            await process.wait()


async def said(process: Process) -> str:
    assert process.stdout is not None
    return (await process.stdout.readline()).decode().strip()


@pytest.mark.timeout(300)
async def test_1000_callers_of_a_cold_image_of_50_mebibytes_cost_one_fetch_and_little_memory(
    origin: ScriptedOrigin, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    body, released = random.Random(4).randbytes(50 * MEBIBYTE), asyncio.Event()
    (file := tmp_path / "body").write_bytes(body)
    answer = Answer(body, "application/dicom").stalled(MEBIBYTE, released)
    image_id = "wadouri:" + origin.route("/large.dcm", answer)

    async with DaemonProcess(tmp_path_factory.mktemp("d")) as daemon:
        idle_bytes = most_resident_bytes(daemon.pid)
        async with crowds(daemon.address, image_id, file) as processes:
            begun = [await said(process) for process in processes]
            released.set()
            for process in processes:
                assert process.stdin is not None
                process.stdin.write(b"\n")
            right = [int(await said(process)) for process in processes]
        growth_bytes = most_resident_bytes(daemon.pid) - idle_bytes

    assert begun == ["begun"] * PROCESSES
    assert sum(right) == CALLERS
    assert origin.count() == 1
    assert growth_bytes < GROWTH_LIMIT_BYTES, f"{growth_bytes / MEBIBYTE:.0f} MiB"
