"""Which loader resolves which scheme: found by entry point, built once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points

from imageid_loaders.base import Image, Loader, Pointed, Settings
from imageid_loaders.errors import ConfigurationError, InvalidImageId, SchemeUnsupported

GROUP = "imageid.loaders"
# A few kilobytes each. A call names its images, and every program that shows a series the same.
_REMEMBERED_IMAGES = 2048


@dataclass(frozen=True, slots=True)
class Installed:
    """A loader, the schemes that name it, and the distribution that brought it."""

    loader: Loader
    schemes: tuple[str, ...]
    distribution: str
    version: str


class Registry:
    """Loaders by scheme."""

    def __init__(self, installed: Iterable[Installed]) -> None:
        self.installed = tuple(installed)
        self._by_scheme = {
            scheme: each.loader for each in self.installed for scheme in each.schemes
        }
        self._resolved = lru_cache(_REMEMBERED_IMAGES)(self._resolve)

    @property
    def schemes(self) -> list[str]:
        return sorted(self._by_scheme)

    @property
    def configured_urls(self) -> list[str]:
        """The servers that the loaders' own settings point at."""
        pointed = [each.loader for each in self.installed if isinstance(each.loader, Pointed)]
        return [url for loader in pointed for url in loader.configured_urls]

    def find(self, image_id: str) -> tuple[str, Loader]:
        """The scheme of an imageId, in lower case, and its loader.

        Raises:
            InvalidImageId: there is no scheme.
            SchemeUnsupported: no loader claims it.
        """
        # Not urlsplit: it takes the query of an inner URL for the outer one's.
        scheme, colon, _ = image_id.partition(":")
        scheme = scheme.lower()
        if not colon or not scheme:
            raise InvalidImageId(
                "An imageId begins with a scheme and a colon, as in wadors:https://…; this one "
                "has none."
            )
        loader = self._by_scheme.get(scheme)
        if loader is None:
            known = ", ".join(self.schemes)
            shown = scheme if scheme.isascii() and len(scheme) <= 32 else "?"
            raise SchemeUnsupported(
                f"No loader is installed for the scheme '{shown}'. Known schemes: {known}.",
                scheme=shown,
                schemes=known,
            )
        return scheme, loader

    def resolve(self, image_id: str) -> tuple[str, Loader, Image]:
        """The same, and what the imageId means.

        Raises:
            InvalidImageId, SchemeUnsupported: as `find`.
            ImageError: as the loader's `resolve`.
        """
        return self._resolved(image_id)

    def _resolve(self, image_id: str) -> tuple[str, Loader, Image]:
        scheme, loader = self.find(image_id)
        return scheme, loader, loader.resolve(image_id)


def installed_loaders(
    options: Mapping[str, Mapping[str, object]],
    settings: Settings,
    points: Iterable[EntryPoint] | None = None,
) -> Registry:
    """Build every loader that is installed.

    Args:
        options: the tables `[loaders.*]` by loader name.
        settings: what every loader is told; each gets its own options.
        points: the entry points to use instead of the installed ones.

    Raises:
        ConfigurationError: two loaders claim a scheme, one cannot be imported, or one
            does not accept its options.
    """
    claims: dict[str, EntryPoint] = {}
    problems: list[str] = []
    for point in entry_points(group=GROUP) if points is None else points:
        scheme = point.name.lower()
        other = claims.get(scheme)
        if other is None:
            claims[scheme] = point
        elif other.value != point.value:
            problems.append(
                f"The scheme '{scheme}' is claimed by two loaders: {_named(other)} and "
                f"{_named(point)}. Uninstall one of them."
            )
    by_value: dict[str, list[EntryPoint]] = {}
    for point in claims.values():
        by_value.setdefault(point.value, []).append(point)
    installed = [
        each
        for points_of_one in by_value.values()
        if (each := _build(points_of_one, options, settings, problems)) is not None
    ]
    known = {each.loader.name for each in installed}
    problems += [
        f"[loaders.{name}]: no loader has that name. There are: {', '.join(sorted(known))}."
        for name in options
        if name not in known and not problems
    ]
    if problems:
        raise ConfigurationError(*problems)
    return Registry(installed)


def _build(
    points: list[EntryPoint],
    options: Mapping[str, Mapping[str, object]],
    settings: Settings,
    problems: list[str],
) -> Installed | None:
    first = points[0]
    try:
        factory = first.load()
    except (ImportError, AttributeError) as error:
        problems.append(f"The loader {_named(first)} cannot be imported: {error}.")
        return None
    try:
        loader = factory(Settings(options.get(factory.name, {}), settings.origins))
    except ConfigurationError as error:
        problems.extend(error.problems)
        return None
    return Installed(
        loader,
        tuple(sorted(point.name.lower() for point in points)),
        first.dist.name if first.dist else "unknown",
        first.dist.version if first.dist else "0",
    )


def _named(point: EntryPoint) -> str:
    return f"{point.value} of {point.dist.name if point.dist else 'an unknown distribution'}"
