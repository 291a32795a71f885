"""In which order waiting jobs are done: by the urgency of those who wait, then in turns.

The one worker is busy until the test lets it go on, so all that is asked for meanwhile waits.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.workers.conftest import MakePool, Pipe, pipe, workers

import hostile_tasks as tasks
from imageid_daemon.callers import Caller, Claims, Priority
from imageid_daemon.turn_order import ELDERS_TURN, OVERDUE_SECONDS
from imageid_daemon.workers import Pool
from turns import settled

INTERACTION, THUMBNAIL, PREFETCH, COMPUTE = Priority


@dataclass
class Busy:
    """A pool whose one worker is at a job.

    Args:
        done: names of the others, in the order in which they were done.
    """

    pool: Pool
    gate: Pipe
    begun: Pipe
    done: list[str] = field(default_factory=list)
    jobs: list[asyncio.Task[None]] = field(default_factory=list)

    async def ask(self, name: str, *callers: Caller, alike: bool = False) -> Claims:
        """Have a job wait.

        Args:
            alike: of the kind of the running one, so that the worker may have it at hand.
        """
        claims = Claims(*callers)
        self.jobs.append(asyncio.create_task(self._do(name, claims, alike=alike)))
        await settled()
        return claims

    async def _do(self, name: str, claims: Claims, *, alike: bool) -> None:
        pool = self.pool.asked_by(claims)
        if alike:
            await pool.run(tasks.wait_for_end, self.gate.read_end, self.begun.write_end)
        else:
            await pool.run(tasks.add, None, None, 1, 1)
        self.done.append(name)

    async def leave(self, number: int) -> None:
        """Wait no more for one of them; the running one has number 0."""
        self.jobs.pop(number).cancel()
        await settled()

    async def order(self) -> list[str]:
        """The names as they were done, once the worker may go on."""
        os.close(self.gate.write_end)
        await asyncio.gather(*self.jobs)
        return self.done


@asynccontextmanager
async def busy(
    pool_of: MakePool, clock: list[float] | None = None, turns_before: int = 0
) -> AsyncIterator[Busy]:
    """Make one.

    Args:
        clock: its last number is what the pool's clock says.
        turns_before: jobs that were done before the running one.
    """
    seconds = clock or [0.0]
    with pipe() as gate, pipe() as begun:
        async with pool_of(1, now=lambda: seconds[-1]) as (pool, _):
            made = Busy(pool, gate, begun)
            for _ in range(turns_before):
                await pool.run(tasks.add, None, None, 1, 1)
            running = made._do("running", Claims(Caller("x", COMPUTE)), alike=True)
            made.jobs.append(asyncio.create_task(running))
            assert await begun.says() == b"!"
            yield made


async def test_what_somebody_looks_at_is_done_before_all_that_is_prefetched(
    pool_of: MakePool,
) -> None:
    async with busy(pool_of) as made:
        for number in range(20):
            await made.ask(f"prefetched {number}", Caller("a", PREFETCH))
        await made.ask("thumbnail", Caller("a", THUMBNAIL))
        await made.ask("looked at", Caller("a", INTERACTION))

        order = await made.order()

    expected = ["running", "looked at", "thumbnail", *(f"prefetched {n}" for n in range(20))]
    assert order == expected


async def test_a_job_overtakes_the_others_when_somebody_comes_to_look_at_it(
    pool_of: MakePool,
) -> None:
    async with busy(pool_of) as made:
        claims = [await made.ask(name, Caller("a", PREFETCH)) for name in "123"]

        claims[2].add(Caller("b", INTERACTION))

        assert await made.order() == ["running", "3", "1", "2"]


async def test_a_job_goes_back_when_only_those_are_left_who_have_time(pool_of: MakePool) -> None:
    viewer = Caller("b", INTERACTION)
    async with busy(pool_of) as made:
        claims = await made.ask("left", Caller("a", COMPUTE), viewer)
        await made.ask("other", Caller("a", PREFETCH))

        claims.remove(viewer)

        assert await made.order() == ["running", "other", "left"]


async def test_workers_go_round_the_callers_of_a_class(pool_of: MakePool) -> None:
    async with busy(pool_of) as made:
        for name in ("a1", "a2", "a3", "b1", "c1", "b2"):
            await made.ask(name, Caller(name[0], PREFETCH))

        assert await made.order() == ["running", "a1", "b1", "c1", "a2", "b2", "a3"]


async def test_a_job_in_the_background_has_its_turn_however_many_urgent_ones_there_are(
    pool_of: MakePool,
) -> None:
    clock = [0.0]
    async with busy(pool_of, clock) as made:
        await made.ask("background", Caller("a", COMPUTE))
        for number in range(3 * ELDERS_TURN):
            await made.ask(f"urgent {number}", Caller("b", INTERACTION))
        clock.append(OVERDUE_SECONDS)

        order = await made.order()

    assert order.index("background") < 1 + ELDERS_TURN


async def test_what_a_worker_has_at_hand_gives_way_to_what_is_more_urgent(
    pool_of: MakePool,
) -> None:
    async with busy(pool_of) as made:
        await made.ask("at hand", Caller("a", PREFETCH), alike=True)
        await made.ask("behind it", Caller("a", PREFETCH), alike=True)
        assert made.pool.queued == 1

        await made.ask("urgent", Caller("b", INTERACTION))

        assert await made.order() == ["running", "urgent", "at hand", "behind it"]


async def test_what_is_at_hand_gives_way_to_a_job_that_becomes_more_urgent(
    pool_of: MakePool,
) -> None:
    async with busy(pool_of) as made:
        await made.ask("at hand", Caller("a", PREFETCH), alike=True)
        claims = await made.ask("promoted", Caller("a", PREFETCH))

        claims.add(Caller("b", INTERACTION))

        assert await made.order() == ["running", "promoted", "at hand"]


async def test_what_is_at_hand_stays_there_before_its_equals(pool_of: MakePool) -> None:
    async with busy(pool_of) as made:
        await made.ask("at hand", Caller("a", PREFETCH), alike=True)

        await made.ask("other", Caller("b", PREFETCH))

        assert made.pool.queued == 1
        assert await made.order() == ["running", "at hand", "other"]


async def test_what_has_its_turn_for_its_age_gives_way_to_nobody(pool_of: MakePool) -> None:
    clock = [0.0]
    async with busy(pool_of, clock, turns_before=ELDERS_TURN - 3) as made:
        await made.ask("at hand", Caller("a", INTERACTION), alike=True)
        await made.ask("old", Caller("a", COMPUTE), alike=True)
        clock.append(OVERDUE_SECONDS)
        await made.leave(1)  # so that "old" is at hand when the next one comes
        await made.ask("other", Caller("a", COMPUTE))

        await made.ask("urgent", Caller("b", INTERACTION))

        assert await made.order() == ["running", "old", "urgent", "other"]


async def test_a_job_that_is_left_at_hand_never_runs(pool_of: MakePool) -> None:
    async with busy(pool_of) as made:
        await made.ask("at hand", Caller("a", PREFETCH), alike=True)

        await made.leave(1)

        assert await made.order() == ["running"]
        assert await made.pool.run(tasks.add, None, None, 1, 1) == 2
        assert made.begun.unread_bytes() == 0


async def test_a_job_whose_worker_was_killed_is_still_the_first_of_its_class(
    pool_of: MakePool,
) -> None:
    async with busy(pool_of) as made:
        await made.ask("other", Caller("a", COMPUTE))

        [worker] = workers()
        worker.kill()
        assert await made.begun.says() == b"!"

        assert await made.order() == ["running", "other"]
