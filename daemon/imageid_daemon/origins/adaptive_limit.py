"""How many requests a server gets at a time: less when it slows, carefully more again. Pure.

Additive increase, multiplicative decrease, as TCP does it (RFC 5681): it finds what the
server bears without being told, and several daemons that share one come to share it evenly.
"""

from __future__ import annotations


class AdaptiveLimit:
    """Between 1 and `most`; starts there."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.current = most
        self._successes = 0
        self._cut_seconds = float("-inf")

    def set_most(self, most: int) -> None:
        """The setting has changed; who was not held back before is not now."""
        self.current = most if self.current == self.most else min(self.current, most)
        self.most = most

    def succeed(self) -> None:
        """One more for every full window of answers."""
        if self.current == self.most:
            return
        self._successes += 1
        if self._successes >= self.current:
            self.current += 1
            self._successes = 0

    def slow(self, started_seconds: float, now_seconds: float) -> None:
        """Halve, once for all the requests that were under way together."""
        if started_seconds < self._cut_seconds:
            return
        self.current = max(1, self.current // 2)
        self._successes = 0
        self._cut_seconds = now_seconds
