"""How many requests a second a server gets. Pure: the time is passed in."""

from __future__ import annotations

_ROUNDING = 1e-9


class TokenBucket:
    """Holds up to a second's worth, so that a short burst needs not wait.

    Args:
        rate: tokens a second.
    """

    def __init__(self, rate: float, now_seconds: float) -> None:
        self.rate = rate
        self._most = max(1.0, rate)
        self._tokens = self._most
        self._filled_seconds = now_seconds

    def is_full(self, now_seconds: float) -> bool:
        return self._level(now_seconds) >= self._most

    def wait_seconds(self, now_seconds: float) -> float:
        """How long until the next token; 0 when there is one."""
        missing = 1.0 - self._level(now_seconds)
        return missing / self.rate if missing > _ROUNDING else 0.0

    def take(self, now_seconds: float) -> None:
        """Take one; there must be one."""
        self._tokens = self._level(now_seconds) - 1.0
        self._filled_seconds = now_seconds

    def _level(self, now_seconds: float) -> float:
        return min(self._most, self._tokens + (now_seconds - self._filled_seconds) * self.rate)
