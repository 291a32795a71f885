"""Where fills wait for their parts of a larger answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from imageid_daemon.resolver.places import Place
from imageid_loaders.base import Loader, Request, Resource, Source


@dataclass(frozen=True, slots=True)
class Wanted:
    """A resource that is missing, and where its answer goes."""

    resource: Resource
    place: Place


class Seat:
    """Where a fill waits for its part."""

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        loop = asyncio.get_running_loop()
        self._source: asyncio.Future[Source | None] = loop.create_future()
        self.left: asyncio.Future[None] = loop.create_future()

    def bring(self, source: Source) -> None:
        """The part has come; `left` is done when it was received, though not yet written."""
        self._source.set_result(replace(source, chunks=self._to_the_end(source.chunks)))

    def release(self) -> None:
        """No part will come."""
        if not self._source.done():
            self._source.set_result(None)

    def leave(self) -> None:
        """Nobody reads the part any more."""
        if not self.left.done():
            self.left.set_result(None)

    @asynccontextmanager
    async def open(self, loader: Loader, request: Request) -> AsyncIterator[Source]:
        """As `Loader.open`, once it is known whether the part comes."""
        # Not awaited itself: a fill that is cancelled must not take it from the next one.
        await asyncio.wait([self._source])
        source = self._source.result()
        if source is None:
            async with loader.open(request) as alone:
                yield alone
            return
        try:
            yield source
        finally:
            self.leave()

    async def _to_the_end(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        async for chunk in chunks:
            yield chunk
        self.leave()
