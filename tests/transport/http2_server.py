"""A loopback server that speaks HTTP/2 by the h2 library, as well or badly as a test tells it."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from h2 import events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes

CERTIFICATE = Path(__file__).parent / "localhost.pem"


@dataclass(slots=True)
class Exchange:
    """One request, and what a test answers it with."""

    peer: Peer
    stream_id: int
    fields: Mapping[str, str]
    body: bytearray = field(default_factory=bytearray)
    whole: asyncio.Event = field(default_factory=asyncio.Event)
    sent_bytes: int = 0

    @property
    def path(self) -> str:
        return self.fields[":path"]

    def head(self, status: int | str = 200, *, end: bool = False, **fields: str) -> None:
        """Send the head; `_` in a field's name stands for `-`."""
        named = [(name.replace("_", "-"), value) for name, value in fields.items()]
        head = [(":status", str(status)), *named]
        self.peer.h2.send_headers(self.stream_id, head, end_stream=end)
        self.peer.flush()

    async def data(self, data: bytes = b"", *, end: bool = False) -> None:
        """Send a piece of the body, as fast as the client's windows allow."""
        h2, at = self.peer.h2, 0
        while at < len(data):
            room = h2.local_flow_control_window(self.stream_id)
            piece = data[at : at + min(room, h2.max_outbound_frame_size)]
            if not piece:
                await self.peer.changed()
                continue
            at += len(piece)
            h2.send_data(self.stream_id, piece)
            self.sent_bytes += len(piece)
            self.peer.flush()
            await self.peer.writer.drain()
        if end:
            h2.end_stream(self.stream_id)
            self.peer.flush()

    async def answer(self, body: bytes, status: int = 200, **fields: str) -> None:
        self.head(status, content_length=str(len(body)), **fields)
        await self.data(body, end=True)

    def reset(self, error_code: int) -> None:
        self.peer.h2.reset_stream(self.stream_id, error_code)
        self.peer.flush()


Handler = Callable[[Exchange], Awaitable[None]]


@dataclass(slots=True)
class Peer:
    """One connection of a client."""

    server: Http2Server
    h2: H2Connection
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    exchanges: dict[int, Exchange] = field(default_factory=dict)
    handling: set[asyncio.Task[None]] = field(default_factory=set)
    grown: asyncio.Event = field(default_factory=asyncio.Event)
    pongs: int = 0

    def flush(self) -> None:
        self.writer.write(self.h2.data_to_send())

    def raw(self, data: bytes) -> None:
        """Send bytes that h2 knows nothing of."""
        self.flush()
        self.writer.write(data)

    def go_away(self, last_stream_id: int, error_code: int = 0) -> None:
        payload = last_stream_id.to_bytes(4) + error_code.to_bytes(4)
        self.raw(frame(7, 0, 0, payload))

    async def heard(self) -> None:
        """Wait until the client has received all that was sent."""
        pongs = self.pongs
        self.h2.ping(bytes(8))
        self.flush()
        while self.pongs == pongs:
            await self.changed()

    def cut(self) -> None:
        self.flush()
        self.writer.close()

    async def changed(self) -> None:
        self.grown.clear()
        await self.grown.wait()

    async def serve(self) -> None:
        self.h2.initiate_connection()
        self.h2.update_settings(self.server.settings)
        self.flush()
        try:
            while data := await self.reader.read(65536):
                for event in self.h2.receive_data(data):
                    self._take(event)
                self.flush()
        except (ConnectionError, ProtocolError, ssl.SSLError):
            pass
        finally:
            for task in self.handling:
                task.cancel()
            self.writer.close()

    def _take(self, event: events.Event) -> None:
        self.grown.set()
        match event:
            case events.RequestReceived():
                fields = {k.decode(): v.decode() for k, v in event.headers}
                exchange = Exchange(self, event.stream_id, fields)
                self.exchanges[event.stream_id] = exchange
                self.server.received.append(exchange)
                handling = self._answer(exchange)
                self.handling.add(asyncio.create_task(handling))
            case events.DataReceived():
                self.exchanges[event.stream_id].body += event.data
                self.h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
            case events.StreamEnded():
                self.exchanges[event.stream_id].whole.set()
            case events.PingAckReceived():
                self.pongs += 1
            case events.StreamReset():
                self.server.resets.append((event.stream_id, int(event.error_code)))

    async def _answer(self, exchange: Exchange) -> None:
        self.server.open_requests += 1
        self.server.most_open = max(self.server.most_open, self.server.open_requests)
        try:
            await self.server.routes[exchange.path](exchange)
        except ProtocolError:
            pass  # the client has reset the stream meanwhile
        finally:
            self.server.open_requests -= 1


@dataclass
class Http2Server:
    """Args: settings: that it sends; resets: stream and error code of each by a client."""

    routes: dict[str, Handler] = field(default_factory=dict)
    settings: dict[SettingCodes, int] = field(default_factory=dict)
    received: list[Exchange] = field(default_factory=list)
    resets: list[tuple[int, int]] = field(default_factory=list)
    peers: list[Peer] = field(default_factory=list)
    open_requests: int = 0
    most_open: int = 0
    port: int = 0

    @property
    def connections(self) -> int:
        return len(self.peers)

    def url(self, path: str = "") -> str:
        return f"https://localhost:{self.port}{path}"

    def on(self, path: str, handler: Handler) -> str:
        self.routes[path] = handler
        return self.url(path)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        h2 = H2Connection(H2Configuration(client_side=False, validate_outbound_headers=False))
        peer = Peer(self, h2, reader, writer)
        self.peers.append(peer)
        await peer.serve()


def frame(kind: int, flags: int, stream_id: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3) + bytes([kind, flags]) + stream_id.to_bytes(4) + payload


def offering(*protocols: str) -> ssl.SSLContext:
    """TLS settings of a server that offers these by ALPN."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(CERTIFICATE)
    if protocols:
        tls.set_alpn_protocols(list(protocols))
    return tls


@asynccontextmanager
async def running(tls: ssl.SSLContext | None = None) -> AsyncIterator[Http2Server]:
    """Run one on a free port of 127.0.0.1."""
    serving = Http2Server()
    server = await asyncio.start_server(serving.serve, "127.0.0.1", 0, ssl=tls or offering("h2"))
    serving.port = server.sockets[0].getsockname()[1]
    try:
        yield serving
    finally:
        server.close()
        for peer in serving.peers:
            peer.writer.transport.abort()
