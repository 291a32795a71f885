"""HTTP as it goes over the wire: one request, its answer, and what became of it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import aclosing, asynccontextmanager, suppress
from dataclasses import dataclass

import httpcore
import httpx
import truststore

from imageid_daemon.origins.checked_transport import checked_client
from imageid_daemon.origins.http2_stream import TooLong
from imageid_daemon.origins.network import AllowedAddresses, NameNotResolved
from imageid_daemon.origins.target import Target
from imageid_daemon.origins.way import DIRECT, Trust, Way
from imageid_loaders.errors import (
    NAME_NOT_RESOLVED,
    Corrupt,
    ImageError,
    InvalidImageId,
    OriginTimeout,
    Unavailable,
)

_NO_ANSWER = (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError)
_DRAINED_BYTES = 16 * 1024
_DRAINED_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Args: connect_seconds: with name resolution and TLS; silence_seconds: between reads."""

    connect_seconds: float
    silence_seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of a response, and its body as sent; `headers` has lower-case names.

    Args:
        is_framed: the frames of HTTP/2 say where the body ends, whatever the headers do.
    """

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]
    is_framed: bool = False


class Unreached(Exception):
    """There is no answer; `error` is what callers see.

    Args:
        is_temporary: another try may find what this one did not.
    """

    def __init__(self, error: ImageError, *, is_temporary: bool) -> None:
        super().__init__(error.message)
        self.error = error
        self.is_temporary = is_temporary


def system_trust() -> ssl.SSLContext:
    """Trust what the operating system trusts: hospitals install their own authorities there."""
    return truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


class Connections:
    """Open connections to any number of servers.

    Args:
        allowed_addresses: which of a host's addresses may be connected to.
        ssl_context: called in a thread, before the first https request of each way:
            reading the system's certificates is slow.
    """

    def __init__(
        self, allowed_addresses: AllowedAddresses, ssl_context: Callable[[], ssl.SSLContext]
    ) -> None:
        self._allowed_addresses = allowed_addresses
        self._ssl_context = ssl_context
        self._plain: dict[str | None, httpx.AsyncClient] = {}
        self._secure: dict[Way, tuple[Trust, httpx.AsyncClient]] = {}
        self._making_secure = asyncio.Lock()

    @asynccontextmanager
    async def get(
        self,
        asked: Target,
        headers: Iterable[tuple[str, str]],
        timeouts: Timeouts,
        way: Way = DIRECT,
        posted: bytes | None = None,
    ) -> AsyncIterator[Answer]:
        """Send one GET, or a POST of `posted`; its body is over when the context is left.

        Raises:
            Unreached: no response came.
            NotAllowed: the host has no address that may be connected to.
            Unauthenticated: the certificates of the way cannot be used.
        """
        is_plain = asked.scheme == "http"
        client = self._plain_client(way) if is_plain else await self._secure_client(way)
        request = _request(asked, headers, timeouts, posted)
        label = asked.label if way.proxy is None else f"{asked.label} (or the proxy before it)"
        try:
            response = await client.send(request, stream=True, auth=None, follow_redirects=False)
        except (*_NO_ANSWER, httpcore.ProxyError) as e:
            raise _unreached(label, e) from e
        async with aclosing(response), aclosing(_chunks(label, response)) as chunks:
            is_framed = response.extensions["http_version"] == b"HTTP/2"
            fields = _fields(response.headers.raw)
            answer = Answer(response.status_code, fields, chunks, is_framed)
            yield answer
            await _drain(answer)

    async def aclose(self) -> None:
        """Close every connection."""
        for client in (*self._plain.values(), *(client for _, client in self._secure.values())):
            await client.aclose()

    def _plain_client(self, way: Way) -> httpx.AsyncClient:
        if way.proxy not in self._plain:
            client = checked_client(self._allowed_addresses, None, way.proxy, http2=False)
            self._plain[way.proxy] = client
        return self._plain[way.proxy]

    async def _secure_client(self, way: Way) -> httpx.AsyncClient:
        async with self._making_secure:
            if way not in self._secure:
                trust = await asyncio.to_thread(Trust, way, self._ssl_context)
                client = checked_client(
                    self._allowed_addresses, trust.context, way.proxy, http2=way.http2
                )
                self._secure[way] = trust, client
            trust, client = self._secure[way]
            if way.client_certificate is not None:
                await asyncio.to_thread(trust.renew)
            return client


def _request(
    asked: Target,
    headers: Iterable[tuple[str, str]],
    timeouts: Timeouts,
    posted: bytes | None,
) -> httpx.Request:
    silence = timeouts.silence_seconds
    return httpx.Request(
        "GET" if posted is None else "POST",
        httpx.URL(scheme=asked.scheme, host=asked.host, port=asked.port),
        headers=[(b"Host", asked.authority), *((k.encode(), v.encode()) for k, v in headers)],
        content=posted,
        extensions={
            "target": asked.request_target,
            "timeout": {"connect": timeouts.connect_seconds, "read": silence, "write": silence},
        },
    )


async def _chunks(label: str, response: httpx.Response) -> AsyncGenerator[bytes, None]:
    try:
        async for chunk in response.aiter_raw():
            yield chunk
    except httpcore.TimeoutException as error:
        raise _silent(label) from error
    except TooLong as error:
        raise Corrupt(f"{label} sent more than it announced; load it again") from error
    except httpcore.RemoteProtocolError as error:
        raise Corrupt(f"{label} ended the body before it was complete; load it again") from error
    except httpcore.NetworkError as error:
        raise Unavailable(f"{label} broke the connection within the body; try again") from error


async def _drain(answer: Answer) -> None:
    """Read what nobody wanted of a short body: only then can the connection be used again.

    Every 304 would cost a new connection otherwise, and every redirect.
    """
    length = answer.headers.get("content-length", "")
    is_short = answer.status in (204, 304) or (length.isdigit() and int(length) <= _DRAINED_BYTES)
    if is_short:
        with suppress(ImageError, TimeoutError):
            async with asyncio.timeout(_DRAINED_SECONDS):
                async for _ in answer.chunks:
                    pass


def _unreached(label: str, error: Exception) -> Unreached:
    if isinstance(error, httpcore.ConnectTimeout):
        timeout = OriginTimeout(
            f"{label} did not accept a connection in time; see whether it runs,"
            " or raise the origin's connect_timeout"
        )
        return Unreached(timeout, is_temporary=False)
    if isinstance(error, httpcore.TimeoutException):
        return Unreached(_silent(label), is_temporary=False)
    if isinstance(error, httpcore.LocalProtocolError):
        invalid = InvalidImageId(f"the request to {label} cannot be written as HTTP")
        return Unreached(invalid, is_temporary=False)
    if isinstance(error, httpcore.ConnectError):
        return _not_connected(label, error)
    if isinstance(error, httpcore.ProxyError):
        status = str(error).partition(" ")[0]  # what follows are words of the proxy's own
        refused = Unavailable(f"no tunnel to {label}: HTTP status {status}; see the proxy's log")
        return Unreached(refused, is_temporary=False)
    broken = Unavailable(f"{label} closed the connection without an answer; try again later")
    return Unreached(broken, is_temporary=True)


def _not_connected(label: str, error: httpcore.ConnectError) -> Unreached:
    if isinstance(error, NameNotResolved):
        unknown = Unavailable(
            f"the name of {label} cannot be resolved; check it, or the DNS",
            cause=NAME_NOT_RESOLVED,
        )
        return Unreached(unknown, is_temporary=error.is_temporary)
    # The pool drops __cause__; httpcore gives its exceptions the original as argument.
    cause = error.args[0] if error.args else None
    if isinstance(cause, ssl.SSLError):
        reason = getattr(cause, "verify_message", "") or cause.reason or "handshake failed"
        untrusted = Unavailable(f"TLS with {label} failed: {reason}; check its certificate")
        return Unreached(untrusted, is_temporary=False)
    refused = Unavailable(f"{label} refuses the connection; see whether the server runs")
    return Unreached(refused, is_temporary=True)


def _silent(label: str) -> OriginTimeout:
    return OriginTimeout(
        f"{label} was silent for too long; try again later, or raise the origin's timeout"
    )


def _fields(raw: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Join repeated fields with commas (RFC 9110 section 5.3)."""
    fields: dict[str, str] = {}
    for name, value in raw:
        key, text = name.decode("ascii").lower(), value.decode("latin-1")
        fields[key] = f"{fields[key]}, {text}" if key in fields else text
    return fields
