"""Whether a body that broke off can be continued, and what an answer to that is. Pure.

RFC 9110 sections 13.1.5 (If-Range), 14 (ranges) and 15.3.7 (combining parts). Where an
origin may leave something out, it is required here: bytes of two versions must never meet.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from email.utils import parsedate_to_datetime
from enum import Enum, auto

from imageid_daemon.origins.content_coding import coding
from imageid_loaders.base import Continuation

# An empty tag is what careless servers give everything.
_STRONG_ETAG = re.compile(r'"[\x21\x23-\x7e\x80-\xff]+"')
_CONTENT_RANGE = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18})", re.ASCII | re.IGNORECASE)
# RFC 9110 section 8.8.2.2 leaves it open how far clocks may differ.
_CLOCKS_DIFFER = timedelta(seconds=60)
# Conditions are about the stored copy, not about the body that broke off.
_CONDITIONS = frozenset({"if-none-match", "if-modified-since"})
_KEPT = (
    "content-type", "etag", "last-modified", "cache-control", "expires", "vary",
)  # fmt: skip


class Kind(Enum):
    """What an answer to a request for the rest is.

    FOLLOWS: the bytes from the offset on. WHOLE: the same body from its first byte.
    CHANGED: another body. REFUSED: none of them; the rest cannot be had in this way.
    """

    FOLLOWS = auto()
    WHOLE = auto()
    CHANGED = auto()
    REFUSED = auto()


@dataclass(frozen=True, slots=True)
class Rest:
    """An answer to a request for the rest.

    Args:
        end_bytes: offset behind its last byte; None where it does not matter.
        size_bytes: of the whole body, where the answer says it.
    """

    kind: Kind
    end_bytes: int | None = None
    size_bytes: int | None = None


def digest_of(url: str, headers: Mapping[str, str]) -> str:
    """What tells a request from others whose answers may be other bytes."""
    sha256 = hashlib.sha256(url.encode())
    for name, value in sorted((name.lower(), value) for name, value in headers.items()):
        if name not in _CONDITIONS:
            sha256.update(f"\n{name}: {value}".encode())
    return sha256.hexdigest()


def continuation(
    request: str, status: int, headers: Mapping[str, str], *, is_delimited: bool
) -> Continuation | None:
    """How an answer's body can be continued; None where it cannot.

    Args:
        request: its `digest_of`.
    """
    validator = strong_validator(headers)
    if validator is None or status != 200 or not is_delimited:
        return None
    if coding(headers) != "identity" or not _accepts_ranges(headers):
        return None
    length = headers.get("content-length", "")
    size_bytes = int(length) if length.isascii() and length.isdigit() else None
    return Continuation(request, validator, size_bytes, _named(headers, _KEPT))


def strong_validator(headers: Mapping[str, str]) -> str | None:
    """The validator that If-Range may name (RFC 9110 section 13.1.5)."""
    if (etag := headers.get("etag")) is not None:
        return etag if _STRONG_ETAG.fullmatch(etag) else None
    modified, date = headers.get("last-modified", ""), headers.get("date", "")
    try:
        is_strong = parsedate_to_datetime(date) - parsedate_to_datetime(modified) >= _CLOCKS_DIFFER
    except (ValueError, TypeError):
        return None
    return modified if is_strong else None


def fields_for(headers: Mapping[str, str], known: Continuation, offset: int) -> dict[str, str]:
    """The fields of a request that continues at an offset."""
    kept = {name: value for name, value in headers.items() if name.lower() not in _CONDITIONS}
    return kept | {"Range": f"bytes={offset}-", "If-Range": known.validator}


def rest(known: Continuation, offset: int, status: int, headers: Mapping[str, str]) -> Rest:
    """Judge the answer to a request with `fields_for`."""
    # A server that does not know If-Range gives a part of whatever it has now.
    is_same = _validator_field(known, headers) == known.validator and coding(headers) == "identity"
    if status == 200:
        return Rest(Kind.WHOLE if is_same and _has_size(known, headers) else Kind.CHANGED)
    found = _CONTENT_RANGE.fullmatch(headers.get("content-range", "").strip())
    if status != 206 or not is_same or found is None:
        return Rest(Kind.REFUSED)
    first, last, size_bytes = map(int, found.groups())
    if first != offset or not first <= last < size_bytes:
        return Rest(Kind.REFUSED)
    if known.size_bytes not in (None, size_bytes):
        return Rest(Kind.REFUSED)
    return Rest(Kind.FOLLOWS, last + 1, size_bytes)


def continued(known: Continuation, size_bytes: int, headers: Mapping[str, str]) -> dict[str, str]:
    """The fields of the whole answer, of which a 206 gives the rest (RFC 9110 section 15.3.7.3)."""
    of_the_part = ("content-range", "content-length", "transfer-encoding")
    newer = {name: value for name, value in headers.items() if name not in of_the_part}
    return {**known.headers, **newer, "content-length": str(size_bytes)}


def _validator_field(known: Continuation, headers: Mapping[str, str]) -> str | None:
    # Never a date where there was a tag: it would be the weaker one.
    is_etag = known.validator.startswith('"')
    return headers.get("etag" if is_etag else "last-modified")


def _has_size(known: Continuation, headers: Mapping[str, str]) -> bool:
    length = headers.get("content-length")
    return None in (length, known.size_bytes) or length == str(known.size_bytes)


def _accepts_ranges(headers: Mapping[str, str]) -> bool:
    return "none" not in headers.get("accept-ranges", "").lower().replace(" ", "").split(",")


def _named(headers: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    return {name: headers[name] for name in names if name in headers}
