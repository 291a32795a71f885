"""The bytes of an answer on their way to the daemon: looked at, counted, never collected."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Mapping

from imageid_loaders.errors import Corrupt, ImageError
from imageid_loaders.multipart import (
    Data,
    EndOfBody,
    EndOfPart,
    Event,
    MultipartParser,
    PartHeaders,
    content_length,
)

_EPILOGUE_LIMIT_BYTES = 64 * 1024


class Body:
    """Chunks whose beginning can be looked at before they are handed on.

    Args:
        size_bytes: of all chunks together; another sum is an error at their end.
    """

    def __init__(self, chunks: AsyncIterator[bytes], size_bytes: int | None = None) -> None:
        self.size_bytes = size_bytes
        self._chunks = chunks
        self._held: deque[bytes] = deque()
        self._received_bytes = 0

    async def peek(self, size_bytes: int) -> bytes:
        """The first bytes: `size_bytes` or a few more, fewer only if there are no more.

        Raises:
            errors.Corrupt: there is none.
        """
        while sum(map(len, self._held)) < size_bytes:
            try:
                self._held.append(await self._receive())
            except StopAsyncIteration:
                break
        head = b"".join(self._held)
        if not head:
            raise Corrupt("The origin answered without any bytes: check that the image exists.")
        return head

    def __aiter__(self) -> Body:
        return self

    async def __anext__(self) -> bytes:
        return self._held.popleft() if self._held else await self._receive()

    async def _receive(self) -> bytes:
        try:
            chunk = await anext(self._chunks)
        except StopAsyncIteration:
            self._check_size()
            raise
        self._received_bytes += len(chunk)
        return chunk

    def _check_size(self) -> None:
        if self.size_bytes is not None and self._received_bytes != self.size_bytes:
            raise Corrupt(
                f"The origin promised {self.size_bytes} bytes and sent {self._received_bytes}: "
                "load the image again."
            )


class OnlyPart:
    """The body of the single part of a multipart/related answer.

    A second part is an error: one thing was asked for, and which of two answers is meant
    nobody can tell. Content-Location is never followed (it often names internal hosts).
    """

    def __init__(self, chunks: AsyncIterator[bytes], boundary: str | None) -> None:
        self._chunks = chunks
        self._parser = MultipartParser(boundary)
        self._events: deque[Event] = deque()

    async def headers(self) -> Mapping[str, str]:
        """Of the part; to be called once, before its bytes are read."""
        event = await self._next_event()
        if not isinstance(event, PartHeaders):
            raise Corrupt("The origin's multipart answer has no part: check the image's address.")
        return event.headers

    def __aiter__(self) -> OnlyPart:
        return self

    async def __anext__(self) -> bytes:
        while True:
            event = await self._next_event()
            if isinstance(event, Data):
                return event.data
            if isinstance(event, PartHeaders):
                raise Corrupt(
                    "The origin answered with several parts where one was asked for: "
                    "check that the imageId names one frame or instance."
                )
            if isinstance(event, EndOfBody):
                await self._read_epilogue()
                raise StopAsyncIteration
            assert isinstance(event, EndOfPart)  # noqa: S101 - the fourth and last kind

    async def _next_event(self) -> Event:
        while not self._events:
            try:
                self._events.extend(self._parser.feed(await anext(self._chunks)))
            except StopAsyncIteration:
                self._parser.finish()
                raise
        return self._events.popleft()

    async def _read_epilogue(self) -> None:
        """Reach the answer's end, so that its connection can be used again."""
        received_bytes = 0
        try:
            async for chunk in self._chunks:
                received_bytes += len(chunk)
                if received_bytes > _EPILOGUE_LIMIT_BYTES:
                    return
        except ImageError:
            # The closing delimiter has proved that the part is complete.
            return


def declared_size(headers: Mapping[str, str]) -> int | None:
    """The bytes that an answer's Content-Length promises, once its coding is undone."""
    if headers.get("content-encoding", "identity").strip().lower() != "identity":
        return None
    return content_length(headers)
