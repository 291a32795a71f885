"""The beginning of a body: had from a fill that broke off, kept for one that comes later.

It is kept where the body broke off or was abandoned, and could be continued: its loader hands
on the answer's bytes as they are, and the origin has given them a strong validator. Nothing is
kept of a body that changed on its way.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from imageid_daemon.cache import Growth, Kept, Partials, Reservation
from imageid_daemon.fills import Fill
from imageid_daemon.resolver.shown_url import shown_url
from imageid_daemon.to_its_end import to_its_end
from imageid_loaders.base import Source
from imageid_loaders.errors import Corrupt, ImageError, Unavailable


class Beginning:
    """Of one fill's body.

    Args:
        key: under which it is kept; None where nothing may be.
        url: of its resource.
    """

    def __init__(self, partials: Partials, key: str | None, url: str) -> None:
        self._partials = partials
        self._key = key
        self._url = shown_url(url)
        # The body is whole: of no use any more.
        self.is_spent = False

    @asynccontextmanager
    async def taken(self) -> AsyncIterator[Kept | None]:
        """What an earlier fill has left, for the transport to continue."""
        kept = None if self._key is None else await self._partials.take(self._key)
        try:
            yield kept
        finally:
            if kept is not None:
                await self._partials.give_back(kept, is_spent=self.is_spent)

    @asynccontextmanager
    async def growing(
        self, fill: Fill[Any], source: Source, reservation: Reservation
    ) -> AsyncIterator[Growth | None]:
        """While the body arrives; what has come is kept when it does not come whole."""
        known = source.continuation
        if self._key is None or known is None or not reservation.size_bytes:
            yield None
            return
        async with self._partials.growing(self._key, known, fill.spool, self._url) as growth:
            try:
                yield growth
            except (ImageError, asyncio.CancelledError) as error:
                if _is_worth_keeping(error, fill, known.size_bytes):
                    await to_its_end(growth.keep(reservation))
                raise


def _is_worth_keeping(error: BaseException, fill: Fill[Any], size_bytes: int | None) -> bool:
    # All of it is here, or more: there is nothing that could be asked for.
    if size_bytes is not None and fill.spool.size_bytes >= size_bytes:
        return False
    if isinstance(error, asyncio.CancelledError):
        return fill.may_keep
    return isinstance(error, Corrupt | Unavailable)
