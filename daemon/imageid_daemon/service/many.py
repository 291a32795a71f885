"""LoadImages: many images' parts, many of them in a message."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import aclosing
from functools import partial

from imageid_daemon.service import wire
from imageid_daemon.service.answering import Answering, Asked
from imageid_daemon.service.errors import code_of, reported
from imageid_daemon.service.line import InTurn, Line
from imageid_daemon.service.wire import Part
from imageid_loaders.errors import ImageError

# The origins' governor sees who waits for what, and puts together what it can; bodies are read
# ahead for few of them (`line`).
_IMAGES_AT_ONCE = 256
_RESULTS_A_MESSAGE = 64
# The last part of a message may have 2 MiB more, and gRPC takes 4 MiB by default.
_FULL_MESSAGE_BYTES = 512 * 1024

Write = Callable[[bytes], Awaitable[None]]


class Many:
    """One call of LoadImages.

    Args:
        asked: of each image.
    """

    def __init__(
        self,
        answering: Answering,
        image_ids: Sequence[str],
        asked: Asked,
        *,
        in_request_order: bool,
    ) -> None:
        self._answering = answering
        self._image_ids = image_ids
        self._asked = asked
        self._line = Line(in_request_order=in_request_order)
        self._to_begin: Iterator[int] = iter(range(len(image_ids)))
        self._running: set[asyncio.Task[None]] = set()
        self._unfinished = len(image_ids)

    async def run(self, write: Write) -> bytes:
        """Write all messages but the last, which is returned: each as soon as nothing more is
        ready, or it is full.
        """
        try:
            self._begin()
            while True:
                results = self._results()
                if not self._unfinished:
                    return wire.load_images_response(results)
                if results:
                    await write(wire.load_images_response(results))
                else:
                    await self._line.grown()
        finally:
            for task in self._running:
                task.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    def _results(self) -> list[tuple[int, Part]]:
        results: list[tuple[int, Part]] = []
        size_bytes = 0
        while len(results) < _RESULTS_A_MESSAGE and size_bytes < _FULL_MESSAGE_BYTES:
            result = self._line.take()
            if result is None:
                break
            results.append(result)
            self._unfinished -= result[1].is_last
            size_bytes += result[1].size_bytes
        return results

    def _begin(self) -> None:
        while len(self._running) < _IMAGES_AT_ONCE:
            index = next(self._to_begin, None)
            if index is None:
                return
            task = asyncio.create_task(self._load(index))
            self._running.add(task)
            task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled():
            self._begin()

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
