"""Whether the cache's disk is written to. Pure: the time is passed in.

    ok ── a write fails ──► read-through ── the wait is over ──► probing ── it works ──► ok
                                 ▲                                  │
                                 └───── it fails: wait twice as long ┘

Read-through means that what is stored is served, and what is fetched passes through memory.
"""

from __future__ import annotations

from enum import Enum

FIRST_WAIT_SECONDS = 0.5
LONGEST_WAIT_SECONDS = 30.0


class DiskState(Enum):
    OK = "ok"
    READ_THROUGH = "read_through"
    PROBING = "probing"


class DiskHealth:
    """What was learnt of the disk; each change says whether the state is another one now.

    Args:
        first_wait_seconds: from the first refusal to the first probe.
    """

    def __init__(self, first_wait_seconds: float = FIRST_WAIT_SECONDS) -> None:
        self.state = DiskState.OK
        self._first_wait_seconds = first_wait_seconds
        self._wait_seconds = first_wait_seconds
        self._refused_seconds = 0.0
        self._worked_seconds = float("-inf")

    @property
    def probe_due_seconds(self) -> float:
        """When the disk is to be tried again."""
        return self._refused_seconds + self._wait_seconds

    def refused(self, now_seconds: float) -> bool:
        """A write failed."""
        before, self.state = self.state, DiskState.READ_THROUGH
        if before is DiskState.READ_THROUGH:
            return False  # what was begun before the first refusal teaches nothing new
        self._refused_seconds = now_seconds
        # A disk that takes a probe and nothing more has not recovered.
        relapsed = now_seconds - self._worked_seconds < LONGEST_WAIT_SECONDS
        if before is DiskState.PROBING or relapsed:
            self._wait_seconds = min(2 * self._wait_seconds, LONGEST_WAIT_SECONDS)
        else:
            self._wait_seconds = self._first_wait_seconds
        return True

    def probe(self, now_seconds: float) -> bool:
        """Try now, if it is time."""
        if self.state is not DiskState.READ_THROUGH or now_seconds < self.probe_due_seconds:
            return False
        self.state = DiskState.PROBING
        return True

    def worked(self, now_seconds: float) -> bool:
        """The probe was written."""
        if self.state is not DiskState.PROBING:
            return False
        self.state = DiskState.OK
        self._worked_seconds = now_seconds
        return True
