"""Where fills wait for their parts of a larger answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

import google_crc32c

from imageid_daemon.resolver.places import Place
from imageid_loaders.base import Loader, Request, Resource, Source
from imageid_loaders.errors import ImageError


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
        self._source.set_result(source)

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
            yield replace(source, chunks=self._completed(source, loader, request))
        finally:
            self.leave()

    async def _completed(
        self, part: Source, loader: Loader, request: Request
    ) -> AsyncIterator[bytes]:
        """The part's bytes; where it breaks off, the rest of the same resource alone."""
        received_bytes, crc32c = 0, 0
        try:
            async for chunk in part.chunks:
                received_bytes += len(chunk)
                crc32c = google_crc32c.extend(crc32c, chunk)
                yield chunk
        except ImageError as error:
            broken = error
        else:
            return
        finally:
            self.leave()
        async with loader.open(request) as alone:
            if (alone.media_type, alone.transfer_syntax_uid) != (
                part.media_type,
                part.transfer_syntax_uid,
            ):
                raise broken
            async for chunk in _behind(alone.chunks, received_bytes, crc32c, broken):
                yield chunk


async def _behind(
    chunks: AsyncIterator[bytes], skipped_bytes: int, crc32c: int, broken: ImageError
) -> AsyncIterator[bytes]:
    """What follows the bytes that are there already.

    Raises:
        ImageError: `broken`, where these do not begin with the same bytes.
    """
    skipped_crc32c = 0
    async for chunk in chunks:
        known, rest = chunk[:skipped_bytes], chunk[skipped_bytes:]
        skipped_bytes -= len(known)
        skipped_crc32c = google_crc32c.extend(skipped_crc32c, known)
        if rest and skipped_crc32c != crc32c:
            raise broken
        if rest:
            yield rest
    if skipped_bytes or skipped_crc32c != crc32c:
        raise broken
