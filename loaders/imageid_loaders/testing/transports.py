"""Transports for tests: one that works, and two that fail."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager

import httpx

from imageid_loaders.base import Response, Transport
from imageid_loaders.errors import Unavailable


class HttpTransport:
    """HTTP without the daemon's allow-list, credentials, limits and retries.

    To be used as `async with HttpTransport() as transport`.
    """

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(follow_redirects=True, trust_env=False, timeout=10)

    async def __aenter__(self) -> HttpTransport:
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._client.aclose()

    @asynccontextmanager
    async def get(self, url: str, headers: Mapping[str, str]) -> AsyncIterator[Response]:
        request = self._client.build_request("GET", url, headers=dict(headers))
        with _http_errors():
            response = await self._client.send(request, stream=True)
        try:
            names = {name.lower(): value for name, value in response.headers.items()}
            yield Response(response.status_code, names, _body(response))
        finally:
            await response.aclose()


async def _body(response: httpx.Response) -> AsyncIterator[bytes]:
    with _http_errors():
        async for chunk in response.aiter_bytes():
            yield chunk


@contextmanager
def _http_errors() -> Iterator[None]:
    try:
        yield
    except httpx.HTTPError as error:
        raise Unavailable(f"The origin cannot be read: {type(error).__name__}.") from error


class BrokenTransport:
    """Lets every body break off after its first half."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    @asynccontextmanager
    async def get(self, url: str, headers: Mapping[str, str]) -> AsyncIterator[Response]:
        async with self._transport.get(url, headers) as response:
            yield Response(response.status, response.headers, self._half(response.chunks))

    async def _half(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        data = b"".join([chunk async for chunk in chunks])
        yield data[: len(data) // 2]
        raise Unavailable("The origin hung up.")


class DeadTransport:
    """An origin that cannot be reached."""

    def get(self, url: str, headers: Mapping[str, str]) -> AbstractAsyncContextManager[Response]:
        raise Unavailable("The origin cannot be reached.")
