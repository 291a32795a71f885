"""Which configured origin a URL belongs to: its limits and credentials hold for it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from imageid_daemon.config import OriginSettings
from imageid_daemon.origins.target import Target, target


class Routes:
    """Finds the origin whose `url` or `wado_uri` a target lies below; the longest wins."""

    def __init__(self, origins: Iterable[OriginSettings]) -> None:
        self.origins = tuple(origins)
        roots = [(target(url), origin) for origin in self.origins for url in _urls(origin)]
        self.urls = tuple(root.url for root, _ in roots)
        helpers = [(origin.token_endpoint, origin.proxy) for origin in self.origins]
        self.helper_urls = tuple(url for pair in helpers for url in pair if url)
        self._roots = sorted(roots, key=lambda root: len(root[0].path), reverse=True)

    def find(self, wanted: Target) -> OriginSettings | None:
        """Give the origin, None where the target belongs to no configured one."""
        for root, origin in self._roots:
            if wanted.is_below(root):
                return origin
        return None


def _urls(origin: OriginSettings) -> Iterator[str]:
    yield origin.url
    if origin.wado_uri is not None:
        yield origin.wado_uri
