"""A foreground server process: started, waited for until it answers, stopped by its pid."""

from __future__ import annotations

import asyncio
import socket
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

READY_TRIES = 600
SECONDS_BETWEEN_TRIES = 0.05
STOP_SECONDS = 15

Check = Callable[[], Awaitable[bool]]


class NotReadyError(Exception):
    """A server ended or stayed silent; the message has the end of its log."""


def free_port() -> int:
    """For servers that cannot say which port they took themselves."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def start(
    command: Sequence[str | Path], log: Path, environment: Mapping[str, str] | None = None
) -> Process:
    """Start it with its output in `log`; the log is appended to over restarts."""
    with log.open("ab") as output:
        return await asyncio.create_subprocess_exec(
            *map(str, command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            env=environment,
        )


async def wait_until(check: Check, process: Process, log: Path) -> None:
    """Try `check` until it holds.

    Raises:
        NotReadyError: the process has ended, or half a minute has passed.
    """
    for _ in range(READY_TRIES):
        if await check():
            return
        if process.returncode is not None:
            raise NotReadyError(f"it ended with {process.returncode}:\n{log_end(log)}")
        await asyncio.sleep(SECONDS_BETWEEN_TRIES)
    raise NotReadyError(f"it is not ready:\n{log_end(log)}")


async def stop(process: Process) -> int:
    """SIGTERM, and SIGKILL for who does not listen; returns the exit code."""
    if process.returncode is None:
        process.terminate()
    try:
        return await asyncio.wait_for(process.wait(), STOP_SECONDS)
    except TimeoutError:
        process.kill()
        return await process.wait()


@asynccontextmanager
async def running(command: Sequence[str | Path], log: Path, ready: Check) -> AsyncIterator[Process]:
    process = await start(command, log)
    try:
        await wait_until(ready, process, log)
        yield process
    finally:
        await stop(process)


async def answers(url: str, *statuses: int) -> bool:
    """Whether a GET comes back with one of these statuses."""
    try:
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(url)).status_code in statuses
    except httpx.TransportError:
        return False


def log_end(log: Path, lines: int = 30) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])
