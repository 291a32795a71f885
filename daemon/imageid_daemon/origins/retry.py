"""Whether, and after how long, a GET is worth another try. Pure: the time is passed in."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

RETRIED_STATUSES = frozenset({408, 429, 502, 503, 504})

# Who is told to wait longer than this had better hear it from the error: a caller waits.
LONGEST_RETRY_AFTER_SECONDS = 10.0
_FIRST_SECONDS = 0.2
_LONGEST_SECONDS = 5.0


def backoff_seconds(tries: int, jitter: float) -> float:
    """Say how long to wait when the origin did not.

    Args:
        tries: made so far, at least 1.
        jitter: from 0 to 1. Full jitter: callers that failed together must not come
            back together.
    """
    return min(_LONGEST_SECONDS, _FIRST_SECONDS * 2.0 ** (tries - 1)) * jitter


def wait_seconds(
    status: int, retry_after: str | None, backoff: float, now: datetime
) -> float | None:
    """Say how long to wait before this response is asked for again.

    Args:
        retry_after: the field as sent.
        backoff: of `backoff_seconds`; never waited less.

    Returns:
        None where it is final: by its status, or because the origin asks for more
        patience than is allowed here.
    """
    if status not in RETRIED_STATUSES:
        return None
    asked_for = retry_after_seconds(retry_after, now) or 0.0
    return None if asked_for > LONGEST_RETRY_AFTER_SECONDS else max(asked_for, backoff)


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Read Retry-After, seconds or an HTTP-date (RFC 9110 section 10.2.3).

    Returns:
        None where the field is absent or says neither; 0 for a date that has passed.
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    # HTTP-dates are in UTC whether or not they say so.
    date = date if date.tzinfo else date.replace(tzinfo=UTC)
    return max(0.0, (date - now).total_seconds())
