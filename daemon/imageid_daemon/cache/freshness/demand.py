"""What a caller demands of stored copies: the request's Cache-Control (RFC 9111 section 5.2.1)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from imageid_daemon.callers import ANYONE, Caller


class Mode(Enum):
    """What the caller demands of the cache; proto/imageid/v1/types.proto says it at length."""

    DEFAULT = "default"
    NO_CACHE = "no-cache"
    ONLY_IF_CACHED = "only-if-cached"
    NO_STORE = "no-store"
    RELOAD = "reload"


@dataclass(frozen=True, slots=True)
class Demand:
    """One request's demands.

    Args:
        max_age_seconds: refuse a copy older than this.
        max_stale_seconds: accept a copy that went stale at most this long ago.
        min_fresh_seconds: refuse a copy that will not be fresh for this much longer.
        however_stale: take what is stored, whatever its origin said; to look at it only.
        caller: who demands it; counts where an origin or a worker must be waited for.
    """

    mode: Mode = Mode.DEFAULT
    max_age_seconds: float | None = None
    max_stale_seconds: float = 0.0
    min_fresh_seconds: float = 0.0
    however_stale: bool = False
    caller: Caller = ANYONE

    @property
    def again(self) -> Demand:
        """For a second look at what this demand has just brought into the cache."""
        if self.mode in (Mode.NO_STORE, Mode.ONLY_IF_CACHED):
            return self
        return Demand(however_stale=True, caller=self.caller)

    @property
    def takes_stale_unasked(self) -> bool:
        """Whether the cache may give a stale copy on its own account."""
        return (
            self.mode is Mode.DEFAULT
            and self.max_age_seconds is None
            and not self.min_fresh_seconds
        )
