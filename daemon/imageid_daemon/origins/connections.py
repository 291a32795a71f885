"""HTTP/1.1 as it goes over the wire; with `network`, all that knows the HTTP library.

httpcore is used without httpx above it. httpx re-encodes queries, follows redirects,
keeps cookies, and unpacks bodies without a bound; and where a connection goes is decided
here at the moment it is opened (`network`), which httpcore has a place for. The
URL keeps its host name that way, so that certificates are checked against it and no
connection is shared by two names that have one address.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpcore
import truststore

from imageid_daemon.origins.network import AllowedAddresses, CheckedNetwork, NameNotResolved
from imageid_daemon.origins.target import Target
from imageid_loaders.errors import (
    Corrupt,
    ImageError,
    InvalidImageId,
    OriginTimeout,
    Unavailable,
)

# Orthanc closes an idle connection after 1.0 s, with no word of it: a request that is
# sent just then is lost. Others that keep it longer lose nothing but a handshake.
_KEEPALIVE_SECONDS = 0.9


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Args: connect_seconds: with name resolution and TLS; silence_seconds: between reads."""

    connect_seconds: float
    silence_seconds: float


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of a response, and its body as sent; `headers` has lower-case names."""

    status: int
    headers: Mapping[str, str]
    chunks: AsyncIterator[bytes]


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
        ssl_context: called once, in a thread, before the first https request: reading
            the system's certificates is slow.
    """

    def __init__(
        self, allowed_addresses: AllowedAddresses, ssl_context: Callable[[], ssl.SSLContext]
    ) -> None:
        self._network = CheckedNetwork(allowed_addresses)
        self._ssl_context = ssl_context
        self._plain = self._pool(None)
        self._secure: httpcore.AsyncConnectionPool | None = None
        self._making_secure = asyncio.Lock()

    @asynccontextmanager
    async def get(
        self, asked: Target, headers: Iterable[tuple[str, str]], timeouts: Timeouts
    ) -> AsyncIterator[Answer]:
        """Send one GET; its body is over when the context is left.

        Raises:
            Unreached: no response came.
            NotAllowed: the host has no address that may be connected to.
        """
        pool = self._plain if asked.scheme == "http" else await self._secure_pool()
        try:
            response = await pool.handle_async_request(_request(asked, headers, timeouts))
        except (httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError) as e:
            raise _unreached(asked.label, e) from e
        chunks = _chunks(asked.label, response)
        try:
            yield Answer(response.status, _fields(response.headers), chunks)
        finally:
            await chunks.aclose()
            await response.aclose()

    async def aclose(self) -> None:
        """Close every connection."""
        await self._plain.aclose()
        if self._secure is not None:
            await self._secure.aclose()

    async def _secure_pool(self) -> httpcore.AsyncConnectionPool:
        async with self._making_secure:
            if self._secure is None:
                self._secure = self._pool(await asyncio.to_thread(self._ssl_context))
            return self._secure

    def _pool(self, ssl_context: ssl.SSLContext | None) -> httpcore.AsyncConnectionPool:
        return httpcore.AsyncConnectionPool(
            ssl_context=ssl_context,
            max_connections=None,  # the governor counts, per server
            max_keepalive_connections=64,
            keepalive_expiry=_KEEPALIVE_SECONDS,
            http1=True,
            http2=False,
            network_backend=self._network,
        )


def _request(
    asked: Target, headers: Iterable[tuple[str, str]], timeouts: Timeouts
) -> httpcore.Request:
    silence = timeouts.silence_seconds
    return httpcore.Request(
        "GET",
        httpcore.URL(
            scheme=asked.scheme,
            host=asked.host,
            port=asked.port,
            target=asked.request_target,
        ),
        headers=[(b"Host", asked.authority), *((k.encode(), v.encode()) for k, v in headers)],
        extensions={
            "timeout": {"connect": timeouts.connect_seconds, "read": silence, "write": silence}
        },
    )


async def _chunks(label: str, response: httpcore.Response) -> AsyncGenerator[bytes, None]:
    try:
        async for chunk in response.aiter_stream():
            yield chunk
    except httpcore.TimeoutException as error:
        raise _silent(label) from error
    except httpcore.RemoteProtocolError as error:
        raise Corrupt(f"{label} ended the body before it was complete; load it again") from error
    except httpcore.NetworkError as error:
        raise Unavailable(f"{label} broke the connection within the body; try again") from error


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
        invalid = InvalidImageId(f"the request to {label} cannot be written as HTTP/1.1")
        return Unreached(invalid, is_temporary=False)
    if isinstance(error, httpcore.ConnectError):
        return _not_connected(label, error)
    broken = Unavailable(f"{label} closed the connection without an answer; try again later")
    return Unreached(broken, is_temporary=True)


def _not_connected(label: str, error: httpcore.ConnectError) -> Unreached:
    if isinstance(error, NameNotResolved):
        unknown = Unavailable(f"the name of {label} cannot be resolved; check it, or the DNS")
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
