"""Turns at servers: waited for, held until a body is closed, refused where a server is down.

`gate` decides; this waits, wakes and counts.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Hashable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from imageid_daemon.callers import Claims, Priority
from imageid_daemon.origins.breaker import State
from imageid_daemon.origins.gate import Gate, Limits, Outcome, Turn
from imageid_daemon.turn_order import Place

# All servers that no origin is configured for: their names are nobody's business. No
# origin can be called so.
OTHER = "_other"

# A server that nobody has asked for so long is met without prejudice.
_REMEMBERED_SECONDS = 120.0


class Refused(Exception):
    """The server has failed too often to be asked now."""

    def __init__(self, retry_after_seconds: float) -> None:
        super().__init__("the circuit breaker is open")
        self.retry_after_seconds = retry_after_seconds


@dataclass(frozen=True, slots=True)
class Server:
    """Who is asked.

    Args:
        name: of the configured origin, "" where there is none.
        address: scheme, host and port; tells apart servers without a name.
    """

    name: str
    address: Hashable

    @property
    def key(self) -> Hashable:
        return self.name or self.address


@dataclass(frozen=True, slots=True)
class OriginFigures:
    """How things stand at one configured origin, or at all others together.

    Args:
        limit: requests at a time; None for the others, as is `breaker`.
    """

    name: str
    waiting: dict[Priority, int]
    running: int
    limit: int | None
    breaker: State | None
    opened: int
    refused: int


@dataclass(slots=True)
class _Waiting:
    """A gate with those who wait at it."""

    gate: Gate
    server: Server
    used_seconds: float
    turns: dict[Place, asyncio.Future[Turn]] = field(default_factory=dict)
    timer: asyncio.TimerHandle | None = None


class Governor:
    """Hands out turns. Made once, so that a new configuration forgets no server's state.

    Args:
        now: gives seconds that only grow.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._servers: dict[Hashable, _Waiting] = {}
        self._opened: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()

    def __len__(self) -> int:
        """Count the servers that something is remembered of."""
        return len(self._servers)

    @asynccontextmanager
    async def turn(
        self, server: Server, limits: Limits, claims: Claims
    ) -> AsyncIterator[Callable[[Outcome], None]]:
        """Wait for a turn, as urgently as the most urgent of `claims` at every moment.

        Yields:
            what is to be told how the server answered

        Raises:
            Refused: the server is left alone for a while.
        """
        waiting = self._waiting(server, limits)
        turn = await self._wait(waiting, claims)
        try:
            yield lambda outcome: self._judge(waiting, turn, outcome)
        finally:
            self._end(waiting, turn)

    def figures(self, configured: dict[str, Limits]) -> Iterator[OriginFigures]:
        """How things stand at each of these origins, and at all the others together."""
        now = self._now()
        for name, limits in configured.items():
            found = self._servers.get(name)
            gate = found.gate if found else Gate(limits, now)
            yield self._figures(name, [gate], gate.limit.current, gate.breaker.state(now))
        others = [each.gate for each in self._servers.values() if not each.server.name]
        yield self._figures(OTHER, others, None, None)

    def _figures(
        self, name: str, gates: list[Gate], limit: int | None, breaker: State | None
    ) -> OriginFigures:
        lengths = [gate.line.lengths() for gate in gates]
        return OriginFigures(
            name=name,
            waiting={priority: sum(each[priority] for each in lengths) for priority in Priority},
            running=sum(gate.running for gate in gates),
            limit=limit,
            breaker=breaker,
            opened=self._opened[name],
            refused=self._refused[name],
        )

    def _waiting(self, server: Server, limits: Limits) -> _Waiting:
        now = self._now()
        waiting = self._servers.get(server.key)
        if waiting is None:
            self._forget_old(now)
            waiting = self._servers[server.key] = _Waiting(Gate(limits, now), server, now)
        waiting.gate.follow(limits, now)
        waiting.used_seconds = now
        return waiting

    async def _wait(self, waiting: _Waiting, claims: Claims) -> Turn:
        line = waiting.gate.line
        place = line.join(claims.foremost, self._now())
        future: asyncio.Future[Turn] = asyncio.get_running_loop().create_future()
        waiting.turns[place] = future
        with claims.watched(lambda: line.move(place, claims.foremost)):
            self._admit(waiting)
            try:
                return await future
            except asyncio.CancelledError:
                self._withdraw(waiting, place, future)
                raise

    def _withdraw(self, waiting: _Waiting, place: Place, future: asyncio.Future[Turn]) -> None:
        """Its caller left, perhaps at the very moment at which its turn came."""
        waiting.gate.line.leave(place)
        waiting.turns.pop(place, None)
        if future.done() and not future.cancelled() and future.exception() is None:
            self._end(waiting, future.result())
        else:
            self._forget_if_idle(waiting)

    def _judge(self, waiting: _Waiting, turn: Turn, outcome: Outcome) -> None:
        breaker = waiting.gate.breaker
        opened = breaker.opened
        waiting.gate.judge(turn, outcome, self._now())
        self._opened[waiting.server.name or OTHER] += breaker.opened - opened
        self._admit(waiting)

    def _end(self, waiting: _Waiting, turn: Turn) -> None:
        waiting.gate.leave(turn)
        waiting.used_seconds = self._now()
        self._admit(waiting)
        self._forget_if_idle(waiting)

    def _admit(self, waiting: _Waiting) -> None:
        """Carry out what the gate decides now."""
        gate, now = waiting.gate, self._now()
        for place in gate.refused(now):
            self._refused[waiting.server.name or OTHER] += 1
            future = waiting.turns.pop(place)
            if not future.cancelled():
                future.set_exception(Refused(gate.breaker.remaining_seconds(now)))
        while admitted := gate.admit(now):
            place, turn = admitted
            future = waiting.turns.pop(place)
            if future.cancelled():  # and its caller has not come to know it yet
                gate.leave(turn)
            else:
                future.set_result(turn)
        self._wake_later(waiting, gate.wake_seconds(now))

    def _wake_later(self, waiting: _Waiting, seconds: float | None) -> None:
        if waiting.timer is not None:
            waiting.timer.cancel()
            waiting.timer = None
        if seconds is not None:
            loop = asyncio.get_running_loop()
            waiting.timer = loop.call_later(seconds, self._admit, waiting)

    def _forget_if_idle(self, waiting: _Waiting) -> None:
        # With "any" in the allow-list there is no end to servers.
        is_known = self._servers.get(waiting.server.key) is waiting
        if is_known and waiting.gate.is_forgettable(self._now()):
            del self._servers[waiting.server.key]

    def _forget_old(self, now_seconds: float) -> None:
        for key, each in list(self._servers.items()):
            is_idle = not each.gate.running and not each.gate.line and not each.server.name
            if is_idle and now_seconds - each.used_seconds > _REMEMBERED_SECONDS:
                del self._servers[key]
