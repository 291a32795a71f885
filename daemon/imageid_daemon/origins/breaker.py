"""Whether a server that keeps failing is asked at all. Pure: the time is passed in.

Closed: everything passes. Open: nothing does, for a while. Half open: one request, the
probe, finds out for all; those that come meanwhile wait for what it finds.
"""

from __future__ import annotations

from enum import IntEnum

# Failures in a row that open it, unless they all fall within so short a time that trying
# again bridges it: a server that is started anew refuses eight callers at once.
FAILURES = 5
LASTING_SECONDS = 2.0
FIRST_COOLDOWN_SECONDS = 5.0
LONGEST_COOLDOWN_SECONDS = 60.0


class State(IntEnum):
    """The numbers are those of the metric."""

    CLOSED = 0
    HALF_OPEN = 1
    OPEN = 2


class Breaker:
    """One server's; starts closed."""

    def __init__(self) -> None:
        self.opened = 0
        self._failures = 0
        self._failing_since_seconds = 0.0
        self._open_until_seconds: float | None = None
        self._cooldown_seconds = FIRST_COOLDOWN_SECONDS
        self._is_probed = False

    def state(self, now_seconds: float) -> State:
        if self._open_until_seconds is None:
            return State.CLOSED
        return State.OPEN if now_seconds < self._open_until_seconds else State.HALF_OPEN

    @property
    def is_untouched(self) -> bool:
        """Whether there is nothing to remember."""
        return self._failures == 0 and self._open_until_seconds is None

    def remaining_seconds(self, now_seconds: float) -> float:
        """How long it stays open; 0 where it is not."""
        return max(0.0, (self._open_until_seconds or now_seconds) - now_seconds)

    def passes(self, now_seconds: float) -> bool:
        """Whether one more request may go now."""
        state = self.state(now_seconds)
        return state is State.CLOSED or (state is State.HALF_OPEN and not self._is_probed)

    def begin(self, now_seconds: float) -> bool:
        """A request goes; says whether it is the probe."""
        is_probe = self.state(now_seconds) is State.HALF_OPEN
        self._is_probed = self._is_probed or is_probe
        return is_probe

    def succeed(self, *, is_probe: bool) -> None:
        """The server answered. One that was asked before it failed says nothing of now."""
        if self._open_until_seconds is not None and not is_probe:
            return
        self._failures = 0
        self._open_until_seconds = None
        self._cooldown_seconds = FIRST_COOLDOWN_SECONDS
        self._is_probed = False

    def fail(self, started_seconds: float, now_seconds: float, *, is_probe: bool) -> None:
        """The server failed a request that was sent at `started_seconds`."""
        if is_probe:
            self._cooldown_seconds = min(2 * self._cooldown_seconds, LONGEST_COOLDOWN_SECONDS)
            self._open(now_seconds)
        elif self._open_until_seconds is None:
            if self._failures == 0:
                self._failing_since_seconds = started_seconds
            self._failures += 1
            lasting = now_seconds - self._failing_since_seconds >= LASTING_SECONDS
            if self._failures >= FAILURES and lasting:
                self._open(now_seconds)

    def forget(self, *, is_probe: bool) -> None:
        """A request ended without a word on the server: its caller left, for instance."""
        if is_probe:
            self._is_probed = False

    def _open(self, now_seconds: float) -> None:
        self.opened += 1
        self._open_until_seconds = now_seconds + self._cooldown_seconds
        self._is_probed = False
