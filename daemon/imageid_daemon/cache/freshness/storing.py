"""What is kept of an answer, and what a confirmation changes in it (RFC 9111 section 3)."""

from __future__ import annotations

from collections.abc import Mapping

from imageid_daemon.cache.freshness.fields import directives, members
from imageid_daemon.cache.freshness.lifetime import YEAR_SECONDS
from imageid_daemon.cache.freshness.variants import varies_by_everything

# Of one connection, not of the answer (RFC 9110 section 7.6.1, RFC 9111 section 3.1).
_OF_THE_CONNECTION = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authentication-info",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
# They describe the bytes that are stored, and those stay (RFC 9111 section 3.2).
_OF_THE_BYTES = frozenset(
    {"content-encoding", "content-length", "content-md5", "content-range", "etag"}
)
_VALIDATORS = frozenset({"etag", "last-modified", "vary"})


def kept(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers that an entry remembers: of those that the loader gave, the answer's own."""
    named = {name.lower() for name in members(headers.get("connection", ""))}
    dropped = _OF_THE_CONNECTION | named
    return {name: value for name, value in headers.items() if name not in dropped}


def storable(headers: Mapping[str, str]) -> bool:
    """Whether the answer may be kept at all (RFC 9111 section 3)."""
    return "no-store" not in directives(headers) and not varies_by_everything(headers)


def is_public(headers: Mapping[str, str]) -> bool:
    """Whether the origin lets the answer serve others than who asked (RFC 9111 section 5.2.2.9)."""
    return "public" in directives(headers)


def confirms(stored: Mapping[str, str], confirmed: Mapping[str, str]) -> bool:
    """Whether a 304 is about the stored answer (RFC 9111 section 4.3.4).

    One that names another validator than was asked about is about something else, and
    must not prolong what is stored.
    """
    if "etag" not in stored or "etag" not in confirmed:
        return True
    return _opaque(stored["etag"]) == _opaque(confirmed["etag"])


def renewed(stored: Mapping[str, str], confirmed: Mapping[str, str]) -> dict[str, str]:
    """The stored headers after a 304 (RFC 9111 section 3.2)."""
    # A 304 without Age comes from the origin itself, and one without Date is dated by its
    # arrival (RFC 9110 section 6.6.1): what is stored of either no longer holds.
    lasting = {name: value for name, value in stored.items() if name not in ("age", "date")}
    new = {
        name: value
        for name, value in kept(confirmed).items()
        if name not in _OF_THE_BYTES or (name == "etag" and "etag" not in stored)
    }
    return {**lasting, **new}


def declared_immutable(headers: Mapping[str, str]) -> dict[str, str]:
    """The headers as if the origin had said that its answer never changes (RFC 8246)."""
    validators = {name: value for name, value in headers.items() if name in _VALIDATORS}
    return {**validators, "cache-control": f"max-age={YEAR_SECONDS:.0f}, immutable"}


def _opaque(etag: str) -> str:
    """The weak comparison of RFC 9110 section 8.8.3.2."""
    return etag.strip().removeprefix("W/")
