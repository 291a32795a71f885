"""What a server sends beyond its answer: never taken for the answer to the next request.

httpcore keeps such bytes in a connection that it uses again, and reads them as the next
answer (RFC 9112 section 6.3 calls for closing it). A proxy that shares one connection among
origins would give one's bytes to another.
"""

from __future__ import annotations

import ssl
from typing import Any

import httpcore

# As much as asyncio reads at a time: nothing is left where it cannot be seen.
_READ_BYTES = 256 * 1024


class WatchedStream(httpcore.AsyncNetworkStream):
    """A connection that can say whether more has come than was read."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, *, is_tls: bool = False) -> None:
        self._stream = stream
        self._is_tls = is_tls
        self._unread = b""
        self._is_spoiled = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._unread or await self._stream.read(max(max_bytes, _READ_BYTES), timeout)
        data, self._unread = data[:max_bytes], data[max_bytes:]
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        secure = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        return WatchedStream(secure, is_tls=True)

    def get_extra_info(self, info: str) -> Any:
        # An idle connection that can be read is one that httpcore closes.
        if info == "is_readable" and self._is_spoiled:
            return True
        return self._stream.get_extra_info(info)

    async def has_more(self) -> bool:
        """Whether bytes are here that nobody has read; waits for none."""
        if self._is_tls and not self._unread:
            # Records that TLS has not been asked for yet.
            try:
                self._unread = await self._stream.read(_READ_BYTES, timeout=0)
            except (httpcore.ReadTimeout, httpcore.ReadError):
                return False
        return bool(self._unread)

    def spoil(self) -> None:
        """Have the connection closed rather than used again."""
        self._is_spoiled = True


async def watch(response: httpcore.Response) -> None:
    """To be called before a response is closed: spoils its connection if there is more."""
    stream = response.extensions.get("network_stream")
    if isinstance(stream, WatchedStream) and (
        _is_ahead(response.stream) or await stream.has_more()
    ):
        stream.spoil()


def _is_ahead(stream: object) -> bool:
    """Whether the parser holds bytes beyond the answer.

    httpcore has no word for it, so the parser is looked up by name; where it is not found any
    more, no connection is used again, and a test says so.
    """
    connection = getattr(getattr(stream, "_stream", None), "_connection", None)
    parser = getattr(connection, "_h11_state", None)
    return parser is None or bool(parser.trailing_data[0])
