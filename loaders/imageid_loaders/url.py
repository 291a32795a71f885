"""The URL inside an imageId: its scheme, its canonical form, its `frame` parameter."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TypeVar
from urllib.parse import urlsplit

from imageid_loaders.errors import InvalidImageId

_Value = TypeVar("_Value")
_DEFAULT_PORTS = {"http": 80, "https": 443}
# A series has one origin, and urlsplit takes most of the time that an imageId takes.
_REMEMBERED_ORIGINS = 256
_AUTHORITY = re.compile(r"[^:/?#]+://[^/?#]*")
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f]")
_DOT_SEGMENT = re.compile(r"/(?:\.|%2e){1,2}(?=/|$)", re.IGNORECASE)
_HIGHEST_FRAME = 2**31 - 1  # NumberOfFrames is an IS (PS3.5 section 6.2)


def split_scheme(image_id: str) -> tuple[str, str]:
    """The scheme in lower case, and everything behind its colon.

    Not `urlsplit`: on wadors:https://h/p?a=1 it would take the inner query for its own.
    """
    scheme, colon, rest = image_id.partition(":")
    if not colon or not scheme:
        raise InvalidImageId(
            "The imageId has no scheme: write one before the first colon, as in wadors:https://…"
        )
    return scheme.lower(), rest


def split_server(rest: str) -> tuple[str, str]:
    """`//server/path` as the server in lower case and the path with its slash."""
    server, slash, path = rest.partition("#")[0].removeprefix("//").partition("/")
    if not rest.startswith("//") or not server:
        raise InvalidImageId("The imageId names no server: write scheme://server/…")
    return server.lower(), slash + path


def is_http(text: str) -> bool:
    return text[:8].lower().startswith(("http://", "https://"))


def canonical_url(url: str) -> str:
    """The same URL for every way to write it (RFC 3986 section 6.2.2 and 6.2.3).

    Scheme and host in lower case, no default port, no fragment; path and query stay as
    they are written, because origins differ in how they read percent-encoding.
    """
    _check_printable(url)
    found = _AUTHORITY.match(url)
    if found is None:
        raise _no_host()
    origin, rest = _canonical_origin(found[0]), url[found.end() :].partition("#")[0]
    # An empty query differs from none for some origins: it stays.
    path, question, query = rest.partition("?")
    if _DOT_SEGMENT.search(path):
        # Allow-list and credentials go by the path's beginning, which ".." would leave again.
        raise InvalidImageId("The URL's path holds a '.' or '..' segment: write the path it means.")
    return f"{origin}{path or '/'}{question}{query}"


@lru_cache(_REMEMBERED_ORIGINS)
def _canonical_origin(url: str) -> str:
    """Scheme, host and port of a URL that has nothing else."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise InvalidImageId(
            "The URL cannot be read: its host or port is malformed; correct it."
        ) from error
    host = parts.hostname or ""
    if parts.scheme not in _DEFAULT_PORTS or not host or port == 0:
        raise _no_host()
    if "@" in parts.netloc:
        raise InvalidImageId(
            "The URL holds a user name or password, which would end up in caches and logs: "
            "configure credentials for the origin instead."
        )
    host = f"[{host}]" if ":" in host else host
    written = "" if port in (None, _DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host}{written}"


def _check_printable(url: str) -> None:
    if _UNPRINTABLE.search(url):
        raise InvalidImageId(
            "The URL holds a space or control character: percent-encode it, e.g. %20 for a space."
        )


def _no_host() -> InvalidImageId:
    return InvalidImageId("The URL names no host: write http://host/… or https://host/…")


def take_frame(url: str) -> tuple[str, int | None]:
    """The URL without its `frame` parameter and fragment, and the 1-based frame number."""
    url, text = take_frame_text(url)
    return url, None if text is None else frame_number(text)


def take_frame_text(url: str) -> tuple[str, str | None]:
    """The URL without its `frame` parameter and fragment, and the parameter as written.

    `frame` may stand anywhere in the query and the other parameters stay as written.
    OHIF writes `&frame=1` behind a URL that has no query; that is read too.
    """
    url = url.partition("#")[0]
    path, question, query = url.partition("?")
    if not question:
        path, ampersand, number = url.partition("&frame=")
        query = f"frame={number}" if ampersand else ""
    parameters = query.split("&")
    frames = [item for item in parameters if _is_frame(item)]
    if not frames:
        return url, None
    if len(frames) > 1:
        raise InvalidImageId("The imageId has more than one frame parameter: give one.")
    kept = "&".join(item for item in parameters if not _is_frame(item))
    return path + ("?" + kept if kept else ""), frames[0].partition("=")[2]


def _is_frame(parameter: str) -> bool:
    return parameter.partition("=")[0] == "frame"


def frame_number(text: str) -> int:
    """A 1-based frame number; `text` is whatever the imageId holds in its place."""
    if not (text.isascii() and text.isdigit()):
        raise InvalidImageId(
            "The frame is not a positive whole number: frames count from 1, as in frame=1."
        )
    if len(text) > 10 or int(text) > _HIGHEST_FRAME:
        raise InvalidImageId("The frame number is above any that DICOM can count.")
    if int(text) == 0:
        raise InvalidImageId("There is no frame 0: frames count from 1.")
    return int(text)


def parameter(url: str, name: str) -> str | None:
    """The first query parameter of that name (any case), as written."""
    for item in url.partition("?")[2].split("&"):
        key, _, value = item.partition("=")
        if key.lower() == name.lower():
            return value
    return None


def server_of(url: str) -> str:
    """Scheme, host and port of a canonical URL."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


def by_name(table: Mapping[str, _Value], name: str) -> _Value | None:
    """The entry of that name in any case: hosts and schemes have none."""
    return next((value for key, value in table.items() if key.lower() == name.lower()), None)
