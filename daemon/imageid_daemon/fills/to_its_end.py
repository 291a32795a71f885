"""Work that is never left half done."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from concurrent.futures import Executor
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


async def job_to_its_end(workers: Executor, job: Callable[[], T]) -> T:
    """The same for a job of a pool: when cancelled before a worker has taken it, it never runs."""
    waiting = workers.submit(job)
    running = asyncio.wrap_future(waiting)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        if not waiting.cancel():
            await _ended(running)
        raise


async def _ended(running: asyncio.Future[Any]) -> None:
    while not running.done():
        # Cancelled a second time, by a stopping daemon: the thread is still at work.
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait([running])
    if not running.cancelled():
        running.exception()  # nobody else will ask
