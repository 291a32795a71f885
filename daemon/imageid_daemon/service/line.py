"""Parts of many images on their way into one stream: whose is next, and how much is read ahead.

An image has at most one part in the line and waits until it is taken, so a large image takes
turns with all others. Only so many parts hold bytes at a time, whatever is asked for; an image
that waits for its origin holds none and takes nobody's place.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict

from imageid_daemon.fills import Blob, Body
from imageid_daemon.service.wire import Part

# At 256 KiB each, 4 MiB a call.
_READ_AHEAD_PARTS = 16


class Line:
    """Args:
    in_request_order: one image whole after the other, by their indices; otherwise first come,
        first taken.
    """

    def __init__(self, *, in_request_order: bool) -> None:
        # The image that all others wait for; none where they do not.
        self._first = 0 if in_request_order else None
        self._ready: dict[int, tuple[Part, asyncio.Future[None]]] = {}
        self._holding: set[int] = set()
        self._waiting: OrderedDict[int, asyncio.Future[None]] = OrderedDict()
        self._grown = asyncio.Event()

    async def place(self, index: int) -> None:
        """Wait until the image may read a part; the place is free again when that is taken."""
        if index not in self._holding and not self._is_admitted(index):
            self._waiting[index] = asyncio.get_running_loop().create_future()
            await self._waiting[index]
        self._holding.add(index)

    async def put(self, index: int, part: Part) -> None:
        """Come into the line; waits until the part is taken, unless it is the image's last."""
        taken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._ready[index] = part, taken
        self._grown.set()
        if not part.is_last:
            await taken

    def take(self) -> tuple[int, Part] | None:
        """The next part and the index of its image, if it is there."""
        index = next(iter(self._ready), None) if self._first is None else self._first
        if index is None or index not in self._ready:
            return None
        part, taken = self._ready.pop(index)
        if not taken.done():
            taken.set_result(None)
        self._holding.discard(index)
        if part.is_last:
            self.pass_by(index)
        self._admit()
        return index, part

    @property
    def first(self) -> int:
        """In request order, the first image that has not left whole."""
        return self._first or 0

    def pass_by(self, index: int) -> None:
        """An image has left without having been in the line."""
        if self._first == index:
            self._first += 1
            self._admit()

    async def grown(self) -> None:
        """Wait for a part since the last call."""
        await self._grown.wait()
        self._grown.clear()

    def _is_admitted(self, index: int) -> bool:
        # Whoever all others wait for needs no place: it gets one more.
        return index == self._first or len(self._holding) < _READ_AHEAD_PARTS

    def _admit(self) -> None:
        if self._first is not None and self._first in self._waiting:
            self._let_in(self._first)
        while self._waiting and len(self._holding) < _READ_AHEAD_PARTS:
            self._let_in(next(iter(self._waiting)))

    def _let_in(self, index: int) -> None:
        self._holding.add(index)
        waiter = self._waiting.pop(index)
        if not waiter.done():
            waiter.set_result(None)


class InTurn:
    """A body that is read when its image has a place in the line."""

    def __init__(self, body: Body, line: Line, index: int) -> None:
        self._body = body
        self._line = line
        self._index = index

    async def arrived(self, offset: int) -> None:
        await self._body.arrived(offset)

    async def read(self, offset: int, limit_bytes: int) -> bytes:
        await self._body.arrived(offset)
        await self._line.place(self._index)
        return await self._body.read(offset, limit_bytes)

    def duplicate(self) -> Blob:
        return self._body.duplicate()
