"""When a stored answer may be used: RFC 9111 for a private cache, as pure functions.

`headers` have lower-case names. Times are Unix seconds, passed in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from enum import Enum

from imageid_daemon.callers import ANYONE, Caller

KEPT_HEADERS = frozenset(
    {"age", "cache-control", "date", "etag", "expires", "last-modified", "vary"}
)

_YEAR_SECONDS = 365 * 86400.0
# A file that was left alone for years may be replaced tomorrow all the same.
_LONGEST_HEURISTIC_SECONDS = 86400.0
# How long a copy outlives its freshness while its origin is down.
_BRIDGED_SECONDS = 86400.0
# RFC 9111 section 1.2.2: what is longer counts as this.
_LONGEST_SECONDS = float(2**31)


class Mode(Enum):
    """What the caller demands of the cache; proto/imageid/v1/types.proto says it at length."""

    DEFAULT = "default"
    NO_CACHE = "no-cache"
    ONLY_IF_CACHED = "only-if-cached"
    NO_STORE = "no-store"
    RELOAD = "reload"


@dataclass(frozen=True, slots=True)
class Demand:
    """The request's Cache-Control (RFC 9111 section 5.2.1).

    Args:
        however_stale: take what is stored, whatever its origin said; to look at it only.
        caller: who demands it; counts where an origin must be asked.
    """

    mode: Mode = Mode.DEFAULT
    max_age_seconds: float | None = None
    max_stale_seconds: float = 0.0
    however_stale: bool = False
    caller: Caller = ANYONE

    @property
    def again(self) -> Demand:
        """For a second look at what this demand has just brought into the cache."""
        if self.mode in (Mode.NO_STORE, Mode.ONLY_IF_CACHED):
            return self
        return Demand(however_stale=True, caller=self.caller)


class Verdict(Enum):
    """What to do with a stored answer."""

    FRESH = "fresh"
    STALE = "stale"  # past its freshness, and the caller accepts that
    VALIDATE = "validate"
    FETCH = "fetch"  # as if nothing were stored


def kept(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that an entry remembers."""
    return {name: value for name, value in headers.items() if name in KEPT_HEADERS}


def storable(headers: Mapping[str, str]) -> bool:
    """Whether the answer may be kept at all (RFC 9111 section 3)."""
    return "no-store" not in _directives(headers) and headers.get("vary", "").strip() != "*"


def age_seconds(headers: Mapping[str, str], response_seconds: float, now_seconds: float) -> float:
    """How old the answer is (RFC 9111 section 4.2.3)."""
    apparent = 0.0
    if (date := _http_date(headers.get("date"))) is not None:
        apparent = max(0.0, response_seconds - date)
    initial = max(apparent, _delta_seconds(headers.get("age")) or 0.0)
    return max(0.0, initial + now_seconds - response_seconds)


def lifetime_seconds(
    headers: Mapping[str, str], response_seconds: float, fresh_for_seconds: float
) -> float:
    """How long the answer is fresh, counted from its Date (RFC 9111 section 4.2.1)."""
    directives = _directives(headers)
    if "no-cache" in directives:
        return 0.0
    if "max-age" in directives:
        # Freshness that cannot be read is none (RFC 9111 section 4.2.1).
        return _delta_seconds(directives["max-age"]) or 0.0
    if "expires" in headers:
        expires = _http_date(headers["expires"])
        # An Expires that is no date means: already expired (RFC 9111 section 5.3).
        return 0.0 if expires is None else max(0.0, expires - _date(headers, response_seconds))
    if "immutable" in directives:
        return _YEAR_SECONDS
    if fresh_for_seconds:
        return min(fresh_for_seconds, _LONGEST_SECONDS)
    if (modified := _http_date(headers.get("last-modified"))) is not None:
        tenth_seconds = (_date(headers, response_seconds) - modified) / 10
        return max(0.0, min(tenth_seconds, _LONGEST_HEURISTIC_SECONDS))
    return 0.0


def judge(
    headers: Mapping[str, str],
    response_seconds: float,
    fresh_for_seconds: float,
    demand: Demand,
    now_seconds: float,
) -> Verdict:
    """What a stored answer is good for now."""
    if demand.mode in (Mode.RELOAD, Mode.NO_STORE):
        return Verdict.FETCH
    if demand.mode is Mode.NO_CACHE:
        return Verdict.VALIDATE
    age = age_seconds(headers, response_seconds, now_seconds)
    if demand.max_age_seconds is not None and age > demand.max_age_seconds:
        return Verdict.VALIDATE
    staleness = age - lifetime_seconds(headers, response_seconds, fresh_for_seconds)
    if staleness < 0:
        return Verdict.FRESH
    tolerated = staleness < demand.max_stale_seconds and not _forbids_stale(headers)
    return Verdict.STALE if tolerated or demand.however_stale else Verdict.VALIDATE


def bridges_failure(
    headers: Mapping[str, str],
    response_seconds: float,
    fresh_for_seconds: float,
    demand: Demand,
    now_seconds: float,
) -> bool:
    """Whether a stale answer may be used while its origin is down (RFC 5861 section 4).

    For a day by default: a viewer goes on with the images that it has.
    """
    if demand.mode is not Mode.DEFAULT or demand.max_age_seconds is not None:
        return False
    age = age_seconds(headers, response_seconds, now_seconds)
    staleness = age - lifetime_seconds(headers, response_seconds, fresh_for_seconds)
    return staleness < _BRIDGED_SECONDS and not _forbids_stale(headers)


def renewed(stored: Mapping[str, str], confirmed: Mapping[str, str]) -> dict[str, str]:
    """The stored headers after a 304 (RFC 9111 section 3.2)."""
    # A 304 without Age comes from the origin itself, and one without Date is dated by its
    # arrival (RFC 9110 section 6.6.1): what is stored of either no longer holds.
    lasting = {name: value for name, value in stored.items() if name not in ("age", "date")}
    return {**lasting, **kept(confirmed)}


def _forbids_stale(headers: Mapping[str, str]) -> bool:
    """RFC 9111 section 4.2.4."""
    directives = _directives(headers)
    return "must-revalidate" in directives or "no-cache" in directives


def _directives(headers: Mapping[str, str]) -> dict[str, str]:
    directives: dict[str, str] = {}
    for part in headers.get("cache-control", "").split(","):
        name, _, value = part.strip().partition("=")
        if name:
            directives.setdefault(name.lower(), value.strip().strip('"'))
    return directives


def _delta_seconds(text: str | None) -> float | None:
    if text is None or not text.isascii() or not text.isdigit():
        return None
    # Not int() first: Python refuses numbers of thousands of digits.
    digits = text.lstrip("0") or "0"
    return _LONGEST_SECONDS if len(digits) > 10 else min(float(digits), _LONGEST_SECONDS)


def _http_date(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        moment = parsedate_to_datetime(text)
        # asctime's form names no zone and means GMT (RFC 9110 section 5.6.7).
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, IndexError, OverflowError, TypeError):
        return None


def _date(headers: Mapping[str, str], response_seconds: float) -> float:
    date = _http_date(headers.get("date"))
    return response_seconds if date is None else date
