"""file: and dicomfile: URLs and the paths they mean (RFC 8089)."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import quote, unquote_to_bytes

from imageid_loaders.errors import InvalidImageId
from imageid_loaders.url import split_scheme, take_frame

_PAGE_INDEX = re.compile(r"\d+|https?://\d+")
_HOST = re.compile(r"//([^/]*)(?=/|$)")


def parse_file_url(image_id: str) -> tuple[Path, int | None]:
    """The absolute path, percent-decoded once, and the frame.

    Raises:
        errors.InvalidImageId: it is no path that can be meant.
    """
    scheme, rest = split_scheme(image_id)
    rest, frame = take_frame(rest)
    if _PAGE_INDEX.fullmatch(rest):
        raise InvalidImageId(
            f"{scheme}: with a number counts the files that a web page has in memory, which no "
            "other program can see: write the file's path."
        )
    if "?" in rest:
        raise InvalidImageId(
            "A file's imageId has no query but frame: write %3F for a question mark in its name."
        )
    return _path(_without_host(rest)), frame


def file_url(path: Path, frame: int | None = None) -> str:
    """The URL of a file; the same for every way to write it."""
    query = "" if frame is None else f"?frame={frame}"
    return f"file://{quote(os.fsencode(path))}{query}"


def _without_host(rest: str) -> str:
    host = _HOST.match(rest)
    if host is None:
        return rest
    if host[1].lower() not in ("", "localhost"):
        raise InvalidImageId(
            "A file's imageId names no host: write three slashes, as in file:///folder/file."
        )
    return rest[host.end() :]


def _path(text: str) -> Path:
    # Bytes that are no UTF-8 stand in file names too: fsdecode keeps them.
    decoded = os.fsdecode(unquote_to_bytes(text))
    if "\0" in decoded or "\\" in decoded:
        raise InvalidImageId("A file's path holds no NUL and no backslash: write slashes.")
    if not decoded.startswith("/"):
        raise InvalidImageId(
            "The path is not absolute: write file:///folder/file or dicomfile:/folder/file."
        )
    if ".." in decoded.split("/"):
        raise InvalidImageId("A file's path holds no '..': write the path it means.")
    return Path("/" + decoded.lstrip("/"))
