"""Run many jobs, a few at a time, and give their results in the order of the jobs."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from itertools import islice
from typing import Any, TypeVar

T = TypeVar("T")


async def in_order(
    jobs: Iterable[Callable[[], Coroutine[Any, Any, T]]], at_once: int
) -> AsyncGenerator[list[T], None]:
    """Yield what is ready: the results of all jobs that ended, up to the first that has not.

    Close the iterator to cancel what still runs; a job is not begun before a place is free.
    """
    waiting = iter(jobs)
    running: deque[asyncio.Task[T]] = deque()
    try:
        while True:
            running.extend(asyncio.create_task(job()) for job in islice(waiting, at_once))
            if not running:
                return
            await asyncio.wait([running[0]])
            ready = []
            while running and running[0].done():
                ready.append(running.popleft().result())
            at_once = len(ready)
            yield ready
    finally:
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
