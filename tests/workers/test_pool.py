"""The pool's promises: a job that kills its worker is one error, and nobody else's affair."""

from __future__ import annotations

import asyncio
import errno
import os
from pathlib import Path

import psutil
import pytest
from tests.workers.conftest import MakePool, Noted, fork_servers, pipe, workers

import hostile_tasks as tasks
from imageid_daemon.callers import Claims
from imageid_daemon.workers import Crashed, Interrupted, Limits, Pool
from imageid_daemon.workers.answers import TaskBroken
from imageid_loaders.errors import ConfigurationError, DecodeLimit, ShuttingDown, Undecodable

# A pool counts its jobs and its workers together, and makes the first worker after the job.
FIRST_JOB = 1


async def test_a_task_gets_its_arguments_and_gives_its_result(pool_of: MakePool) -> None:
    async with pool_of(1) as (pool, noted):
        assert await pool.run(tasks.add, None, None, 2, 3) == 5

    assert (noted.jobs, noted.failures, noted.deaths) == (["add"], [], [])


async def test_results_are_written_to_a_file_that_the_daemon_opened(
    pool_of: MakePool, tmp_path: Path
) -> None:
    (tmp_path / "source").write_bytes(b"image")
    async with pool_of(1) as (pool, _):
        with (
            (tmp_path / "source").open("rb") as source,
            (tmp_path / "target").open("w+b") as target,
        ):
            size_bytes = await pool.run(tasks.copy, source.fileno(), target.fileno())
            written = target.read()

    assert (size_bytes, written) == (5, b"image")


async def test_a_file_that_was_unlinked_can_still_be_read(
    pool_of: MakePool, tmp_path: Path
) -> None:
    (tmp_path / "source").write_bytes(b"image")
    async with pool_of(1) as (pool, _):
        with (tmp_path / "source").open("rb") as source:
            (tmp_path / "source").unlink()
            assert await pool.asked_by(Claims()).bytes_of(tasks.copy, source.fileno()) == b"image"  # type: ignore[arg-type]


@pytest.mark.parametrize("size_bytes", [0, 60_000, 65_536, 70_000, 20_000_000])
async def test_arguments_and_results_may_be_of_any_size(pool_of: MakePool, size_bytes: int) -> None:
    data = os.urandom(size_bytes)
    async with pool_of(1) as (pool, _):
        assert await pool.run(tasks.echo, None, None, data) == data
        assert await pool.run(tasks.add, None, None, 1, 1) == 2


async def test_workers_are_used_again(pool_of: MakePool) -> None:
    async with pool_of(2) as (pool, _):
        processes = {await pool.run(tasks.process, None, None) for _ in range(20)}
        idle = pool.idle

    assert len(processes) == 1
    assert idle == 1


async def test_no_more_workers_than_the_size_are_made(pool_of: MakePool) -> None:
    async with pool_of(2) as (pool, _):
        jobs = [pool.run(tasks.rest, None, None, 0.01) for _ in range(12)]
        processes = set(await asyncio.gather(*jobs))

        assert len(processes) == len(workers()) == 2


@pytest.mark.parametrize(
    ("task", "cause"),
    [
        (tasks.segfault, "crash"),
        (tasks.abort, "crash"),
        (tasks.leave, "exit"),
        (tasks.shout, "garbage"),
        (tasks.promise_much, "garbage"),
    ],
)
async def test_a_job_that_kills_its_worker_fails_alone(
    pool_of: MakePool, task: object, cause: str
) -> None:
    async with pool_of(2) as (pool, noted):
        guilty = asyncio.create_task(pool.run(task, None, None))  # type: ignore[arg-type]
        others = [asyncio.create_task(pool.run(tasks.add, None, None, n, 1)) for n in range(20)]

        with pytest.raises(Undecodable) as refusal:
            await guilty
        assert await asyncio.gather(*others) == [n + 1 for n in range(20)]

    assert isinstance(refusal.value, Crashed)
    assert set(noted.deaths) == {cause}
    assert noted.failures == ["DECODE_FAILED"]


async def test_a_link_that_is_hung_up_is_a_failure_too(pool_of: MakePool) -> None:
    async with pool_of(1) as (pool, noted):
        with pytest.raises(Interrupted):
            await pool.run(tasks.hang_up, None, None)
        assert await pool.run(tasks.add, None, None, 1, 1) == 2

    assert noted.deaths == ["killed"] * 2


async def test_a_second_answer_to_one_job_reaches_no_other_job(pool_of: MakePool) -> None:
    async with pool_of(1) as (pool, noted):
        assert await pool.run(tasks.answer_twice, None, None, FIRST_JOB) == 1
        results = [await pool.run(tasks.add, None, None, n, 10) for n in range(3)]

    assert results == [10, 11, 12]
    assert noted.deaths == ["garbage"]


async def test_an_answer_to_another_job_is_not_believed(pool_of: MakePool) -> None:
    async with pool_of(1) as (pool, noted):
        with pytest.raises(Crashed):
            await pool.run(tasks.answer_twice, None, None, FIRST_JOB + 7)

    assert noted.deaths == ["garbage"]


async def test_jobs_in_the_queue_outlive_the_worker_before_them(pool_of: MakePool) -> None:
    async with pool_of(1) as (pool, noted):
        guilty = asyncio.create_task(pool.run(tasks.segfault, None, None))
        queued = [asyncio.create_task(pool.run(tasks.add, None, None, n, 0)) for n in range(5)]

        assert await asyncio.gather(*queued) == list(range(5))
        with pytest.raises(Crashed):
            await guilty

    assert noted.deaths == ["crash"]


async def test_a_bad_frame_costs_the_other_frames_of_its_file_nothing(
    pool_of: MakePool, tmp_path: Path
) -> None:
    """Of which the next one is at hand of the same worker already."""
    (tmp_path / "source").write_bytes(b"12345")
    async with pool_of(1) as (pool, noted):
        with (tmp_path / "source").open("rb") as source:
            frames = [
                asyncio.create_task(pool.run(tasks.decode_frame, source.fileno(), None, n, 3))
                for n in range(8)
            ]
            await asyncio.sleep(0)
            assert pool.queued == 6
            found = await asyncio.gather(*frames, return_exceptions=True)

    assert [type(each) for each in found if not isinstance(each, int)] == [Crashed]
    assert [each for each in found if isinstance(each, int)] == [5, 6, 7, 9, 10, 11, 12]
    # Frame 3 was tried again, in a worker that had no past.
    assert noted.deaths == ["crash", "crash"]


async def test_long_answers_of_one_worker_do_not_mix(pool_of: MakePool, tmp_path: Path) -> None:
    """It may write its second before its first has been read."""
    (tmp_path / "source").write_bytes(b"")
    async with pool_of(1) as (pool, _):
        with (tmp_path / "source").open("rb") as source:
            asked = [
                pool.run(tasks.describe_at_length, source.fileno(), None, n, 300_000)
                for n in range(50)
            ]
            found = await asyncio.gather(*asked)

    assert [set(each) for each in found] == [{n} for n in range(50)]
    assert {len(each) for each in found} == {300_000}


async def test_after_the_end_nothing_is_begun(pool_of: MakePool) -> None:
    async with pool_of(1) as (pool, _):
        await pool.close()

        with pytest.raises(ShuttingDown):
            await pool.run(tasks.add, None, None, 1, 1)


async def test_a_pool_whose_workers_cannot_start_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "unfit_tasks.py").write_text("TASKS = ()\ndef prepare(): raise SystemExit(3)\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    pool = Pool(1, Limits(2**30, 1.0, 1.0), Noted(), "unfit_tasks")

    with pytest.raises(ConfigurationError, match="cannot be started"):
        await pool.start()
    await pool.close()


async def test_a_job_at_hand_that_nobody_waits_for_any_more_does_no_harm(
    pool_of: MakePool, tmp_path: Path
) -> None:
    (tmp_path / "source").write_bytes(b"12345")
    async with pool_of(1) as (pool, noted):
        with (tmp_path / "source").open("rb") as source:
            frames = [
                asyncio.create_task(pool.run(tasks.decode_frame, source.fileno(), None, n, -1))
                for n in range(4)
            ]
            await asyncio.sleep(0)
            frames[1].cancel()
            found = await asyncio.gather(*frames, return_exceptions=True)

        assert (found[0], *found[2:]) == (5, 7, 8)
        assert pool.busy == pool.queued == 0

    assert noted.deaths == []


async def test_a_job_that_died_of_anothers_traces_is_done_by_a_fresh_worker(
    pool_of: MakePool,
) -> None:
    async with pool_of(1) as (pool, noted):
        await pool.run(tasks.add, None, None, 1, 1)

        assert await pool.run(tasks.crash_after_others, None, None) == "alive"

    assert (noted.deaths, noted.failures) == (["crash"], [])


async def test_a_guilty_job_kills_two_workers_at_most(pool_of: MakePool) -> None:
    async with pool_of(1) as (pool, noted):
        await pool.run(tasks.add, None, None, 1, 1)

        with pytest.raises(Crashed):
            await pool.run(tasks.segfault, None, None)

    assert noted.deaths == ["crash", "crash"]


async def test_a_worker_that_lacks_the_memory_that_others_leaked_passes_the_job_on(
    pool_of: MakePool,
) -> None:
    async with pool_of(1, memory_bytes=2**29) as (pool, noted):
        await pool.run(tasks.leak, None, None, 2**28)

        assert await pool.run(tasks.allocate, None, None, 3 * 2**27) == 3 * 2**27

    assert (noted.deaths, noted.failures) == ([], [])


async def test_a_worker_killed_from_outside_costs_its_job_nothing(pool_of: MakePool) -> None:
    async with pool_of(1) as (pool, noted):
        with pipe() as begun, pipe() as gate:
            running = asyncio.create_task(
                pool.run(tasks.wait_for_end, gate.read_end, begun.write_end)
            )
            assert await begun.says() == b"!"
            workers()[0].kill()
            assert await begun.says() == b"!"
            os.close(gate.write_end)

            assert await running == "ended"

    assert noted.deaths == ["killed"]


async def test_a_job_whose_workers_are_killed_again_and_again_fails(pool_of: MakePool) -> None:
    async with pool_of(1) as (pool, noted):
        with pytest.raises(Interrupted):
            await pool.run(tasks.kill_oneself, None, None)

    assert (noted.deaths, noted.failures) == (["killed"] * 2, ["DECODE_LIMIT"])


async def test_a_job_that_spins_ends_when_its_processor_time_is_used_up(pool_of: MakePool) -> None:
    async with pool_of(1, cpu_seconds=1.0) as (pool, noted):
        with pipe() as begun, pytest.raises(DecodeLimit):
            await pool.run(tasks.spin, begun.write_end, None)
        assert await pool.run(tasks.add, None, None, 1, 1) == 2

    assert (noted.deaths, noted.failures) == (["processor time"], ["DECODE_LIMIT"])


async def test_processor_time_is_granted_to_each_job_anew(pool_of: MakePool) -> None:
    async with pool_of(1, cpu_seconds=1.0) as (pool, noted):
        processes = {await pool.run(tasks.burn, None, None, 0.4) for _ in range(6)}

    assert len(processes) == 1
    assert noted.deaths == []


async def test_a_job_that_waits_for_ever_is_ended_by_the_clock(pool_of: MakePool) -> None:
    async with pool_of(1, wall_seconds=0.5) as (pool, noted):
        with pipe() as begun, pytest.raises(DecodeLimit):
            await pool.run(tasks.wait, begun.write_end, None)
        assert await pool.run(tasks.add, None, None, 1, 1) == 2

    assert (noted.deaths, noted.failures) == (["deadline"], ["DECODE_LIMIT"])


async def test_a_bomb_is_refused_and_its_worker_lives_on(pool_of: MakePool) -> None:
    async with pool_of(1, memory_bytes=2**29) as (pool, noted):
        before = await pool.run(tasks.process, None, None)
        with pytest.raises(DecodeLimit):
            await pool.run(tasks.allocate, None, None, 2**30)
        fresh = await pool.run(tasks.process, None, None)
        with pytest.raises(DecodeLimit):
            await pool.run(tasks.write_much, None, await _scratch(), 2**30)

    assert before != fresh, "the second try was not given to a fresh worker"
    assert (noted.deaths, noted.failures) == ([], ["DECODE_LIMIT"] * 2)


async def _scratch() -> int:
    return os.memfd_create("target", os.MFD_CLOEXEC)


async def test_a_full_disk_is_told_as_such(pool_of: MakePool, tmp_path: Path) -> None:
    (tmp_path / "source").write_bytes(b"image")
    async with pool_of(1) as (pool, noted):
        with (
            (tmp_path / "source").open("rb") as source,
            Path("/dev/full").open("wb") as full,
            pytest.raises(OSError, match="No space left") as refusal,
        ):
            await pool.run(tasks.copy, source.fileno(), full.fileno())

    assert refusal.value.errno == errno.ENOSPC
    assert noted.failures == []


async def test_a_result_of_another_type_is_not_believed(pool_of: MakePool) -> None:
    async with pool_of(1) as (pool, noted):
        with pytest.raises(Undecodable):
            await pool.run(tasks.lie, None, None)

    assert noted.failures == ["DECODE_FAILED"]


async def test_a_bug_in_a_task_is_no_error_of_the_image_and_quotes_nothing(
    pool_of: MakePool,
) -> None:
    async with pool_of(1) as (pool, _):
        with pytest.raises(TaskBroken) as broken:
            await pool.run(tasks.break_down, None, None)

    assert "MUSTERMANN" not in str(broken.value)


async def test_a_job_that_is_left_in_the_queue_never_runs(pool_of: MakePool) -> None:
    async with pool_of(1) as (pool, noted):
        with pipe() as begun, pipe() as gate:
            first = asyncio.create_task(
                pool.run(tasks.wait_for_end, gate.read_end, begun.write_end)
            )
            await begun.says()
            second = asyncio.create_task(pool.run(tasks.add, None, None, 1, 1))
            await asyncio.sleep(0)
            assert pool.queued == 1

            second.cancel()
            await asyncio.wait([second])
            os.close(gate.write_end)
            await first

        assert pool.queued == 0
        await pool.run(tasks.process, None, None)

    assert noted.jobs == ["wait_for_end", "process"]


async def test_a_running_job_that_nobody_waits_for_gives_its_worker_back(pool_of: MakePool) -> None:
    async with pool_of(1) as (pool, noted):
        with pipe() as begun:
            left = asyncio.create_task(pool.run(tasks.wait, begun.write_end, None))
            await begun.says()
            left.cancel()
            await asyncio.wait([left])

        assert await pool.run(tasks.add, None, None, 1, 1) == 2

    assert (noted.deaths, noted.failures) == (["abandoned"], [])


async def test_what_is_left_and_nearly_done_costs_no_worker(pool_of: MakePool) -> None:
    async with pool_of(1) as (pool, noted):
        with pipe() as begun, pipe() as gate:
            left = asyncio.create_task(pool.run(tasks.wait_for_end, gate.read_end, begun.write_end))
            await begun.says()
            left.cancel()
            await asyncio.wait([left])
            os.close(gate.write_end)

        assert await pool.run(tasks.add, None, None, 1, 1) == 2

    assert noted.deaths == []


async def test_closing_tells_everybody_who_waits_and_leaves_no_process(pool_of: MakePool) -> None:
    async with pool_of(1) as (pool, _):
        with pipe() as begun:
            running = asyncio.create_task(pool.run(tasks.spin, begun.write_end, None))
            queued = asyncio.create_task(pool.run(tasks.add, None, None, 1, 1))
            await begun.says()
            processes = [*workers(), *fork_servers()]

            await pool.close()

            for waiting in (running, queued):
                with pytest.raises(ShuttingDown):
                    await waiting
    assert len(processes) == 2
    _, alive = await asyncio.to_thread(psutil.wait_procs, processes, timeout=20)
    assert alive == []


async def test_the_fork_server_is_started_again_and_no_job_is_lost(pool_of: MakePool) -> None:
    async with pool_of(2) as (pool, noted):
        with pipe() as begun, pipe() as gate:
            running = asyncio.create_task(
                pool.run(tasks.wait_for_end, gate.read_end, begun.write_end)
            )
            await begun.says()
            fork_servers()[0].kill()
            asked_meanwhile = asyncio.create_task(pool.run(tasks.add, None, None, 1, 1))
            await begun.says()
            os.close(gate.write_end)

            assert (await running, await asked_meanwhile) == ("ended", 2)

    assert noted.failures == []


async def test_dead_workers_leave_no_zombie_no_file_and_no_process(pool_of: MakePool) -> None:
    async with pool_of(2) as (pool, _):
        await asyncio.gather(*(pool.run(tasks.rest, None, None, 0.01) for _ in range(4)))
        before = psutil.Process().num_fds()

        for task in (tasks.segfault, tasks.leave, tasks.shout) * 3:
            with pytest.raises(Crashed):
                await pool.run(task, None, None)
        await asyncio.gather(*(pool.run(tasks.rest, None, None, 0.01) for _ in range(4)))

        assert psutil.Process().num_fds() == before
        assert len(workers()) == 2
        assert {worker.status() for worker in workers()} <= {"sleeping", "running"}
