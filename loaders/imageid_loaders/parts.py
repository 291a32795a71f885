"""The parts of a multipart/related answer, one after the other."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Mapping

from imageid_loaders.body import Body
from imageid_loaders.multipart import (
    Data,
    EndOfBody,
    EndOfPart,
    Event,
    MultipartParser,
    PartHeaders,
    content_length,
)


class Parts:
    """
    Args:
        chunks: of the answer's body.
        boundary: the parameter of its Content-Type.
    """

    def __init__(self, chunks: AsyncIterator[bytes], boundary: str | None) -> None:
        self._chunks = chunks
        self._parser = MultipartParser(boundary)
        self._events: deque[Event] = deque()
        self._is_within = False

    async def next(self) -> tuple[Mapping[str, str], Body] | None:
        """Headers and bytes of the next part; what was left of the one before is skipped.

        Returns:
            None behind the closing delimiter.

        Raises:
            errors.Corrupt: the answer ends before it.
        """
        while self._is_within:
            await self._next_of_part()
        event = await self._next_event()
        if not isinstance(event, PartHeaders):
            return None
        self._is_within = True
        return event.headers, Body(self._part(), content_length(event.headers))

    async def _part(self) -> AsyncIterator[bytes]:
        while self._is_within:
            if data := await self._next_of_part():
                yield data

    async def _next_of_part(self) -> bytes:
        event = await self._next_event()
        if isinstance(event, Data):
            return event.data
        self._is_within = not isinstance(event, EndOfPart)
        return b""

    async def _next_event(self) -> Event:
        while not self._events:
            try:
                self._events.extend(self._parser.feed(await anext(self._chunks)))
            except StopAsyncIteration:
                self._parser.finish()
                return EndOfBody()
        return self._events.popleft()
