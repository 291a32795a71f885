"""An HTTP proxy that opens tunnels, and remembers where to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field


@dataclass
class Tunnel:
    """Args: status: what CONNECT is answered; only 200 opens a tunnel. opens: when it is."""

    status: int = 200
    opens: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        method, where, _ = head.split("\r\n")[0].split(" ")
        self.asked.append(f"{method} {where}")
        await self.opens.wait()
        writer.write(f"HTTP/1.1 {self.status} Words\r\n\r\n".encode())
        if self.status == 200:
            port = where.rpartition(":")[2]
            onward, back = await asyncio.open_connection("127.0.0.1", int(port))
            await asyncio.gather(_copy(reader, back), _copy(onward, writer))
        writer.close()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65536):
            writer.write(data)
    except ConnectionError:
        pass
    finally:
        writer.close()


@asynccontextmanager
async def tunnel() -> AsyncIterator[Tunnel]:
    proxy = Tunnel()
    proxy.opens.set()
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
