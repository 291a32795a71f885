"""custom://server/id: images of a server that has a scheme of its own, by URL template."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from typing import ClassVar
from urllib.parse import quote, unquote, urlsplit

from imageid_loaders.base import Image, Request, Settings, Source
from imageid_loaders.errors import ConfigurationError, InvalidImageId
from imageid_loaders.plain_get import open_plain, plain_resource
from imageid_loaders.url import by_name, canonical_url, split_scheme, split_server, take_frame

_FRESH_SECONDS = 300.0
_FORBIDDEN = re.compile(r"[/\\\x00-\x1f\x7f\ufffd]")


class CustomLoader:
    """`custom://NAME/id`, where the table `[loaders.custom.NAME]` has `url = "https://…/{id}"`."""

    name: ClassVar[str] = "custom"
    summary: ClassVar[str] = (
        "a configured URL template, e.g. custom://NAME/{GUID, file name, number}"
    )

    def __init__(self, settings: Settings) -> None:
        self._templates = _templates(settings.options)

    @property
    def configured_urls(self) -> list[str]:
        """The templates, for the daemon's allow-list."""
        return [template.replace("{id}", "0") for template in self._templates.values()]

    def resolve(self, image_id: str) -> Image:
        _, rest = split_scheme(image_id)
        rest, frame = take_frame(rest)
        server, path = split_server(rest)
        template = by_name(self._templates, server)
        if template is None:
            known = ", ".join(sorted(self._templates)) or "none"
            raise InvalidImageId(
                f"The imageId's server is not configured as [loaders.custom.NAME]; known: {known}."
            )
        url = template.replace("{id}", quote(_identifier(path), safe=""))
        return Image(plain_resource(url, fresh_for_seconds=_FRESH_SECONDS), frame)

    def open(self, request: Request) -> AbstractAsyncContextManager[Source]:
        return open_plain(request)


def _identifier(path: str) -> str:
    """What stands behind the server, percent-decoded once."""
    if "?" in path:
        raise InvalidImageId(
            "A custom imageId has no query but frame: write %3F for a question mark in the id."
        )
    identifier = unquote(path.removeprefix("/"))
    if not identifier or ".." in identifier or _FORBIDDEN.search(identifier):
        raise InvalidImageId(
            "A custom imageId ends in one id (a GUID, file name or number), without '/', '..' "
            "and control characters."
        )
    return identifier


def _templates(options: Mapping[str, object]) -> dict[str, str]:
    problems = [text for name, table in options.items() for text in _problems(name, table)]
    if problems:
        raise ConfigurationError(*problems)
    return {name: table["url"] for name, table in options.items() if isinstance(table, Mapping)}


def _problems(name: str, table: object) -> list[str]:
    setting = f"loaders.custom.{name}"
    if not isinstance(table, Mapping):
        return [f'{setting} is no table: write [{setting}] and url = "https://…/{{id}}"']
    unknown = [f"{setting}.{key} is no setting: url is" for key in table if key != "url"]
    url = table.get("url")
    if not isinstance(url, str) or url.count("{id}") != 1:
        return [*unknown, f"{setting}.url must be a URL that holds {{id}} once"]
    if "{id}" in urlsplit(url).netloc:
        return [*unknown, f"{setting}.url has {{id}} in its host: it may stand behind it only"]
    try:
        canonical_url(url)
    except InvalidImageId as error:
        return [*unknown, f"{setting}.url cannot work: {error.message}"]
    return unknown
