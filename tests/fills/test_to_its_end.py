"""Work that cannot be stopped half way, and jobs that nobody waits for any more."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from imageid_daemon.fills import job_to_its_end


@pytest.fixture
def one_worker():
    with ThreadPoolExecutor(1) as workers:
        yield workers


async def test_a_job_that_is_left_before_a_worker_takes_it_never_runs(one_worker):
    occupied, ran = threading.Event(), []
    first = asyncio.create_task(job_to_its_end(one_worker, occupied.wait))
    second = asyncio.create_task(job_to_its_end(one_worker, lambda: ran.append("second")))
    await asyncio.sleep(0)

    second.cancel()
    await asyncio.wait([second])
    occupied.set()
    await first

    assert second.cancelled()
    assert ran == []


async def test_a_job_that_runs_is_waited_for_however_often_its_caller_is_cancelled(one_worker):
    begun, released, ended = threading.Event(), threading.Event(), []

    def job():
        begun.set()
        released.wait()
        ended.append(True)

    running = asyncio.create_task(job_to_its_end(one_worker, job))
    await asyncio.to_thread(begun.wait)
    for _ in range(3):
        running.cancel()
        await asyncio.sleep(0)
    assert not running.done()
    released.set()
    await asyncio.wait([running])

    assert running.cancelled()
    assert ended == [True]
