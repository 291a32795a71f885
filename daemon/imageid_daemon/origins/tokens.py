"""Tokens of OAuth 2 while they last: fetched once for all, renewed before their end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from imageid_daemon.config import OriginSettings
from imageid_daemon.origins.oauth import Token
from imageid_loaders.errors import ImageError

# A client that is refused for each of two thousand slices would soon be locked out.
_PAUSE_SECONDS = 5.0


class Tokens:
    """Keeps one token an origin.

    Args:
        fetch: asks the origin's token endpoint; raises ImageError.
        now: gives seconds that only grow.
    """

    def __init__(
        self,
        fetch: Callable[[OriginSettings], Awaitable[Token]],
        now: Callable[[], float],
    ) -> None:
        self._fetch = fetch
        self._now = now
        self._kept: dict[OriginSettings, Token] = {}
        self._failed: dict[OriginSettings, tuple[float, ImageError]] = {}
        self._running: dict[OriginSettings, asyncio.Task[Token]] = {}

    async def token(self, origin: OriginSettings) -> str:
        """Give a token that is fresh still.

        Raises:
            ImageError: there is none; also for a few seconds after one was refused.
        """
        kept = self._kept.get(origin)
        if kept is not None and self._now() < kept.fresh_until_seconds:
            return kept.value
        failed_seconds, error = self._failed.get(origin, (float("-inf"), None))
        if error is not None and self._now() - failed_seconds < _PAUSE_SECONDS:
            raise error.with_traceback(None)
        if origin not in self._running:
            task = self._running[origin] = asyncio.create_task(self._renew(origin))
            task.add_done_callback(_heard)
        # A caller that leaves takes the token from nobody.
        return (await asyncio.shield(self._running[origin])).value

    def reject(self, origin: OriginSettings, value: str) -> bool:
        """The origin does not accept this one, whatever its end was said to be.

        Returns:
            whether another may help: not where this one had only just been given
        """
        kept = self._kept.get(origin)
        if kept is None or kept.value != value:
            return True  # another caller has been faster
        if self._now() - kept.since_seconds < _PAUSE_SECONDS:
            return False
        del self._kept[origin]
        return True

    async def aclose(self) -> None:
        """Stop asking."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _renew(self, origin: OriginSettings) -> Token:
        try:
            token = self._kept[origin] = await self._fetch(origin)
        except ImageError as error:
            self._failed[origin] = (self._now(), error)
            raise
        else:
            self._failed.pop(origin, None)
            return token
        finally:
            del self._running[origin]


def _heard(task: asyncio.Task[Token]) -> None:
    """There may be no caller left to hear why it failed."""
    if not task.cancelled():
        task.exception()
