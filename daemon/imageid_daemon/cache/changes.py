"""Changes that are never left half done."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class Changes:
    def __init__(self) -> None:
        self._running: set[asyncio.Task[Any]] = set()

    async def carry_out(self, change: Coroutine[Any, Any, T]) -> T:
        """Await a change that goes on to its end even if the caller leaves.

        Half of one would put index, books and files at odds.
        """
        task = asyncio.create_task(change)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    async def settled(self) -> None:
        """Wait for those that run."""
        await asyncio.gather(*self._running, return_exceptions=True)
