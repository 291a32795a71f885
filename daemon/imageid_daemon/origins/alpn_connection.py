"""A connection to an https server: over HTTP/2 where the server offers it by ALPN (RFC 7301).

While it is opened nobody knows whether it can be shared. Requests wait for it together, unless the
server has chosen HTTP/1.1 before: then each has its own, opened at the same time.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field

import httpcore

from imageid_daemon.origins.http2_connection import Http2Connection
from imageid_daemon.origins.http2_stream import Http11Required
from imageid_daemon.origins.network import CheckedNetwork
from imageid_daemon.origins.network_stream import NetworkStream


@dataclass(slots=True)
class Spoken:
    """What servers chose, by host and port; as many as the allow-list lets be reached."""

    http11: set[tuple[bytes, int]] = field(default_factory=set)
    http11_only: set[tuple[bytes, int]] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Line:
    """How connections are opened.

    Args:
        proxy: through which a tunnel leads.
        idle_seconds: that one of HTTP/1.1 is kept.
    """

    network: CheckedNetwork
    ssl_context: ssl.SSLContext
    proxy: httpcore.URL | None
    idle_seconds: float


class AlpnConnection(httpcore.AsyncConnectionInterface):
    """One connection of httpcore's pool. It is opened by its first request, for all that wait."""

    def __init__(self, origin: httpcore.Origin, line: Line, spoken: Spoken) -> None:
        self._origin = origin
        self._server = (origin.host, origin.port)
        self._line = line
        self._spoken = spoken
        self._opening: asyncio.Task[httpcore.AsyncConnectionInterface] | None = None
        self._waiting = 0
        self._has_failed = False
        self._is_refused = False
        self._connection: httpcore.AsyncConnectionInterface | None = None

    async def handle_async_request(self, request: httpcore.Request) -> httpcore.Response:
        connection = self._connection or await self._opened(request)
        try:
            return await connection.handle_async_request(request)
        except Http11Required as error:
            self._spoken.http11_only.add(self._server)
            self._spoken.http11.add(self._server)
            self._is_refused = True
            raise httpcore.ConnectionNotAvailable from error

    async def _opened(self, request: httpcore.Request) -> httpcore.AsyncConnectionInterface:
        if self._has_failed:
            raise httpcore.ConnectionNotAvailable
        if self._opening is None:
            self._opening = asyncio.create_task(self._open(request))
        self._waiting += 1
        try:
            # What one of them gives up, the others still wait for.
            return await asyncio.shield(self._opening)
        finally:
            self._waiting -= 1
            if not self._waiting and not self._opening.done():
                self._has_failed = True
                self._opening.cancel()

    async def _open(self, request: httpcore.Request) -> httpcore.AsyncConnectionInterface:
        try:
            network = await self._secured(request)
        except BaseException:
            self._has_failed = True
            raise
        if self._has_failed:  # everybody has left just now
            network.abort()
            raise httpcore.ConnectionNotAvailable
        if _protocol(network) == "h2":
            self._spoken.http11.discard(self._server)
            self._connection = Http2Connection(self._origin, network)
        else:
            self._spoken.http11.add(self._server)
            self._connection = httpcore.AsyncHTTP11Connection(
                self._origin, network, self._line.idle_seconds
            )
        return self._connection

    async def _secured(self, request: httpcore.Request) -> NetworkStream:
        seconds = request.extensions.get("timeout", {}).get("connect")
        name = self._origin.host.decode("ascii")
        if self._line.proxy is None:
            network = await self._line.network.connect_tcp(name, self._origin.port, seconds)
        else:
            network = await self._tunnel(self._line.proxy, request, seconds)
        protocols = ["http/1.1"] if self._server in self._spoken.http11_only else ["h2", "http/1.1"]
        self._line.ssl_context.set_alpn_protocols(protocols)
        return await network.start_tls(self._line.ssl_context, name, seconds)

    async def _tunnel(
        self, proxy: httpcore.URL, request: httpcore.Request, seconds: float | None
    ) -> NetworkStream:
        """Raises: httpcore.ProxyError: the proxy opens none."""
        address = proxy.origin
        network = await self._line.network.connect_tcp(
            address.host.decode("ascii"), address.port, seconds
        )
        target = _host_and_port(self._origin)
        connect = httpcore.Request(
            b"CONNECT",
            httpcore.URL(
                scheme=address.scheme, host=address.host, port=address.port, target=target
            ),
            headers=[(b"Host", target), (b"Accept", b"*/*")],
            extensions={"timeout": request.extensions.get("timeout", {})},
        )
        try:
            spoken = httpcore.AsyncHTTP11Connection(address, network)
            answer = await spoken.handle_async_request(connect)
        except BaseException:
            network.abort()
            raise
        if not 200 <= answer.status <= 299:
            network.abort()
            raise httpcore.ProxyError(str(answer.status))
        return network

    # As httpcore's pool asks

    async def aclose(self) -> None:
        if self._connection is not None:
            await self._connection.aclose()
        elif self._opening is not None:
            self._has_failed = True
            self._opening.cancel()
            await asyncio.wait([self._opening])
            if self._connection is not None:
                await self._connection.aclose()

    def can_handle_request(self, origin: httpcore.Origin) -> bool:
        return origin == self._origin

    def is_available(self) -> bool:
        if self._connection is not None:
            return not self._is_refused and self._connection.is_available()
        return not self._has_failed and self._server not in self._spoken.http11

    def has_expired(self) -> bool:
        if self._connection is None:
            return self._has_failed
        return self._connection.has_expired() or (self._is_refused and self.is_idle())

    def is_idle(self) -> bool:
        return self._has_failed if self._connection is None else self._connection.is_idle()

    def is_closed(self) -> bool:
        return self._has_failed if self._connection is None else self._connection.is_closed()

    def info(self) -> str:
        return "opening" if self._connection is None else self._connection.info()


def _protocol(network: NetworkStream) -> str | None:
    secured = network.get_extra_info("ssl_object")
    return None if secured is None else secured.selected_alpn_protocol()


def _host_and_port(origin: httpcore.Origin) -> bytes:
    host = b"[%b]" % origin.host if b":" in origin.host else origin.host
    return b"%b:%d" % (host, origin.port)
