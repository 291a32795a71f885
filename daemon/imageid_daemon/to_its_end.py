"""Work that is never left half done."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def to_its_end(work: Coroutine[Any, Any, T]) -> T:
    """Await work; when cancelled, wait for its end first, then be cancelled.

    A thread cannot be stopped. Whoever closes a descriptor while one still writes to it
    may have the bytes land in the next file that gets the same number.
    """
    running = asyncio.ensure_future(work)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await _ended(running)
        raise


async def _ended(running: asyncio.Future[Any]) -> None:
    while not running.done():
        # Cancelled a second time, by a stopping daemon: the thread is still at work.
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([running])
    if not running.cancelled():
        running.exception()  # nobody else will ask
