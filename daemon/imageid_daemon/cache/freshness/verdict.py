"""What a stored answer is good for now."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from imageid_daemon.cache.freshness.demand import Demand, Mode
from imageid_daemon.cache.freshness.fields import delta_seconds, directives
from imageid_daemon.cache.freshness.lifetime import age_seconds, lifetime_seconds

# How long a copy outlives its freshness while its origin is down, where that says nothing.
_BRIDGED_SECONDS = 86400.0


class Verdict(Enum):
    """What to do with a stored answer."""

    FRESH = "fresh"
    STALE = "stale"  # past its freshness, and the caller accepts that
    REFRESH = "refresh"  # as STALE, and the origin is asked meanwhile (RFC 5861 section 3)
    VALIDATE = "validate"
    FETCH = "fetch"  # as if nothing were stored


def judge(
    headers: Mapping[str, str],
    response_seconds: float,
    fresh_for_seconds: float,
    demand: Demand,
    now_seconds: float,
) -> Verdict:
    """What a stored answer is good for now (RFC 9111 section 4)."""
    if demand.mode in (Mode.RELOAD, Mode.NO_STORE):
        return Verdict.FETCH
    if demand.mode is Mode.NO_CACHE:
        return Verdict.VALIDATE
    age = age_seconds(headers, response_seconds, now_seconds)
    if demand.max_age_seconds is not None and age > demand.max_age_seconds:
        return Verdict.VALIDATE
    staleness = age - lifetime_seconds(headers, response_seconds, fresh_for_seconds)
    if staleness < 0 and staleness <= -demand.min_fresh_seconds:
        return Verdict.FRESH
    return _of_stale(headers, staleness, demand)


def _of_stale(headers: Mapping[str, str], staleness: float, demand: Demand) -> Verdict:
    if demand.however_stale:
        return Verdict.STALE
    if demand.min_fresh_seconds or _forbids_stale(headers):
        return Verdict.VALIDATE
    if staleness < demand.max_stale_seconds:
        return Verdict.STALE
    grace = _seconds_of(headers, "stale-while-revalidate") or 0.0
    if demand.takes_stale_unasked and staleness < grace:
        return Verdict.REFRESH
    return Verdict.VALIDATE


def bridges_failure(
    headers: Mapping[str, str],
    response_seconds: float,
    fresh_for_seconds: float,
    demand: Demand,
    now_seconds: float,
) -> bool:
    """Whether a stale answer may be used while its origin is down (RFC 5861 section 4).

    For as long as the origin says, and for a day where it says nothing: a viewer goes on
    with the images that it has.
    """
    if not demand.takes_stale_unasked or _forbids_stale(headers):
        return False
    age = age_seconds(headers, response_seconds, now_seconds)
    staleness = age - lifetime_seconds(headers, response_seconds, fresh_for_seconds)
    bridged = _seconds_of(headers, "stale-if-error")
    return staleness < (_BRIDGED_SECONDS if bridged is None else bridged)


def _forbids_stale(headers: Mapping[str, str]) -> bool:
    """RFC 9111 section 4.2.4."""
    return not {"must-revalidate", "no-cache"}.isdisjoint(directives(headers))


def _seconds_of(headers: Mapping[str, str], directive: str) -> float | None:
    found = directives(headers)
    # Given, but not to be read: the least that it can mean.
    return (delta_seconds(found[directive]) or 0.0) if directive in found else None
