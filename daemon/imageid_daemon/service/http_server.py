"""The HTTP door: metrics for Prometheus, health for whoever watches."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from typing import Any

import uvicorn
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from imageid_daemon import __version__
from imageid_loaders.errors import ConfigurationError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

_LOOPBACK_NAMES = frozenset({"127.0.0.1", "localhost", "[::1]"})
_TEXT = "text/plain; charset=utf-8"


class HttpServer:
    """Serves on the daemon's own event loop."""

    def __init__(self, registry: CollectorRegistry, is_serving: Callable[[], bool]) -> None:
        self._registry = registry
        self._is_serving = is_serving
        self._server: _Server | None = None
        self._task: asyncio.Task[None] | None = None

    async def start(self, address: str) -> str:
        """Listen; gives the address with its real port.

        Raises:
            ConfigurationError: the address is taken.
        """
        listener = _listen(address)
        config = uvicorn.Config(
            self._answer,
            http="h11",
            interface="asgi3",
            lifespan="off",
            ws="none",
            timeout_graceful_shutdown=5,
            log_config=None,
            access_log=False,
            server_header=False,
        )
        self._server = _Server(config)
        self._task = asyncio.create_task(self._server.serve([listener]))
        host, port = listener.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    async def stop(self) -> None:
        if self._server is not None and self._task is not None:
            self._server.should_exit = True
            await self._task

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        # A web page that points its own name at 127.0.0.1 must not read on (DNS rebinding).
        if headers.get("host", "").rpartition(":")[0].lower() not in _LOOPBACK_NAMES:
            await _send(send, 403, _TEXT, b"Ask by a loopback name.\n")
        elif scope["method"] not in ("GET", "HEAD"):
            await _send(send, 405, _TEXT, b"Only GET.\n")
        else:
            await self._route(scope["path"], headers.get("accept", ""), send)

    async def _route(self, path: str, accept: str, send: Send) -> None:
        if path == "/metrics":
            encode, content_type = choose_encoder(accept)
            # Thousands of lines: in a thread, so that no image waits for a scrape.
            await _send(send, 200, content_type, await asyncio.to_thread(encode, self._registry))
        elif path == "/health":
            serving = self._is_serving()
            body = b"SERVING\n" if serving else b"NOT_SERVING\n"
            await _send(send, 200 if serving else 503, _TEXT, body)
        elif path == "/":
            body = f"imageid {__version__}\n\n/metrics\n/health\n".encode()
            await _send(send, 200, _TEXT, body)
        else:
            await _send(send, 404, _TEXT, b"There are /metrics and /health.\n")


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        # Signals are the daemon's.
        yield


def _listen(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host.strip("[]"), int(port)))
        listener.listen(64)
    except OSError as error:
        listener.close()
        raise ConfigurationError(
            f"[server] http: {address} cannot be bound: {error.strerror}. Choose another address, "
            'port 0 for a free one, or "" for none.'
        ) from error
    return listener


async def _send(send: Send, status: int, content_type: str, body: bytes) -> None:
    headers = [
        (b"content-type", content_type.encode("latin-1")),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
