"""Long answers that nobody looks at give way to what somebody does.

A request's turn (`origins.governor`) is held until its answer is read, and a series takes
seconds. So at each server there is one such answer in the background at a time, it leaves
a connection free, and it is not read on while something more urgent is.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from urllib.parse import urlsplit

from imageid_daemon.callers import Caller, Claims, Priority

# A server may give up a client that reads nothing for long.
_LONGEST_PAUSE_SECONDS = 1.0


def is_background(caller: Caller) -> bool:
    """Whether nobody looks at a screen for it."""
    return caller.priority >= Priority.PREFETCH


class Courtesy:
    def __init__(self) -> None:
        self._urgent: Counter[str] = Counter()
        self._lingering: set[str] = set()
        self._changed = asyncio.Event()

    @contextmanager
    def urgent(self, url: str) -> Iterator[None]:
        """Somebody waits for an answer of this server while the context lasts."""
        server = _server(url)
        self._urgent[server] += 1
        try:
            yield
        finally:
            self._urgent[server] -= 1
            if not self._urgent[server]:
                del self._urgent[server]
                self._announce()

    @asynccontextmanager
    async def turn(self, url: str, claims: Claims) -> AsyncIterator[None]:
        """Hold a long answer: at once where somebody waits for it, else one after the other."""
        server = _server(url)
        with claims.watched(self._announce):
            while is_background(claims.foremost) and server in self._lingering:
                await self._changed.wait()
        if not is_background(claims.foremost):
            with self.urgent(url):
                yield
            return
        self._lingering.add(server)
        try:
            yield
        finally:
            self._lingering.discard(server)
            self._announce()

    async def give_way(self, url: str, claims: Claims) -> None:
        """Wait while others are more urgent than those who wait for this answer, or a moment."""
        server = _server(url)
        with suppress(TimeoutError):
            if server in self._urgent and is_background(claims.foremost):
                async with asyncio.timeout(_LONGEST_PAUSE_SECONDS):
                    while server in self._urgent and is_background(claims.foremost):
                        await self._changed.wait()

    def _announce(self) -> None:
        # A fresh event for whoever waits next.
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


def _server(url: str) -> str:
    return urlsplit(url).netloc
