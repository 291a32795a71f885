"""HTTP/1.1 on a loopback port, written by hand so that an answer may break its rules."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from types import TracebackType
from typing import Self

RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # struct linger {on, 0 seconds}: close() sends RST


@dataclass(frozen=True, slots=True)
class Received:
    """A request as it arrived; header names in lower case, the target as written."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


@dataclass(slots=True)
class Reply:
    """What a handler says to one request, byte by byte."""

    writer: asyncio.StreamWriter
    closes: bool = False
    sent_bytes: int = 0

    async def head(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the header section; without a length the body ends with the connection."""
        names = {name.lower() for name in headers}
        framed = bool(names & {"content-length", "transfer-encoding"}) or status == 304
        self.closes = not framed or headers.get("Connection") == "close"
        lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        if not framed:
            lines.append("Connection: close")
        self.writer.write("\r\n".join([*lines, "", ""]).encode("latin-1"))
        await self.writer.drain()

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()
        self.sent_bytes += len(data)

    def cut(self) -> None:
        """End the connection in good order, whatever was promised."""
        self.closes = True

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        self.closes = True
        connection = self.writer.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        self.writer.transport.abort()


Handler = Callable[[Received, Reply], Awaitable[None]]


@dataclass(slots=True)
class LoopbackServer:
    """Serves `handler` while entered; remembers every request before it is answered."""

    handler: Handler
    tls: ssl.SSLContext | None = None
    requests: list[Received] = field(default_factory=list)
    port: int = 0
    _server: asyncio.Server | None = None
    _connections: dict[asyncio.Task[None], asyncio.StreamWriter] = field(default_factory=dict)
    _arrived: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}"

    def count(self, path: str | None = None) -> int:
        """How many requests came, altogether or for one path."""
        return sum(path in (None, request.path) for request in self.requests)

    def forget(self) -> None:
        self.requests.clear()

    async def requests_arrive(self, count: int, path: str | None = None) -> None:
        """Wait until that many requests have come since the start, answered or not."""
        async with self._arrived:
            await self._arrived.wait_for(lambda: self.count(path) >= count)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._converse, "127.0.0.1", 0, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        tasks = list(self._connections)
        for task, writer in self._connections.items():
            writer.transport.abort()
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.wait_closed()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections[task] = writer
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the peer has left, or the test is over: nobody listens any more
        finally:
            del self._connections[task]
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answer one request; False when the connection ends with it."""
        request = parse_head(await reader.readuntil(b"\r\n\r\n"))
        size_bytes = int(request.headers.get("content-length", 0))
        request = replace(request, body=await reader.readexactly(size_bytes))
        async with self._arrived:
            self.requests.append(request)
            self._arrived.notify_all()
        reply = Reply(writer)
        await self.handler(request, reply)
        return not reply.closes


def parse_head(head: bytes) -> Received:
    request_line, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
    method, target, _version = request_line.split(" ")
    fields = (line.partition(":") for line in lines)
    return Received(method, target, {name.lower(): value.strip() for name, _, value in fields})
