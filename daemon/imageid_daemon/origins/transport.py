"""The transport that loaders are given: HTTP as the administrator allows it."""

from __future__ import annotations

import ssl
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import (
    AbstractAsyncContextManager,
    AsyncExitStack,
    aclosing,
    asynccontextmanager,
)
from functools import lru_cache, partial
from importlib.metadata import version
from typing import Protocol

from imageid_daemon.callers import Claims
from imageid_daemon.config import Network, OriginSettings
from imageid_daemon.origins import body
from imageid_daemon.origins.allow import Address, AllowList
from imageid_daemon.origins.connections import Answer, Connections, system_trust
from imageid_daemon.origins.credentials import Credentials, scope
from imageid_daemon.origins.exchange import UNCONFIGURED, Exchange, Policy
from imageid_daemon.origins.gate import Limits
from imageid_daemon.origins.governor import Governor, OriginFigures
from imageid_daemon.origins.redirects import MOST_REDIRECTS, forwarded, next_target, too_many
from imageid_daemon.origins.resuming import Kept, Resuming
from imageid_daemon.origins.routes import Routes
from imageid_daemon.origins.target import target
from imageid_daemon.origins.token_endpoint import TokenEndpoint
from imageid_daemon.origins.tokens import Tokens
from imageid_loaders.base import Response, Transport
from imageid_loaders.errors import InvalidImageId

_REMEMBERED_URLS = 4096


class OriginMetrics(Protocol):
    """Counts requests to origins."""

    def observe_response(self, scheme: str, code: str) -> None:
        """Count one try: `code` is "2xx" to "5xx", or "error" where no response came."""
        ...


class Origins:
    """All origins, configured or allowed. Made by `app`, in the event loop that uses it.

    Args:
        origins: by name.
        environ: where the variables that hold secrets are looked up.
        max_image_bytes: bodies beyond it are refused.
        pointed_at: URLs in the loaders' own settings; their servers may be reached.
        ssl_context: makes the trust for https, when it is first needed.
        now: gives seconds that only grow; the governor's clock.
    """

    def __init__(
        self,
        *,
        network: Network,
        origins: Mapping[str, OriginSettings],
        environ: Mapping[str, str],
        max_image_bytes: int,
        metrics: OriginMetrics,
        pointed_at: Iterable[str] = (),
        ssl_context: Callable[[], ssl.SSLContext] = system_trust,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._policy = _policy(network, origins.values(), environ, max_image_bytes, pointed_at)
        self._connections = Connections(self._allowed_addresses, ssl_context)
        self._governor = Governor(now)
        endpoint = TokenEndpoint(self._connections, now)
        self._tokens = Tokens(lambda origin: endpoint.fetch(origin, self._policy.credentials), now)
        self._metrics = metrics
        # Each URL is asked about several times for one image.
        self._origin = lru_cache(_REMEMBERED_URLS)(self._origin_of)
        self._user_agent = f"imageid/{version('imageid-daemon')}"

    def replace(
        self,
        *,
        network: Network,
        origins: Mapping[str, OriginSettings],
        environ: Mapping[str, str],
        max_image_bytes: int,
        pointed_at: Iterable[str] = (),
    ) -> None:
        """Let requests from now on follow these settings; running ones keep theirs."""
        self._policy = _policy(network, origins.values(), environ, max_image_bytes, pointed_at)
        self._origin.cache_clear()

    def transport(
        self, scheme: str, claims: Claims | None = None, kept: Kept | None = None
    ) -> Transport:
        """Give the transport of one fill.

        Args:
            scheme: that its requests are counted under.
            claims: who waits for the fill; by them its requests get their turns.
            kept: the beginning of a body that broke off; the request that was answered with
                it asks for the rest alone, and has the whole as its answer.
        """
        return _Transport(self, scheme, claims or Claims(), kept)

    def figures(self) -> Iterator[OriginFigures]:
        """How things stand at each configured origin, and at all others together."""
        origins = self._policy.routes.origins
        return self._governor.figures(
            {origin.name: Limits(origin.connections, origin.rate) for origin in origins}
        )

    def urls_of(self, name: str) -> tuple[str, ...]:
        """The URLs of a configured origin; none where there is no such name."""
        return tuple(
            url
            for origin in self._policy.routes.origins
            if origin.name.lower() == name.lower()
            for url in (origin.url, origin.wado_uri)
            if url is not None
        )

    def scope(self, url: str) -> str:
        """Name whose credentials a request to this URL would carry.

        Returns:
            "" for none; else a short digest, part of the cache key.
        """
        return scope(self._origin(url))

    def scopes(self, url: str) -> tuple[str, ...]:
        """Name whose stored answers may serve a request to this URL, that of `scope` first.

        Returns:
            after it "", where the administrator shares the origin's public answers.
        """
        origin = self._origin(url)
        own = scope(origin)
        return (own, "") if own and origin is not None and origin.share_public else (own,)

    def is_immutable(self, url: str) -> bool:
        """Whether the administrator says that instances at this URL never change."""
        origin = self._origin(url)
        return origin is not None and origin.immutable

    def connections(self, url: str) -> int:
        """How many requests the server at this URL is sent at a time, at most."""
        return (self._origin(url) or UNCONFIGURED).connections

    async def aclose(self) -> None:
        """Close all connections, those in use too."""
        await self._tokens.aclose()
        await self._connections.aclose()

    def get(
        self,
        scheme: str,
        url: str,
        headers: Mapping[str, str],
        claims: Claims,
        kept: Kept | None = None,
    ) -> AbstractAsyncContextManager[Response]:
        """Send a GET, as `imageid_loaders.base.Transport.get`."""
        observe = partial(self._metrics.observe_response, scheme)
        exchange = Exchange(
            self._connections, self._governor, self._tokens, self._policy, self._user_agent, observe
        )
        limit_bytes = self._policy.max_image_bytes
        return _resumed(exchange, url, headers, claims, limit_bytes, kept)

    def _origin_of(self, url: str) -> OriginSettings | None:
        if not self._policy.routes.origins:
            return None
        try:
            return self._policy.routes.find(target(url))
        except InvalidImageId:
            return None

    def _allowed_addresses(
        self, host: str, port: int, resolved: Sequence[Address]
    ) -> list[Address]:
        return self._policy.allow.allowed_addresses(host, port, resolved)


class _Transport:
    def __init__(self, origins: Origins, scheme: str, claims: Claims, kept: Kept | None) -> None:
        self._origins = origins
        self._scheme = scheme
        self._claims = claims
        self._kept = kept

    def get(self, url: str, headers: Mapping[str, str]) -> AbstractAsyncContextManager[Response]:
        return self._origins.get(self._scheme, url, headers, self._claims, self._kept)


@asynccontextmanager
async def _resumed(
    exchange: Exchange,
    url: str,
    headers: Mapping[str, str],
    claims: Claims,
    limit_bytes: int,
    kept: Kept | None,
) -> AsyncIterator[Response]:
    def ask(fields: Mapping[str, str]) -> AbstractAsyncContextManager[Answer]:
        return _followed(exchange, url, fields, claims)

    async with AsyncExitStack() as held:
        resuming = Resuming(ask, url, headers, exchange.retries(target(url)), held)
        opened = await resuming.open(kept)
        answer = opened.answer
        body.checked_size(answer, limit_bytes)
        whole = aclosing(opened.chunks)
        async with whole, aclosing(body.chunks(answer, limit_bytes)) as chunks:
            yield Response(
                answer.status,
                body.headers(answer),
                chunks,
                body.is_delimited(answer),
                opened.continuation,
            )


@asynccontextmanager
async def _followed(
    exchange: Exchange, url: str, headers: Mapping[str, str], claims: Claims
) -> AsyncIterator[Answer]:
    asked = target(url)
    for _ in range(MOST_REDIRECTS + 1):
        async with exchange.get(asked, headers, claims) as answer:
            found = next_target(asked, answer.status, answer.headers)
            if found is None:
                yield answer
                return
        headers, asked = forwarded(asked, found, headers), found
    raise too_many(asked)


def _policy(
    network: Network,
    origins: Iterable[OriginSettings],
    environ: Mapping[str, str],
    max_image_bytes: int,
    pointed_at: Iterable[str],
) -> Policy:
    routes = Routes(origins)
    return Policy(
        allow=AllowList.of(network.allow, [*routes.urls, *pointed_at], routes.helper_urls),
        routes=routes,
        credentials=Credentials(environ),
        max_image_bytes=max_image_bytes,
    )
