"""A connection as httpcore reads and writes it, over asyncio's transports.

httpcore's own streams stop reading after each piece and start again for the next: for a body of
some hundred kilobytes that costs more than the bytes do. Here the event loop reads ahead, within
bounds, and so knows of every byte that came which nobody has asked for.
"""

from __future__ import annotations

import asyncio
import select
import ssl
from collections import deque
from collections.abc import Iterable
from typing import Any

import httpcore

# asyncio reads 256 KiB at a time.
_MOST_AHEAD_BYTES = 1024 * 1024


class NetworkStream(httpcore.AsyncNetworkStream):
    """One connection; what it has received beyond what was read spoils it for another request.

    httpcore keeps such bytes, and would read them as the next answer (RFC 9112 section 6.3 calls
    for closing the connection). A proxy that shares one connection among origins would give
    one's bytes to another.
    """

    def __init__(self, transport: asyncio.Transport, arrivals: _Arrivals) -> None:
        self._transport = transport
        self._arrivals = arrivals
        self._is_spoiled = False

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """The next piece, also where it has more than `max_bytes`: fewer turns for httpcore."""
        try:
            async with asyncio.timeout(timeout):
                return await self._arrivals.next()
        except TimeoutError as error:
            raise httpcore.ReadTimeout(error) from error
        except OSError as error:
            raise httpcore.ReadError(error) from error

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if not buffer:
            return  # httpcore writes the end of every request, too, which is none
        try:
            async with asyncio.timeout(timeout):
                self._arrivals.check_open()
                self._transport.write(buffer)
                await self._arrivals.written()
        except TimeoutError as error:
            raise httpcore.WriteTimeout(error) from error
        except OSError as error:
            raise httpcore.WriteError(error) from error

    def write_soon(self, buffer: bytes) -> None:
        """Write without a wait: for what is short, and as often as something comes at most."""
        if not self._transport.is_closing():
            self._transport.write(buffer)

    async def aclose(self) -> None:
        self.abort()

    def abort(self) -> None:
        # Whoever closes has all that he wants, and a peer that is slow to say goodbye holds nobody.
        self._transport.abort()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> NetworkStream:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout):
                secure = await loop.start_tls(
                    self._transport, self._arrivals, ssl_context, server_hostname=server_hostname
                )
            if secure is None:
                raise ConnectionAbortedError("the peer ended the connection during its handshake")
        except TimeoutError as error:
            self._transport.abort()
            raise httpcore.ConnectTimeout(error) from error
        except OSError as error:  # ssl.SSLError is one
            self._transport.abort()
            raise httpcore.ConnectError(error) from error
        self._arrivals.transport = secure
        return NetworkStream(secure, self._arrivals)

    def get_extra_info(self, info: str) -> Any:
        # An idle connection that can be read is one that httpcore closes.
        if info == "is_readable":
            return self._is_spoiled or self._arrivals.has_more or self._is_readable()
        names = {"client_addr": "sockname", "server_addr": "peername"}
        return self._transport.get_extra_info(names.get(info, info))

    def spoil(self) -> None:
        """Have the connection closed rather than used again."""
        self._is_spoiled = True

    def _is_readable(self) -> bool:
        """Whether something has come that the event loop has not seen yet, or the end."""
        socket = self._transport.get_extra_info("socket")
        if socket is None or socket.fileno() < 0:
            return True
        poll = select.poll()
        poll.register(socket.fileno(), select.POLLIN)
        return bool(poll.poll(0))


async def connect(
    address: str, port: int, timeout: float | None, socket_options: Iterable[Any] | None
) -> NetworkStream:
    """
    Raises:
        httpcore.ConnectTimeout, httpcore.ConnectError: there is no connection.
    """
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(timeout):
            transport, arrivals = await loop.create_connection(_Arrivals, address, port)
    except TimeoutError as error:
        raise httpcore.ConnectTimeout(error) from error
    except OSError as error:
        raise httpcore.ConnectError(error) from error
    for option in socket_options or ():
        transport.get_extra_info("socket").setsockopt(*option)
    return NetworkStream(transport, arrivals)


class _Arrivals(asyncio.Protocol):
    """What has come and was not read yet."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self._pieces: deque[bytes] = deque()
        self._held_bytes = 0
        self._is_over = False
        self._error: Exception | None = None
        self._is_paused = False
        self._grown = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()

    @property
    def has_more(self) -> bool:
        """Whether there are bytes that nobody has read, or none will come any more."""
        return bool(self._pieces) or self._is_over

    async def next(self) -> bytes:
        """The next piece; b"" at the end.

        Raises:
            OSError: the connection broke.
        """
        while not self.has_more:
            self._grown.clear()
            await self._grown.wait()
        if not self._pieces:
            self._check()
            return b""
        piece = self._pieces.popleft()
        self._held_bytes -= len(piece)
        if self._is_paused and self._held_bytes < _MOST_AHEAD_BYTES // 2:
            self._is_paused = False
            self.transport.resume_reading()
        return piece

    def check_open(self) -> None:
        """
        Raises:
            OSError: nothing can be written any more.
        """
        self._check()
        if self.transport.is_closing():
            raise ConnectionResetError("the connection is closed")

    async def written(self) -> None:
        """Wait until more may be written.

        Raises:
            OSError: the connection broke.
        """
        await self._has_room.wait()
        self._check()

    def _check(self) -> None:
        if isinstance(self._error, OSError):
            raise self._error
        if self._error is not None:
            raise ConnectionResetError("the connection broke") from self._error

    # Called by the event loop

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of a TCP connection
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._pieces.append(data)
        self._held_bytes += len(data)
        self._grown.set()
        if self._held_bytes > _MOST_AHEAD_BYTES and not self._is_paused:
            self._is_paused = True
            self.transport.pause_reading()

    def eof_received(self) -> None:
        self._end(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._end(error)

    def pause_writing(self) -> None:
        self._has_room.clear()

    def resume_writing(self) -> None:
        self._has_room.set()

    def _end(self, error: Exception | None) -> None:
        self._error = self._error or error
        self._is_over = True
        self._grown.set()
        self._has_room.set()
