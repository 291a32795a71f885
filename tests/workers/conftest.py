"""Pools whose workers do what the tests' own table of tasks says."""

from __future__ import annotations

import asyncio
import fcntl
import os
import termios
import time
from array import array
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from imageid_daemon.workers import Limits, Pool

TESTS = Path(__file__).parents[1]
TASKS = "hostile_tasks"


@dataclass
class Noted:
    """What a pool has reported."""

    jobs: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    deaths: list[str] = field(default_factory=list)

    def observe_job(self, task: str, seconds: float) -> None:
        assert seconds > 0
        self.jobs.append(task)

    def observe_failed_job(self, reason: str) -> None:
        self.failures.append(reason)

    def observe_worker_death(self, cause: str) -> None:
        self.deaths.append(cause)


@dataclass
class Pipe:
    """Two ends of a pipe, of which a task gets one."""

    read_end: int
    write_end: int

    async def says(self) -> bytes:
        """The first byte that a task sends."""
        return await asyncio.to_thread(os.read, self.read_end, 1)

    def unread_bytes(self) -> int:
        """How much tasks have said that nobody has read."""
        count = array("i", [0])
        fcntl.ioctl(self.read_end, termios.FIONREAD, count)
        return count[0]


@contextmanager
def pipe() -> Iterator[Pipe]:
    ends = os.pipe()
    opened = Pipe(*ends)
    try:
        yield opened
    finally:
        for end in ends:
            try:
                os.close(end)
            except OSError:
                continue  # the test has closed it


MakePool = Callable[..., "asynccontextmanager[tuple[Pool, Noted]]"]


@pytest.fixture
def pool_of(monkeypatch: pytest.MonkeyPatch) -> MakePool:
    """`async with pool_of(2, cpu_seconds=1) as (pool, noted)`."""
    monkeypatch.setenv("PYTHONPATH", str(TESTS))

    @asynccontextmanager
    async def make(
        size: int,
        *,
        memory_bytes: int = 2**30,
        cpu_seconds: float = 60.0,
        wall_seconds: float = 60.0,
        now: Callable[[], float] = time.monotonic,
    ) -> AsyncIterator[tuple[Pool, Noted]]:
        noted = Noted()
        limits = Limits(memory_bytes, cpu_seconds, wall_seconds)
        pool = Pool(size, limits, noted, TASKS, now)
        await pool.start()
        try:
            yield pool, noted
        finally:
            await pool.close()

    return make


def workers() -> list[psutil.Process]:
    """Every process that a fork server of these tests has forked."""
    return [w for server in fork_servers() for w in server.children(recursive=True)]


def fork_servers() -> list[psutil.Process]:
    """Those of these tests; another test's daemon may still run in this process."""
    children = psutil.Process().children()
    return [child for child in children if TASKS in child.cmdline()]
