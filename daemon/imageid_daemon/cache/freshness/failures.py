"""For how long a refusal is remembered, so that nobody asks for it again at once."""

from __future__ import annotations

from collections.abc import Mapping

from imageid_daemon.cache.freshness.fields import directives
from imageid_daemon.cache.freshness.lifetime import explicit_lifetime_seconds
from imageid_daemon.cache.freshness.storing import storable

# Those that a cache may keep although their origin says nothing (RFC 9110 section 15.1).
_LASTING = frozenset({404, 405, 410, 414, 501})
# What they depend on, credentials and load, changes without a sign in the request.
_NEVER = frozenset({401, 403, 407, 408, 425, 429, 451})
_UNDERSTOOD = frozenset(range(400, 418)) | {202, 204, 205, 421, 422} | frozenset(range(500, 506))

_LASTING_SECONDS = 60.0
# An image may appear, an origin may recover; nobody should have to know about this cache.
_LONGEST_MISSING_SECONDS = 3600.0
_LONGEST_FAILED_SECONDS = 60.0
# An origin that says "not before" is left alone, though not for as long as it likes.
_LONGEST_PAUSE_SECONDS = 10.0
_NO_NAME_SECONDS = 5.0


def failure_lifetime_seconds(
    status: int | None,
    headers: Mapping[str, str],
    response_seconds: float,
    retry_after_seconds: float | None,
    *,
    has_no_name: bool = False,
) -> float:
    """How long a failure is remembered; 0 for not at all.

    Args:
        status: of HTTP; None where there was no answer.
        retry_after_seconds: as the origin asked for.
        has_no_name: the origin's name could not be resolved.
    """
    if status is None:
        return _NO_NAME_SECONDS if has_no_name else 0.0
    if status in _NEVER or not storable(headers):
        return 0.0
    if "must-understand" in directives(headers) and status not in _UNDERSTOOD:
        return 0.0
    explicit = explicit_lifetime_seconds(headers, response_seconds)
    longest = _LONGEST_FAILED_SECONDS if status >= 500 else _LONGEST_MISSING_SECONDS
    if explicit is not None:
        return min(explicit, longest)
    if status in _LASTING:
        return _LASTING_SECONDS
    return min(retry_after_seconds or 0.0, _LONGEST_PAUSE_SECONDS) if status >= 500 else 0.0
