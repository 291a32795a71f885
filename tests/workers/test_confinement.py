"""What a worker may take, see and leave behind."""

from __future__ import annotations

import signal

import pytest
from tests.workers.conftest import MakePool

import hostile_tasks as tasks


async def test_a_worker_has_limits_and_no_way_to_rights(pool_of: MakePool) -> None:
    async with pool_of(1, memory_bytes=2**29) as (pool, _):
        found = await pool.run(tasks.limits, None, None)

    assert found == {
        "DATA": 2**29,
        "FSIZE": 2**29,
        "NOFILE": 64,
        "CORE": 0,
        "dumpable": 0,
        "no_new_privs": 1,
        "death_signal": signal.SIGKILL,
    }


async def test_a_worker_has_nothing_open_but_the_ends_that_it_got(
    pool_of: MakePool,
) -> None:
    async with pool_of(2) as (pool, _):
        for _ in range(3):
            await pool.run(tasks.add, None, None, 1, 1)
        found = await pool.run(tasks.descriptors, None, None)

    assert found == ["/memfd", "socket", "socket"]


async def test_what_a_library_prints_reaches_nobody(
    pool_of: MakePool, capfd: pytest.CaptureFixture[str]
) -> None:
    async with pool_of(1) as (pool, _):
        await pool.run(tasks.chatter, None, None)

    assert "MUSTERMANN" not in "".join(capfd.readouterr())


async def test_the_daemons_secrets_are_not_in_a_workers_environment(
    pool_of: MakePool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PACS_PASSWORD", "secret")
    async with pool_of(1) as (pool, _):
        found = await pool.run(tasks.environment, None, None)

    assert "PACS_PASSWORD" not in found
    assert found["OMP_NUM_THREADS"] == "1"


async def test_a_worker_has_one_thread(pool_of: MakePool) -> None:
    async with pool_of(1) as (pool, _):
        assert await pool.run(tasks.threads, None, None) == 1
