"""How old an answer is, and how long it is fresh (RFC 9111 section 4.2)."""

from __future__ import annotations

from collections.abc import Mapping

from imageid_daemon.cache.freshness.fields import (
    LONGEST_SECONDS,
    delta_seconds,
    directives,
    http_date,
)

YEAR_SECONDS = 365 * 86400.0
# A file that was left alone for years may be replaced tomorrow all the same.
_LONGEST_HEURISTIC_SECONDS = 86400.0


def age_seconds(headers: Mapping[str, str], response_seconds: float, now_seconds: float) -> float:
    """How old the answer is (RFC 9111 section 4.2.3)."""
    apparent = 0.0
    if (date := http_date(headers.get("date"))) is not None:
        apparent = max(0.0, response_seconds - date)
    initial = max(apparent, _age_on_arrival(headers))
    # A clock that was set back makes nothing younger than it came.
    return initial + max(0.0, now_seconds - response_seconds)


def lifetime_seconds(
    headers: Mapping[str, str], response_seconds: float, fresh_for_seconds: float
) -> float:
    """How long the answer is fresh, counted from its Date (RFC 9111 section 4.2.1)."""
    explicit = explicit_lifetime_seconds(headers, response_seconds)
    if explicit is not None:
        return explicit
    # Where nothing is said to us, what is said to shared caches is the best guess.
    if (shared := _for_shared_caches(headers)) is not None:
        return shared
    if fresh_for_seconds:
        return min(fresh_for_seconds, LONGEST_SECONDS)
    if (modified := http_date(headers.get("last-modified"))) is not None:
        tenth_seconds = (_date(headers, response_seconds) - modified) / 10
        return max(0.0, min(tenth_seconds, _LONGEST_HEURISTIC_SECONDS))
    return 0.0


def fresh_until_seconds(
    headers: Mapping[str, str], response_seconds: float, fresh_for_seconds: float
) -> float:
    """Unix time before which the answer is fresh, whatever the time is by then."""
    left = lifetime_seconds(headers, response_seconds, fresh_for_seconds) - age_seconds(
        headers, response_seconds, response_seconds
    )
    # What came stale is not fresh either where the clock was set back before it came.
    return response_seconds + left if left > 0 else float("-inf")


def explicit_lifetime_seconds(headers: Mapping[str, str], response_seconds: float) -> float | None:
    """What the origin itself says of it; None where it says nothing."""
    said = _for_private_caches(headers, response_seconds)
    shared = _for_shared_caches(headers)
    if said is None or shared is None:
        return said
    # This cache is private to one identity and shared by programs: the stricter word holds.
    return min(said, shared)


def _for_private_caches(headers: Mapping[str, str], response_seconds: float) -> float | None:
    found = directives(headers)
    if "no-cache" in found:
        return 0.0
    if "max-age" in found:
        # Freshness that cannot be read is none (RFC 9111 section 4.2.1).
        return delta_seconds(found["max-age"]) or 0.0
    if "expires" in headers:
        expires = http_date(headers["expires"])
        # An Expires that is no date means: already expired (RFC 9111 section 5.3).
        return 0.0 if expires is None else max(0.0, expires - _date(headers, response_seconds))
    return YEAR_SECONDS if "immutable" in found else None


def _for_shared_caches(headers: Mapping[str, str]) -> float | None:
    found = directives(headers)
    return (delta_seconds(found["s-maxage"]) or 0.0) if "s-maxage" in found else None


def _age_on_arrival(headers: Mapping[str, str]) -> float:
    if "age" not in headers:
        return 0.0
    # RFC 9111 section 5.1 lets one ignore an Age that cannot be read. Somebody kept the
    # answer for a while then, and nobody knows how long: it counts as old.
    age = delta_seconds(headers["age"].strip())
    return LONGEST_SECONDS if age is None else age


def _date(headers: Mapping[str, str], response_seconds: float) -> float:
    date = http_date(headers.get("date"))
    return response_seconds if date is None else date
