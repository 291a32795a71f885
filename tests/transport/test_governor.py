"""Waiting for a turn: who is woken, and that nothing is left behind."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from imageid_daemon.callers import Caller, Claims, Priority
from imageid_daemon.origins.breaker import FAILURES, LASTING_SECONDS
from imageid_daemon.origins.gate import Limits, Outcome
from imageid_daemon.origins.governor import Governor, Refused, Server
from turns import settled

PACS = Server("pacs", ("http", "pacs.example", 80))
ONE = Limits(connections=1)


def claims(priority: Priority = Priority.INTERACTION, identity: str = "a") -> Claims:
    return Claims(Caller(identity, priority))


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class Callers:
    """Requests that hold their turn until the test ends them."""

    def __init__(self, governor: Governor, limits: Limits = ONE) -> None:
        self.governor = governor
        self.limits = limits
        self.inside: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}

    def start(self, name: str, claims: Claims) -> asyncio.Task[None]:
        self.gates[name] = asyncio.Event()
        return asyncio.create_task(self._run(name, claims))

    async def _run(self, name: str, claims: Claims) -> None:
        async with self.governor.turn(PACS, self.limits, claims):
            self.inside.append(name)
            await self.gates[name].wait()


async def opened(clock: Clock) -> Governor:
    """A governor that has found PACS to be down."""
    governor = Governor(clock)
    async with AsyncExitStack() as stack:
        limits = Limits(connections=FAILURES)
        judges = [
            await stack.enter_async_context(governor.turn(PACS, limits, claims()))
            for _ in range(FAILURES)
        ]
        clock.seconds += LASTING_SECONDS
        for judge in judges:
            judge(Outcome(failed=True))
    return governor


async def test_a_server_without_requests_is_forgotten():
    governor = Governor()

    async with governor.turn(PACS, ONE, claims()):
        assert len(governor) == 1

    assert len(governor) == 0


async def test_the_limit_outlives_the_first_of_several_requests():
    callers = Callers(Governor())
    first = callers.start("first", claims())
    await settled()
    second = callers.start("second", claims())
    callers.gates["first"].set()
    await settled()
    third = callers.start("third", claims())
    await settled()

    assert callers.inside == ["first", "second"]
    for gate in callers.gates.values():
        gate.set()
    await asyncio.gather(first, second, third)


async def test_a_waiting_request_overtakes_when_a_more_urgent_caller_joins_it():
    callers = Callers(Governor())
    shared = claims(Priority.PREFETCH)
    tasks = [callers.start("running", claims())]
    await settled()
    tasks += [callers.start("other", claims(Priority.PREFETCH)), callers.start("shared", shared)]
    await settled()

    shared.add(Caller("viewer", Priority.INTERACTION))
    for name in ("running", "shared", "other"):
        callers.gates[name].set()
    await asyncio.gather(*tasks)

    assert callers.inside == ["running", "shared", "other"]


async def test_it_falls_back_when_that_caller_leaves():
    callers = Callers(Governor())
    shared, viewer = claims(Priority.COMPUTE), Caller("viewer", Priority.INTERACTION)
    tasks = [callers.start("running", claims())]
    await settled()
    tasks += [callers.start("shared", shared), callers.start("other", claims(Priority.PREFETCH))]
    await settled()

    shared.add(viewer)
    shared.remove(viewer)
    for gate in callers.gates.values():
        gate.set()
    await asyncio.gather(*tasks)

    assert callers.inside == ["running", "other", "shared"]


async def test_who_stops_waiting_leaves_nothing_behind():
    governor = Governor()
    callers = Callers(governor)
    running, waiting = callers.start("running", claims()), callers.start("waiting", claims())
    await settled()

    waiting.cancel()
    await settled()
    callers.gates["running"].set()
    await running

    assert callers.inside == ["running"]
    assert len(governor) == 0


@pytest.mark.parametrize("steps_before_the_cancel", [0, 1, 2])
async def test_who_leaves_at_the_moment_of_its_turn_gives_it_to_the_next(steps_before_the_cancel):
    callers = Callers(Governor())
    tasks = [callers.start(name, claims()) for name in ("first", "leaving", "next")]
    await settled()

    callers.gates["first"].set()
    for _ in range(steps_before_the_cancel):
        await asyncio.sleep(0)
    tasks[1].cancel()
    await settled()

    assert callers.inside[-1] == "next"
    callers.gates["next"].set()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert len(callers.governor) == 0


async def test_a_rate_wakes_who_waits_without_another_event():
    governor = Governor()
    limits = Limits(connections=100, rate=50.0)

    async def ask() -> None:
        async with governor.turn(PACS, limits, claims()):
            pass

    loop = asyncio.get_running_loop()
    started_seconds = loop.time()
    async with asyncio.timeout(60):
        await asyncio.gather(*(ask() for _ in range(60)))

    # No faster than the rate; how much slower is the machine's affair.
    assert loop.time() - started_seconds >= 10 / 50.0 - 0.01


async def test_a_server_that_is_down_is_not_asked():
    clock = Clock()
    governor = await opened(clock)

    with pytest.raises(Refused) as refused:
        async with governor.turn(PACS, ONE, claims()):
            pass

    assert refused.value.retry_after_seconds == 5.0
    [pacs, _] = governor.figures({"pacs": ONE})
    assert (pacs.breaker, pacs.opened, pacs.refused) == (2, 1, 1)


async def test_who_waits_when_it_is_found_to_be_down_is_sent_away_at_once():
    clock = Clock()
    governor = Governor(clock)
    callers = Callers(governor, Limits(connections=FAILURES))
    async with AsyncExitStack() as stack:
        judges = [
            await stack.enter_async_context(governor.turn(PACS, callers.limits, claims()))
            for _ in range(FAILURES)
        ]
        waiting = callers.start("waiting", claims())
        await settled()
        clock.seconds += LASTING_SECONDS

        for judge in judges:
            judge(Outcome(failed=True))

        with pytest.raises(Refused):
            await waiting
    assert callers.inside == []


async def test_while_one_probes_the_others_wait_for_what_it_finds():
    clock = Clock()
    governor = await opened(clock)
    callers = Callers(governor, Limits(connections=FAILURES))
    clock.seconds += 100.0

    async with governor.turn(PACS, callers.limits, claims()) as judge:
        others = [callers.start(name, claims()) for name in ("one", "other")]
        await settled()
        assert callers.inside == []
        judge(Outcome())
        await settled()
        assert callers.inside == ["one", "other"]
    for gate in callers.gates.values():
        gate.set()
    await asyncio.gather(*others)


async def test_servers_that_no_origin_is_configured_for_are_remembered_for_a_while_only():
    clock = Clock()
    governor = Governor(clock)
    for number in range(100):
        server = Server("", ("http", f"host{number}", 80))
        async with governor.turn(server, ONE, claims()) as judge:
            judge(Outcome(failed=True))
    assert len(governor) == 100

    clock.seconds += 1000.0
    async with governor.turn(PACS, ONE, claims()):
        pass

    assert len(governor) == 0


async def test_the_figures_name_configured_origins_and_nobody_else():
    governor = Governor()
    callers = Callers(governor)
    tasks = [callers.start(name, claims(Priority.THUMBNAIL)) for name in ("running", "waiting")]
    await settled()
    async with governor.turn(Server("", ("http", "secret.example", 80)), ONE, claims()):
        pacs, idle, others = governor.figures({"pacs": ONE, "idle": Limits(3)})

    assert (pacs.name, pacs.running, pacs.limit, pacs.breaker) == ("pacs", 1, 1, 0)
    assert pacs.waiting == {Priority(0): 0, Priority.THUMBNAIL: 1, Priority(2): 0, Priority(3): 0}
    assert (idle.name, idle.running, idle.limit) == ("idle", 0, 3)
    assert (others.name, others.running, others.limit) == ("_other", 1, None)
    for gate in callers.gates.values():
        gate.set()
    await asyncio.gather(*tasks)
