"""One server's gate: who may ask it now, and what its answers teach. Pure: no I/O, no clock."""

from __future__ import annotations

from dataclasses import dataclass

from imageid_daemon.origins.adaptive_limit import AdaptiveLimit
from imageid_daemon.origins.breaker import Breaker, State
from imageid_daemon.origins.token_bucket import TokenBucket
from imageid_daemon.turn_order import Line, Place


@dataclass(frozen=True, slots=True)
class Limits:
    """What the configuration allows.

    Args:
        connections: requests at a time.
        rate: requests a second; None is any number.
    """

    connections: int
    rate: float | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one answer, or its absence, says of the server.

    Args:
        failed: it does not work.
        slow: it is asked for too much.
        pause_seconds: for how long it wants to be asked for nothing at all.
    """

    failed: bool = False
    slow: bool = False
    pause_seconds: float = 0.0


@dataclass(slots=True)
class Turn:
    """One request on its way."""

    started_seconds: float
    is_probe: bool
    is_judged: bool = False


class Gate:
    """Holds the line, and what is known of the server.

    Whoever calls it passes the time, and carries out what it says.
    """

    def __init__(self, limits: Limits, now_seconds: float) -> None:
        self.line = Line()
        self.limit = AdaptiveLimit(limits.connections)
        self.breaker = Breaker()
        self.running = 0
        self._bucket = _bucket(limits.rate, now_seconds)
        self._paused_until_seconds = now_seconds

    def follow(self, limits: Limits, now_seconds: float) -> None:
        """The configuration may have changed."""
        self.limit.set_most(limits.connections)
        if limits.rate != (self._bucket.rate if self._bucket else None):
            self._bucket = _bucket(limits.rate, now_seconds)

    def is_forgettable(self, now_seconds: float) -> bool:
        """Whether a new gate would be the same."""
        return (
            not self.running
            and not self.line
            and self.breaker.is_untouched
            and self.limit.current == self.limit.most
            and self._paused_until_seconds <= now_seconds
            and (self._bucket is None or self._bucket.is_full(now_seconds))
        )

    def admit(self, now_seconds: float) -> tuple[Place, Turn] | None:
        """Let the next request go, if one may."""
        if not self._has_room(now_seconds) or self._wait_seconds(now_seconds):
            return None
        place = self.line.take(now_seconds)
        if place is None:
            return None
        if self._bucket is not None:
            self._bucket.take(now_seconds)
        self.running += 1
        return place, Turn(now_seconds, self.breaker.begin(now_seconds))

    def refused(self, now_seconds: float) -> list[Place]:
        """Send away those who would wait in vain."""
        is_open = self.breaker.state(now_seconds) is State.OPEN
        return self.line.clear() if is_open else []

    def wake_seconds(self, now_seconds: float) -> float | None:
        """When to ask again without another event; None where only an event helps."""
        if not self.line or not self._has_room(now_seconds):
            return None
        return self._wait_seconds(now_seconds) or None

    def judge(self, turn: Turn, outcome: Outcome, now_seconds: float) -> None:
        """The server answered, or did not."""
        turn.is_judged = True
        if outcome.pause_seconds:
            until_seconds = now_seconds + outcome.pause_seconds
            self._paused_until_seconds = max(self._paused_until_seconds, until_seconds)
        if outcome.slow:
            self.limit.slow(turn.started_seconds, now_seconds)
        if outcome.failed:
            self.breaker.fail(turn.started_seconds, now_seconds, is_probe=turn.is_probe)
        else:
            self.breaker.succeed(is_probe=turn.is_probe)
        if outcome == Outcome():
            self.limit.succeed()

    def leave(self, turn: Turn) -> None:
        """The request is over, its body too."""
        self.running -= 1
        if not turn.is_judged:
            self.breaker.forget(is_probe=turn.is_probe)

    def _has_room(self, now_seconds: float) -> bool:
        return self.running < self.limit.current and self.breaker.passes(now_seconds)

    def _wait_seconds(self, now_seconds: float) -> float:
        pause_seconds = max(0.0, self._paused_until_seconds - now_seconds)
        bucket_seconds = self._bucket.wait_seconds(now_seconds) if self._bucket else 0.0
        return max(pause_seconds, bucket_seconds)


def _bucket(rate: float | None, now_seconds: float) -> TokenBucket | None:
    return None if rate is None else TokenBucket(rate, now_seconds)
