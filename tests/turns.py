"""Turns of the event loop for others, where no event tells that they have come so far."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_PATIENCE_SECONDS = 20


async def until(condition: Callable[[], bool]) -> None:
    """Let others go on until it holds.

    Raises:
        TimeoutError: it never does.
    """
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not condition():  # noqa: ASYNC110 - see the module
            await asyncio.sleep(0)


async def settled() -> None:
    """Let everybody go as far as they can without I/O."""
    for _ in range(20):
        await asyncio.sleep(0)
