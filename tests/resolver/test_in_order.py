"""Many jobs, a few at a time, results in order."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from imageid_daemon.resolver.in_order import in_order


async def collected(ready):
    return [result async for part in ready for result in part]


async def test_results_come_in_the_order_of_the_jobs_whichever_ends_first():
    gates = [asyncio.Event() for _ in range(3)]

    async def job(number):
        await gates[number].wait()
        # Each lets the one before it go, so that the last ends first.
        if number:
            gates[number - 1].set()
        return number

    gates[2].set()
    found = await collected(in_order((lambda n=n: job(n) for n in range(3)), 3))

    assert found == [0, 1, 2]


async def test_no_more_run_than_may():
    running, most = 0, 0

    async def job():
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1

    await collected(in_order((job for _ in range(50)), 4))

    assert most == 4


async def test_what_is_ready_is_given_before_the_rest_has_ended():
    gate = asyncio.Event()

    async def job(number):
        if number:
            await gate.wait()
        return number

    async with aclosing(in_order((lambda n=n: job(n) for n in range(2)), 2)) as ready:
        first = await anext(ready)
        gate.set()
        rest = await anext(ready)

    assert (first, rest) == ([0], [1])


async def test_closing_cancels_what_runs_and_waits_for_its_end():
    ended = []

    async def job(number):
        if number == 0:
            return
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(number)

    async with aclosing(in_order((lambda n=n: job(n) for n in range(3)), 3)) as ready:
        await anext(ready)

    assert sorted(ended) == [1, 2]


async def test_an_error_is_raised_in_its_place():
    async def job(number):
        if number == 1:
            raise KeyError(number)
        return number

    with pytest.raises(KeyError):
        await collected(in_order((lambda n=n: job(n) for n in range(3)), 1))
