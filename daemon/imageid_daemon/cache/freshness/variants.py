"""Which of several answers under one key was given to a request like this one (Vary)."""

from __future__ import annotations

import re
from collections.abc import Mapping

from imageid_daemon.cache.freshness.fields import members

_BETWEEN_MEMBERS = re.compile(r"\s*,\s*")


def varies_by_everything(headers: Mapping[str, str]) -> bool:
    """Whether no later request can match (RFC 9111 section 4.1)."""
    return "*" in members(headers.get("vary", ""))


def nominated(headers: Mapping[str, str], request: Mapping[str, str]) -> dict[str, str | None]:
    """What the answer depends on: the request's fields that its Vary names.

    Args:
        request: the fields that were sent, with lower-case names.

    Returns:
        the normalized values, None for a field that was not sent
    """
    names = sorted({name.lower() for name in members(headers.get("vary", ""))})
    return {name: _normalized(request.get(name)) for name in names}


def matches(nominated_fields: Mapping[str, str | None], request: Mapping[str, str]) -> bool:
    """Whether a stored answer may serve a request that sends these fields."""
    return all(value == _normalized(request.get(name)) for name, value in nominated_fields.items())


def _normalized(value: str | None) -> str | None:
    return None if value is None else _BETWEEN_MEMBERS.sub(", ", value.strip())
