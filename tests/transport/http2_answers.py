"""How a server of HTTP/2 answers in tests."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable

from transport.conftest import Way
from transport.http2_server import Exchange, Handler, Http2Server

IMAGE = random.Random(1).randbytes(200_000)


def body(content: bytes, **fields: str) -> Handler:
    """Answers with it."""

    async def handler(exchange: Exchange) -> None:
        await exchange.answer(content, **fields)

    return handler


class Held:
    """An answer that waits, to be there while something else goes wrong on its connection."""

    def __init__(self, server: Http2Server, path: str = "/held") -> None:
        self.go_on = asyncio.Event()
        self.url = server.on(path, self._answer)
        self.is_asked = asyncio.Event()

    async def _answer(self, exchange: Exchange) -> None:
        exchange.head(200, content_length=str(len(IMAGE)))
        await exchange.data(IMAGE[:1000])
        self.is_asked.set()
        await self.go_on.wait()
        await exchange.data(IMAGE[1000:], end=True)

    async def reading(self, client: Way) -> asyncio.Task[bytes]:
        task = asyncio.create_task(client.read(self.url))
        await self.is_asked.wait()
        return task


class Ranged:
    """Gives IMAGE, whole or from where it is asked for; the first answer goes wrong within."""

    def __init__(self, go_wrong: Callable[[Exchange], None]) -> None:
        self.asked: list[str | None] = []
        self._go_wrong = go_wrong

    async def __call__(self, exchange: Exchange) -> None:
        asked = exchange.fields.get("range")
        self.asked.append(asked)
        if asked is None:
            exchange.head(200, content_length=str(len(IMAGE)), etag='"1"')
            await exchange.data(IMAGE[:5000])
            self._go_wrong(exchange)
            return
        first = int(asked.removeprefix("bytes=").removesuffix("-"))
        part = f"bytes {first}-{len(IMAGE) - 1}/{len(IMAGE)}"
        await exchange.answer(IMAGE[first:], 206, etag='"1"', content_range=part)


def in_turn(*handlers: Handler) -> Handler:
    """The first request has the first answer, and so on; the last one stays."""
    left = list(handlers)

    async def handler(exchange: Exchange) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(exchange)

    return handler


def doing(wrong: Callable[[Exchange], None]) -> Handler:
    """An answer that is none."""

    async def handler(exchange: Exchange) -> None:
        wrong(exchange)

    return handler
