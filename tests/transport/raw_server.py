"""A loopback server that sends exactly the bytes it is told to, and keeps what it was sent."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Reply:
    """Args: then: keep, close, reset or silence; gate: awaited between head and body."""

    head: bytes
    body: bytes = b""
    then: str = "keep"
    gate: asyncio.Event | None = None


@dataclass(frozen=True)
class Received:
    """Args: peer: the common name of the client's certificate."""

    method: str
    request_target: str
    fields: Mapping[str, str]
    body: bytes
    peer: str | None = None


def reply(
    body: bytes = b"", *, status: int = 200, then: str = "keep", gate=None, **fields: str
) -> Reply:
    """Make a response with Content-Length; `_` in a field's name stands for `-`."""
    named = {name.replace("_", "-"): value for name, value in fields.items()}
    if "transfer-encoding" not in named:
        named.setdefault("content-length", str(len(body)))
    lines = [f"HTTP/1.1 {status} Words", *(f"{k}: {v}" for k, v in named.items())]
    return Reply("\r\n".join([*lines, "", ""]).encode(), body, then, gate)


NO_ANSWER = Reply(b"", then="close")
SILENCE = Reply(b"", then="silence")


@dataclass
class RawServer:
    """Args: replies: by path, in order; the last one is repeated."""

    replies: dict[str, list[Reply]] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    open_requests: int = 0
    most_open_requests: int = 0
    arrived: asyncio.Condition = field(default_factory=asyncio.Condition)
    scheme: str = "http"
    port: int = 0

    def on(self, path: str, *replies: Reply) -> str:
        """Set what a path answers, and give its URL."""
        self.replies[path] = list(replies)
        return self.url(path)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"{self.scheme}://{host}:{self.port}{path}"

    async def wait_for_requests(self, count: int) -> None:
        async with self.arrived:
            await self.arrived.wait_for(lambda: len(self.received) >= count)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while await self._exchange(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.rstrip().split("\r\n")
        method, request_target, _ = first.split(" ")
        fields = {k.lower(): v for k, v in (line.split(": ", 1) for line in lines)}
        body = await reader.readexactly(int(fields.get("content-length", 0)))
        found = Received(method, request_target, fields, body, _peer(writer))
        self.open_requests += 1
        self.most_open_requests = max(self.most_open_requests, self.open_requests)
        try:
            await self._note(found)
            return await self._answer(found, reader, writer)
        finally:
            self.open_requests -= 1

    async def _note(self, found: Received) -> None:
        async with self.arrived:
            self.received.append(found)
            self.arrived.notify_all()

    async def _answer(
        self, found: Received, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        replies = self.replies.get(found.request_target.partition("?")[0], [reply(status=404)])
        chosen = replies.pop(0) if len(replies) > 1 else replies[0]
        writer.write(chosen.head)
        await writer.drain()
        if chosen.gate is not None:
            await chosen.gate.wait()
        writer.write(chosen.body)
        await writer.drain()
        if chosen.then == "silence":
            await reader.read()
        if chosen.then == "reset":
            linger = struct.pack("ii", 1, 0)  # close with RST instead of FIN
            raw = writer.get_extra_info("socket")
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        return chosen.then == "keep"


def _peer(writer: asyncio.StreamWriter) -> str | None:
    certificate = writer.get_extra_info("peercert") or {}
    names = dict(pair for rdn in certificate.get("subject", ()) for pair in rdn)
    return names.get("commonName")


@asynccontextmanager
async def running(tls: ssl.SSLContext | None = None) -> AsyncIterator[RawServer]:
    """Run a server on a free port of 127.0.0.1."""
    raw = RawServer(scheme="https" if tls else "http")
    server = await asyncio.start_server(raw.serve, "127.0.0.1", 0, ssl=tls)
    raw.port = server.sockets[0].getsockname()[1]
    try:
        yield raw
    finally:
        server.close()
