"""An origin that answers as a test tells it to, mostly badly."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from origins.server import Handler, LoopbackServer, Received, Reply

Framing = Literal["length", "chunked", "close"]


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer and how it goes wrong.

    Args:
        framing: what tells the client where the body ends: Content-Length, chunked
            coding, or nothing but the end of the connection.
        piece_bytes: the body is written in pieces of this size, each on its own.
        pauses_after_bytes: the body stops here until `released` is set.
        ends_after_bytes: the connection ends here, whatever was promised.
        resets: it ends with a TCP reset.
    """

    body: bytes = b""
    content_type: str = "application/octet-stream"
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    framing: Framing = "length"
    piece_bytes: int = 1 << 16
    pauses_after_bytes: int | None = None
    released: asyncio.Event | None = None
    ends_after_bytes: int | None = None
    resets: bool = False

    def with_headers(self, **headers: str) -> Answer:
        """Add header fields; an underscore in a name stands for a hyphen."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return replace(self, headers={**self.headers, **named})

    def framed_by(self, framing: Framing) -> Answer:
        return replace(self, framing=framing)

    def dripped(self, piece_bytes: int) -> Answer:
        return replace(self, piece_bytes=piece_bytes)

    def stalled(self, after_bytes: int, released: asyncio.Event) -> Answer:
        return replace(self, pauses_after_bytes=after_bytes, released=released)

    def truncated(self, after_bytes: int) -> Answer:
        return replace(self, ends_after_bytes=after_bytes)

    def reset(self, after_bytes: int) -> Answer:
        return replace(self, ends_after_bytes=after_bytes, resets=True)

    def gzipped(self) -> Answer:
        return replace(self.with_headers(Content_Encoding="gzip"), body=gzip.compress(self.body))

    async def __call__(self, request: Received, reply: Reply) -> None:
        await reply.head(self.status, self._framing_headers() | dict(self.headers))
        async for piece in self._pieces():
            await reply.send(chunk(piece) if self.framing == "chunked" else piece)
        if self.ends_after_bytes is not None:
            reply.reset() if self.resets else reply.cut()
        elif self.framing == "chunked":
            await reply.send(chunk(b""))

    def _framing_headers(self) -> dict[str, str]:
        headers = {"Content-Type": self.content_type}
        match self.framing:
            case "length":
                headers["Content-Length"] = str(len(self.body))
            case "chunked":
                headers["Transfer-Encoding"] = "chunked"
            case "close":
                pass
        return headers

    async def _pieces(self) -> AsyncIterator[bytes]:
        body = self.body[: self.ends_after_bytes]
        pause = self.pauses_after_bytes
        if pause is None or self.released is None:
            pause = len(body)
        for start in range(0, pause, self.piece_bytes):
            yield body[start : min(start + self.piece_bytes, pause)]
            await asyncio.sleep(0)  # every piece leaves the loop as a write of its own
        if self.released is not None:
            await self.released.wait()
        for start in range(pause, len(body), self.piece_bytes):
            yield body[start : start + self.piece_bytes]


def chunk(data: bytes) -> bytes:
    """One chunk of the chunked transfer coding; an empty one ends the body (RFC 9112 7.1)."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def redirect(location: str, status: int = 302) -> Answer:
    return Answer(status=status).with_headers(Location=location)


@dataclass(slots=True)
class InTurn:
    """The first request gets the first answer, and so on; the last one stays."""

    answers: list[Handler]
    asked: int = 0

    async def __call__(self, request: Received, reply: Reply) -> None:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        await answer(request, reply)


def in_turn(*answers: Handler) -> InTurn:
    return InTurn(list(answers))


@dataclass(frozen=True, slots=True)
class Validated:
    """Gives `answer` with an ETag, and 304 to whoever holds it already (RFC 9110 13.1.2)."""

    answer: Answer
    etag: str

    async def __call__(self, request: Received, reply: Reply) -> None:
        if request.headers.get("if-none-match") == self.etag:
            await reply.head(304, {"ETag": self.etag, **self.answer.headers})
            return
        await self.answer.with_headers(ETag=self.etag)(request, reply)


NOT_FOUND = Answer(b"not found", "text/plain", 404)


class ScriptedOrigin(LoopbackServer):
    """Routes by path, the query left out; an unknown path is 404."""

    def __init__(self) -> None:
        super().__init__(self._answer)
        self.routes: dict[str, Handler] = {}

    def route(self, path: str, answer: Handler) -> str:
        """Answer `path` so from now on; returns its URL."""
        self.routes[path] = answer
        return self.url + path

    async def _answer(self, request: Received, reply: Reply) -> None:
        await self.routes.get(request.path, NOT_FOUND)(request, reply)
