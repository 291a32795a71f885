"""Which stored entries are meant: by URL, origin, UID or age. Pure, time passed in."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from imageid_daemon.cache import Entry, Partial
from imageid_daemon.resolver.derivations import description_of

Chosen: TypeAlias = Callable[[Entry], bool]

_SCHEME_OF_WEB = re.compile(r"^[a-z][a-z0-9+.-]*:(?=https?:)", re.IGNORECASE)
_UID = re.compile(r"[0-9.]+")


def everything(entry: Entry) -> bool:
    return True


def by_prefix(prefix: str) -> Chosen:
    """What its URL begins with; a scheme in front of an http(s) URL does not count."""
    wanted = _SCHEME_OF_WEB.sub("", prefix)
    return lambda entry: entry.url.startswith(wanted)


def by_study(uid: str) -> Chosen:
    return lambda entry: _says(entry, uid) or _described(entry)[0] == uid


def by_series(uid: str) -> Chosen:
    return lambda entry: _says(entry, uid) or _described(entry)[1] == uid


def by_origin(name: str, urls: Sequence[str]) -> Chosen:
    """A configured origin by its URLs, or any by HOST or HOST:PORT."""
    roots = tuple(url.rstrip("/") for url in urls)

    def chosen(entry: Entry) -> bool:
        parts = urlsplit(entry.url)
        if name.lower() in (parts.netloc.lower(), parts.hostname):
            return True
        return any(
            entry.url == root or entry.url.startswith((f"{root}/", f"{root}?")) for root in roots
        )

    return chosen


def older(chosen: Chosen, age_seconds: float, now_seconds: float) -> Chosen:
    """Of those, what was given, confirmed or made longer ago."""
    return lambda entry: entry.response_seconds < now_seconds - age_seconds and chosen(entry)


def beginnings(chosen: Chosen, keys: set[str]) -> Callable[[Partial], bool]:
    """Of bodies that broke off: those of the same images, or of these keys.

    Nothing has been decoded of them: whose they are, their URL says or nothing does.
    """

    def meant(partial: Partial) -> bool:
        as_entry = Entry(
            partial.key,
            "",
            partial.size_bytes,
            "",
            response_seconds=partial.kept_seconds,
            url=partial.url,
        )
        return partial.key in keys or chosen(as_entry)

    return meant


def frame_number(entry: Entry) -> int | None:
    """Of what was decoded; None where the image has one frame, or is not decoded."""
    return None if not entry.description else description_of(entry).metadata.frame_number


def _says(entry: Entry, uid: str) -> bool:
    # A UID as a whole: 1.2.3 is not part of 1.2.33.
    return uid in _UID.findall(unquote(entry.url))


def _described(entry: Entry) -> tuple[str | None, str | None]:
    if not entry.description:
        return None, None
    metadata = description_of(entry).metadata
    return metadata.study_instance_uid, metadata.series_instance_uid
