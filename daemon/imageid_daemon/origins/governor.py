"""How many requests one server gets at a time, whatever the number of callers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Hashable
from contextlib import asynccontextmanager


class _Slots:
    def __init__(self, limit: int) -> None:
        self.free = asyncio.Semaphore(limit)
        self.users = 0


class Governor:
    """Hands out slots, each held until the body of a response has been closed."""

    def __init__(self) -> None:
        self._slots: dict[Hashable, _Slots] = {}

    def __len__(self) -> int:
        """Count the servers that have requests, running or waiting."""
        return len(self._slots)

    @asynccontextmanager
    async def slot(self, server: Hashable, limit: int) -> AsyncIterator[None]:
        """Wait for a slot of this server, in order of arrival."""
        slots = self._slots.setdefault(server, _Slots(limit))
        slots.users += 1
        try:
            async with slots.free:
                yield
        finally:
            slots.users -= 1
            # With "any" in the allow-list there is no end to servers; keep the busy ones.
            if slots.users == 0 and self._slots.get(server) is slots:
                del self._slots[server]
