"""What an HTTP status means for an image (RFC 9110 section 15): the one table."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import parsedate_to_datetime

from imageid_loaders.base import NotModified, Validators
from imageid_loaders.errors import (
    Corrupt,
    Denied,
    ImageError,
    NotFound,
    RateLimited,
    Unauthenticated,
    Unavailable,
)

_KEPT_HEADERS = ("cache-control", "date", "age", "expires", "etag", "last-modified", "vary")
_WHOLE_RANGE = re.compile(r"bytes\s+0-(\d+)/(\d+)")

_KINDS: dict[int, tuple[type[ImageError], str]] = {
    202: (Unavailable, "has not got the image ready yet: try again later"),
    204: (NotFound, "has nothing to deliver under this imageId: correct it"),
    205: (NotFound, "has nothing to deliver under this imageId: correct it"),
    401: (Unauthenticated, "wants credentials: configure them for this origin"),
    403: (Denied, "refuses access: ask its administrator for the right to read this image"),
    404: (NotFound, "has no such image: correct the imageId"),
    407: (Unauthenticated, "is behind a proxy that wants credentials: configure them"),
    408: (Unavailable, "gave up waiting for the request: try again later"),
    410: (NotFound, "has this image no more"),
    425: (Unavailable, "wants the request again later"),
    429: (RateLimited, "is asked too often: lower the number of parallel requests to it"),
    451: (Denied, "may not deliver this image for legal reasons"),
}


def check_status(
    status: int, headers: Mapping[str, str], validators: Validators, now_seconds: float
) -> None:
    """Return when a whole body follows.

    Args:
        validators: those that the request was sent with.
        now_seconds: since the epoch, for a Retry-After that is a date.

    Raises:
        NotModified: the copy that the validators describe is current.
        errors.ImageError: of the kind that the status stands for, with `http_status`.
    """
    if status in (200, 203) or (status == 206 and _is_whole(headers)):
        return
    if status == 304 and validators != Validators():
        raise NotModified(kept_headers(headers, is_delimited=True))
    raise failure(status, headers, now_seconds)


def failure(status: int, headers: Mapping[str, str], now_seconds: float) -> ImageError:
    """The error that an answer of this status is."""
    kind, text = _KINDS.get(status) or _kind_of_class(status)
    return kind(
        f"The origin {text} (HTTP status {status}).",
        retry_after_seconds=retry_after_seconds(headers.get("retry-after"), now_seconds),
        headers=kept_headers(headers, is_delimited=True),
        http_status=str(status),
    )


def _kind_of_class(status: int) -> tuple[type[ImageError], str]:
    if status == 206:
        return Corrupt, "sent a part of the image although the whole was asked for"
    if 400 <= status < 500:
        # Nothing but another imageId helps, whatever the origin calls it: Orthanc says
        # 400 of a frame beyond the last.
        return NotFound, "cannot answer this request: correct the imageId"
    if status >= 500:
        return Unavailable, "failed: try again later, or look into its log"
    return Unavailable, "gave an unexpected answer: check what stands at its address"


def retry_after_seconds(value: str | None, now_seconds: float) -> float | None:
    """Retry-After in seconds from now (RFC 9110 section 10.2.3); None when unreadable."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit() and len(text) < 10:
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now_seconds)
    except (ValueError, OverflowError):
        return None


def kept_headers(headers: Mapping[str, str], *, is_delimited: bool) -> dict[str, str]:
    """Those that say how long and by what validator the bytes may be kept.

    Args:
        is_delimited: False where only the connection's end ended the body. It may have been
            cut then, and nobody can tell (RFC 9112 section 6.3): it must not be kept.
    """
    kept = {name: headers[name] for name in _KEPT_HEADERS if name in headers}
    return kept if is_delimited else {**kept, "cache-control": "no-store"}


def request_headers(accept: str, validators: Validators) -> dict[str, str]:
    """Of a GET for an image.

    Compressing an image again costs an origin more than sending it: Orthanc takes 766 ms
    instead of 48 ms for a CR. Hence identity.
    """
    headers = {"accept": accept, "accept-encoding": "identity"}
    if validators.etag:
        headers["if-none-match"] = validators.etag
    if validators.last_modified:
        headers["if-modified-since"] = validators.last_modified
    return headers


def _is_whole(headers: Mapping[str, str]) -> bool:
    """Whether a 206 that nobody asked for has all bytes nevertheless.

    A multipart answer without a Content-Range proves it by its closing delimiter.
    """
    content_range = headers.get("content-range")
    if content_range is None:
        return headers.get("content-type", "").lower().startswith("multipart/related")
    found = _WHOLE_RANGE.fullmatch(content_range.strip())
    return found is not None and int(found[1]) + 1 == int(found[2])
