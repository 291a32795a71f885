"""httpx over connections that go where the allow-list lets them, and nowhere else.

httpx decides itself where a connection goes; httpcore, which it stands on, asks its
network backend at the moment of connecting (`network`). So this is httpx's own transport
once more, with that backend. The URL keeps its host name: certificates are checked against
it, and two names with one address share no connection.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

# httpcore's first request would import this, and its caller wait for 13 ms.
import anyio._backends._asyncio  # noqa: F401
import httpcore
import httpx

from imageid_daemon.origins import orphans, surplus
from imageid_daemon.origins.alpn_connection import AlpnConnection, Line, Spoken
from imageid_daemon.origins.network import AllowedAddresses, CheckedNetwork
from imageid_daemon.to_its_end import to_its_end

# Orthanc closes an idle connection after 1.0 s, with no word of it: a request that is
# sent just then is lost. Others that keep it longer lose nothing but a handshake.
_KEEPALIVE_SECONDS = 0.9


def checked_client(
    allowed_addresses: AllowedAddresses,
    ssl_context: ssl.SSLContext | None,
    proxy: str | None,
    *,
    http2: bool,
) -> httpx.AsyncClient:
    """A client that keeps no cookies, reads no environment and follows no redirects.

    Args:
        proxy: `http://HOST:PORT`; then it is the proxy's address that is checked, and the
            proxy that resolves the server's name.
        http2: https servers may choose it.
    """
    no_cookies = CookieJar(DefaultCookiePolicy(allowed_domains=[]))
    transport = _CheckedTransport(allowed_addresses, ssl_context, proxy, http2=http2)
    return httpx.AsyncClient(transport=transport, cookies=no_cookies, trust_env=False)


class _Pool(httpcore.AsyncConnectionPool):
    """httpcore's, in which https servers may choose HTTP/2. Args: line: None where not."""

    def __init__(self, line: Line | None, **settings: Any) -> None:
        super().__init__(**settings)
        self._line = line
        self._spoken = Spoken()

    def create_connection(self, origin: httpcore.Origin) -> httpcore.AsyncConnectionInterface:
        if self._line is None or origin.scheme != b"https":
            return super().create_connection(origin)
        return AlpnConnection(origin, self._line, self._spoken)


class _CheckedTransport(httpx.AsyncBaseTransport):
    def __init__(
        self,
        allowed_addresses: AllowedAddresses,
        ssl_context: ssl.SSLContext | None,
        proxy: str | None,
        *,
        http2: bool,
    ) -> None:
        network = CheckedNetwork(allowed_addresses)
        line = None
        if http2 and ssl_context is not None:
            through = None if proxy is None else httpcore.URL(proxy)
            line = Line(network, ssl_context, through, _KEEPALIVE_SECONDS)
        self._pool = _Pool(
            line,
            proxy=None if proxy is None else httpcore.Proxy(proxy),
            ssl_context=ssl_context,
            max_connections=None,  # the governor counts, per server
            max_keepalive_connections=64,
            keepalive_expiry=_KEEPALIVE_SECONDS,
            http1=True,
            http2=False,  # httpcore's own: see `http2_connection`
            network_backend=network,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send it; raises httpcore's exceptions, which tell more than httpx's."""
        try:
            response = await self._pool.handle_async_request(_as_httpcore(request))
        except BaseException:
            await to_its_end(orphans.close(self._pool))
            raise
        stream = _Stream(self._pool, response)
        version = {"http_version": response.extensions["http_version"]}
        return httpx.Response(
            response.status, headers=response.headers, stream=stream, extensions=version
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Stream(httpx.AsyncByteStream):
    def __init__(self, pool: httpcore.AsyncConnectionPool, response: httpcore.Response) -> None:
        self._pool = pool
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._response.aiter_stream():
            yield chunk

    async def aclose(self) -> None:
        await to_its_end(self._close())

    async def _close(self) -> None:
        try:
            surplus.watch(self._response)
            await self._response.aclose()
        finally:
            await orphans.close(self._pool, self._response)


def _as_httpcore(request: httpx.Request) -> httpcore.Request:
    url = request.url
    return httpcore.Request(
        request.method,
        # The target as the caller wrote it: httpx.URL would encode it anew.
        httpcore.URL(
            scheme=url.raw_scheme,
            host=url.raw_host,
            port=url.port,
            target=request.extensions["target"],
        ),
        headers=request.headers.raw,
        content=request.content,
        extensions={"timeout": request.extensions["timeout"]},
    )
