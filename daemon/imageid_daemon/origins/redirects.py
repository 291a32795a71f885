"""Where a redirect leads, and whether one may follow it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from imageid_daemon.origins.target import Target, joined
from imageid_loaders.errors import InvalidImageId, NotAllowed, Unavailable

MOST_REDIRECTS = 5
_STATUSES = frozenset({301, 302, 303, 307, 308})

# A loader's own fields that one server must not learn from another (RFC 9110 section 15.4).
_FOR_ONE_SERVER = frozenset({"authorization", "cookie", "proxy-authorization"})


def next_target(asked: Target, status: int, headers: Mapping[str, str]) -> Target | None:
    """Give what a response redirects to, None for a final response.

    Raises:
        NotAllowed: it leads from https to http, or to something that is neither.
    """
    location = headers.get("location")
    if status not in _STATUSES or not location:
        return None
    try:
        found = joined(asked, location)
    except InvalidImageId:
        raise NotAllowed(
            f"{asked.label} redirects to something that is no plain http(s) URL;"
            " ask its administrator, or use the final URL"
        ) from None
    if asked.scheme == "https" and found.scheme == "http":
        raise NotAllowed(
            f"{asked.label} redirects from https to http, where others could read along;"
            " ask its administrator"
        )
    return found


def forwarded(asked: Target, found: Target, headers: Mapping[str, str]) -> dict[str, str]:
    """Give the request fields that go along to the next server."""
    if asked.server == found.server:
        return dict(headers)
    return {k: v for k, v in headers.items() if k.lower() not in _FOR_ONE_SERVER}


def too_many(asked: Target) -> Unavailable:
    """Make the error for a chain without an end."""
    return Unavailable(
        f"{asked.label} redirected more than {MOST_REDIRECTS} times; use the final URL"
    )
