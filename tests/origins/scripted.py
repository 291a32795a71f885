"""An origin that answers as a test tells it to, mostly badly."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from origins.server import Handler, LoopbackServer, Received, Reply

Framing = Literal["length", "chunked", "close"]
Lie = Literal[
    "ignores ranges", "ignores If-Range", "names no validator", "begins too late",
    "names another size", "is not satisfied", "gives half", "goes on too long",
]  # fmt: skip


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


@dataclass(slots=True)
class Ranged:
    """One body, whole or from an offset on (RFC 9110 section 14), as well or badly as it is told.

    Args:
        breaks: for each answer in turn, after how many bytes the connection ends; None is
            not. What comes after the last one does not break.
        lie: how requests for a range are answered wrongly.
        released: an answer that would break stalls instead, until it is set.
    """

    body: bytes
    etag: str
    breaks: list[int | None] = field(default_factory=list)
    lie: Lie | None = None
    resets: bool = False
    released: asyncio.Event | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = "application/octet-stream"
    asked: list[str | None] = field(default_factory=list)

    async def __call__(self, request: Received, reply: Reply) -> None:
        asked = request.headers.get("range")
        self.asked.append(asked)
        is_same = self.lie == "ignores If-Range" or request.headers.get("if-range") == self.etag
        if asked is None or not is_same or self.lie == "ignores ranges":
            answer = Answer(self.body).with_headers(ETag=self.etag)
        else:
            answer = self._part(int(asked.removeprefix("bytes=").removesuffix("-")))
        answer = replace(answer.with_headers(**self.headers), content_type=self.content_type)
        await self._broken(answer)(request, reply)

    def _part(self, first: int) -> Answer:
        if self.lie == "is not satisfied" or first >= len(self.body):
            return Answer(status=416).with_headers(Content_Range=f"bytes */{len(self.body)}")
        first += self.lie == "begins too late" and first + 1 < len(self.body)
        end = len(self.body)
        if self.lie == "gives half":
            end = (first + end + 1) // 2
        size_bytes = len(self.body) + (self.lie == "names another size")
        part = self.body[first:end] + (b"more" if self.lie == "goes on too long" else b"")
        named = {} if self.lie == "names no validator" else {"ETag": self.etag}
        named["Content-Range"] = f"bytes {first}-{end - 1}/{size_bytes}"
        return Answer(part, status=206, headers=named)

    def _broken(self, answer: Answer) -> Answer:
        after_bytes = self.breaks.pop(0) if self.breaks else None
        if after_bytes is None or after_bytes >= len(answer.body):
            return answer
        if self.released is not None:
            return answer.stalled(after_bytes, self.released)
        return answer.reset(after_bytes) if self.resets else answer.truncated(after_bytes)


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
