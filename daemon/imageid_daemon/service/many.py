"""LoadImages: many images' parts, many of them in a message."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, aclosing
from functools import partial

from imageid_daemon.service import wire
from imageid_daemon.service.answering import Answering, Asked
from imageid_daemon.service.at_once import AtOnce
from imageid_daemon.service.errors import code_of, reported
from imageid_daemon.service.line import InTurn, Line
from imageid_daemon.service.wire import Part
from imageid_loaders.errors import ImageError

# The origins' governor sees who waits for what, and puts together what it can; bodies are read
# ahead for few of them (`line`).
_IMAGES_AT_ONCE = 256
# In request order: from the first that has not left to the last that sets out.
_LOOK_AHEAD_IMAGES = 512
_RESULTS_A_MESSAGE = 64
# The last part of a message may have 2 MiB more, and gRPC takes 4 MiB by default.
_FULL_MESSAGE_BYTES = 512 * 1024
# A message costs both sides more than a result does: behind a small one, those that come one
# by one are waited for, for less time than anybody notices.
_SMALL_MESSAGE_BYTES = 64 * 1024
_PAUSE_SECONDS = 0.008
_PAUSE = partial(asyncio.sleep, _PAUSE_SECONDS)

Write = Callable[[bytes], Awaitable[None]]
Pause = Callable[[], Awaitable[None]]


class Many:
    """One call of LoadImages.

    Args:
        asked: of each image.
        at_once: gives what need not be waited for; None where the caller's demands are such
            that nothing is.
        pause: between a small message and the next.
    """

    def __init__(
        self,
        answering: Answering,
        image_ids: Sequence[str],
        asked: Asked,
        at_once: AtOnce | None,
        *,
        in_request_order: bool,
        pause: Pause = _PAUSE,
    ) -> None:
        self._answering = answering
        self._image_ids = image_ids
        self._asked = asked
        self._at_once = at_once
        self._in_request_order = in_request_order
        self._pause = pause
        self._line = Line(in_request_order=in_request_order)
        self._looked_at = 0
        # Those that take the long way: not set out yet, and set out.
        self._waiting: deque[int] = deque()
        self._on_their_way: set[int] = set()
        self._running: set[asyncio.Task[None]] = set()
        self._unfinished = len(image_ids)

    async def run(self, write: Write) -> bytes:
        """Write all messages but the last, which is returned: each when nothing more is ready,
        or it is full; the one after a small one some milliseconds later.
        """
        async with AsyncExitStack() as stack:
            if missing := [each for each in self._image_ids if not self._is_likely(each)]:
                expecting = self._answering.expecting(missing, self._asked)
                await stack.enter_async_context(expecting)
            stack.push_async_callback(self._stop)
            return await self._write_all(write)

    async def _write_all(self, write: Write) -> bytes:
        while True:
            results = self._results()
            if self._at_once is not None:
                self._at_once.observe()
            if not self._unfinished:
                return wire.load_images_response(results)
            if not results:
                await self._line.grown()
                continue
            message = wire.load_images_response(results)
            await write(message)
            if len(results) < _RESULTS_A_MESSAGE and len(message) < _SMALL_MESSAGE_BYTES:
                await self._pause()

    async def _stop(self) -> None:
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def _results(self) -> list[tuple[int, Part]]:
        results: list[tuple[int, Part]] = []
        size_bytes = 0
        while len(results) < _RESULTS_A_MESSAGE and size_bytes < _FULL_MESSAGE_BYTES:
            result = self._line.take() or self._next()
            if result is None:
                break
            results.append(result)
            self._unfinished -= result[1].is_last
            size_bytes += result[1].size_bytes
        return results

    def _next(self) -> tuple[int, Part] | None:
        """An image that is there at once; those that are not set out on the long way."""
        if self._in_request_order:
            return self._first()
        while self._looked_at < len(self._image_ids):
            index = self._looked_at
            self._looked_at += 1
            if (part := self._find(index)) is not None:
                return index, part
            self._waiting.append(index)
            self._set_out()
        return None

    def _first(self) -> tuple[int, Part] | None:
        """The first image that has not left, if it is there at once."""
        self._set_out()
        index = self._line.first
        if index >= len(self._image_ids) or index in self._on_their_way:
            return None
        if (part := self._find(index)) is None:
            self._start(index)
            return None
        self._line.pass_by(index)
        return index, part

    def _find(self, index: int) -> Part | None:
        return None if self._at_once is None else self._at_once.find(self._image_ids[index])

    def _is_likely(self, image_id: str) -> bool:
        return self._at_once is not None and self._at_once.is_likely(image_id)

    def _set_out(self) -> None:
        if self._in_request_order:
            self._look_ahead()
        while self._waiting and len(self._running) < _IMAGES_AT_ONCE:
            self._start(self._waiting.popleft())

    def _look_ahead(self) -> None:
        # Those that are there at once wait for their turn where they are: in the cache.
        end = min(len(self._image_ids), self._line.first + _LOOK_AHEAD_IMAGES)
        while self._looked_at < end and len(self._running) < _IMAGES_AT_ONCE:
            if not self._is_likely(self._image_ids[self._looked_at]):
                self._start(self._looked_at)
            self._looked_at += 1

    def _start(self, index: int) -> None:
        if index in self._on_their_way:
            return
        self._on_their_way.add(index)
        task = asyncio.create_task(self._load(index))
        self._running.add(task)
        task.add_done_callback(self._arrived)

    def _arrived(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            self._set_out()

    async def _load(self, index: int) -> None:
        in_turn = partial(InTurn, line=self._line, index=index)
        parts = self._answering.parts(self._image_ids[index], self._asked, in_turn)
        try:
            async with aclosing(parts):
                async for part in parts:
                    await self._line.put(index, part)
        except ImageError as error:
            await self._line.put(index, _failed(error))
        except Exception as error:  # a bug that one image finds is not the others' end
            await self._line.put(index, _failed(reported("LoadImages", error)))


def _failed(error: ImageError) -> Part:
    return Part(error=(code_of(error).value[0], error.reason, error.message))
