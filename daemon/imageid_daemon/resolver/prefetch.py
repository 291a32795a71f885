"""Images brought into the cache ahead of need, a few at a time, told as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any, TypeAlias

from imageid_daemon.resolver.answer import CacheStatus
from imageid_loaders.errors import Busy, ImageError

# More than an origin is asked for at a time: others' images may come from other origins.
_AT_ONCE = 16
_RESULTS_A_PART = 100
_MOST_DETACHED = 16


@dataclass(frozen=True, slots=True)
class Prefetched:
    """What became of one image.

    Args:
        index: in the request, from 0.
        size_bytes: of all its representations.
        status: of that which cost the most.
        stored: whether the cache has taken it.
        error: None where it did not fail.
    """

    index: int
    size_bytes: int = 0
    status: CacheStatus = CacheStatus.MISS
    stored: bool = False
    error: ImageError | None = None


Step: TypeAlias = Callable[[], Coroutine[Any, Any, Prefetched]]


class Prefetches:
    """Runs prefetches; those that are detached outlive the calls that asked for them."""

    def __init__(self) -> None:
        self._detached: set[_Job] = set()

    async def run(
        self,
        steps: Iterable[Step],
        *,
        detach: bool,
        within: AbstractAsyncContextManager[object],
    ) -> AsyncGenerator[list[Prefetched], None]:
        """Carry steps out. Close the iterator to stop, unless it is detached.

        Args:
            within: entered before the first step, left after the last.

        Yields:
            Those that are done by now, in the order in which they were.

        Raises:
            Busy: too many detached ones run already.
        """
        if detach and len(self._detached) >= _MOST_DETACHED:
            raise Busy(
                f"{_MOST_DETACHED} detached prefetches run already. Wait for one to end, or "
                "prefetch without detaching."
            )
        job = _Job(steps, within)
        if detach:
            self._detached.add(job)
            job.task.add_done_callback(lambda _: self._detached.discard(job))
        try:
            async for part in job.follow():
                yield part
        finally:
            if not detach:
                await job.stop()

    async def close(self) -> None:
        """Stop those that are detached."""
        await asyncio.gather(*(job.stop() for job in self._detached))


class _Job:
    def __init__(self, steps: Iterable[Step], within: AbstractAsyncContextManager[object]) -> None:
        self._steps = iter(steps)
        self._within = within
        self._results: list[Prefetched] = []
        self._grown = asyncio.Event()
        self.task = asyncio.create_task(self._work())
        self.task.add_done_callback(lambda _: self._announce())

    async def follow(self) -> AsyncGenerator[list[Prefetched], None]:
        """All results from the first on; how fast they are read holds nothing up."""
        told = 0
        while True:
            grown = self._grown
            if part := self._results[told : told + _RESULTS_A_PART]:
                told += len(part)
                yield part
            elif self.task.done():
                await self.task
                return
            else:
                await grown.wait()

    async def stop(self) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])
        if not self.task.cancelled():
            self.task.exception()  # told already, or of no more interest

    async def _work(self) -> None:
        async with self._within, asyncio.TaskGroup() as group:
            for _ in range(_AT_ONCE):
                group.create_task(self._one_after_the_other())

    async def _one_after_the_other(self) -> None:
        # All take from one iterator.
        for step in self._steps:
            self._results.append(await step())
            self._announce()

    def _announce(self) -> None:
        # A fresh event for whoever waits next.
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()
