"""All running fills by key: who asks for a key that is on its way joins it."""

from __future__ import annotations

import asyncio
import secrets
import traceback
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

import structlog

from imageid_daemon.callers import ANYONE, Caller
from imageid_daemon.fills.abandonment import Fate, Patience, fate
from imageid_daemon.fills.fill import Fill
from imageid_daemon.fills.spool import Disk, Spool
from imageid_loaders.base import NotModified
from imageid_loaders.errors import Corrupt, ImageError

H = TypeVar("H")
Work = Callable[[Fill[H]], Coroutine[Any, Any, None]]

log = structlog.get_logger("imageid.fills")


class _UnexpectedFailure(ImageError):
    """A bug in a loader or in the daemon; the log has the traceback."""


class Fills(Generic[H]):
    """At most one fill a key.

    Args:
        new_spool_path: a path for each spool, on the file system of the blobs.
        disk: whether spools may be files there now; None is always.
        patience: with fills that nobody waits for; another one counts from then on.
    """

    def __init__(
        self,
        new_spool_path: Callable[[], Path],
        disk: Disk | None = None,
        patience: Patience | None = None,
    ) -> None:
        self._new_spool_path = new_spool_path
        self._disk = disk
        self.patience = patience or Patience()
        self._running: dict[str, Fill[H]] = {}
        self._tasks: dict[Fill[H], asyncio.Task[None]] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def __contains__(self, key: str) -> bool:
        return key in self._running

    @asynccontextmanager
    async def join(
        self, key: str, work: Work[H], caller: Caller = ANYONE
    ) -> AsyncIterator[tuple[Fill[H], bool]]:
        """Follow the fill of a key, and start it if there is none.

        `work` is called at once, and the coroutine that it gives is the fill: it announces
        the head, writes the spool and returns when the body is whole and stored; it raises
        ImageError when there will be none. When the last caller has left it is finished or
        cancelled, as `abandonment` decides. Until then it is as urgent as the most urgent of
        its callers (`Fill.claims`).

        Yields:
            the fill, and whether this call started it
        """
        fill = self._running.get(key)
        started = fill is None
        if fill is None:
            fill = self._start(key, work)
        fill.enter(caller)
        try:
            yield fill, started
        finally:
            fill.leave(caller)
            self._left(key, fill)

    async def close(self) -> None:
        """Cancel what runs; callers get SHUTTING_DOWN."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _start(self, key: str, work: Work[H]) -> Fill[H]:
        fill: Fill[H] = Fill(Spool(self._new_spool_path(), self._disk))
        try:
            coroutine = work(fill)
        except BaseException:
            fill.resources.close()
            raise
        # A task cancelled before its first step never comes to its coroutine.
        fill.resources.callback(coroutine.close)
        self._running[key] = fill
        task = asyncio.create_task(self._run(key, fill, coroutine))
        self._tasks[fill] = task
        task.add_done_callback(lambda _: self._ended(key, fill))
        return fill

    async def _run(self, key: str, fill: Fill[H], coroutine: Coroutine[Any, Any, None]) -> None:
        try:
            error = await _failure(coroutine)
        except asyncio.CancelledError:
            self._forget(key, fill)
            fill.abandon()
            raise
        # Out of the table first: who hears of the end and asks again starts afresh.
        self._forget(key, fill)
        if error is None:
            fill.finish()
        else:
            fill.fail(error)

    def _left(self, key: str, fill: Fill[H]) -> None:
        if fill.callers:
            return
        if fill not in self._tasks:
            fill.resources.close()
        else:
            self._decide(key, fill)

    def _decide(self, key: str, fill: Fill[H]) -> None:
        """Nobody waits for it now: let it go on for a while, or end it."""
        found = fate(fill.progress, self.patience)
        if found is Fate.FINISH:
            fill.remind(self.patience.seconds, lambda: self._decide(key, fill))
            return
        # Out of the table first: a new caller must not join a dying fill.
        self._forget(key, fill)
        fill.may_keep = found is Fate.KEEP
        self._tasks[fill].cancel()

    def _ended(self, key: str, fill: Fill[H]) -> None:
        if not fill.is_done:
            fill.abandon()  # cancelled before its first step
        self._forget(key, fill)
        del self._tasks[fill]
        if not fill.callers:
            fill.resources.close()

    def _forget(self, key: str, fill: Fill[H]) -> None:
        if self._running.get(key) is fill:
            del self._running[key]


async def _failure(coroutine: Coroutine[Any, Any, None]) -> ImageError | None:
    """Carry a fill out; gives why there is no body, or None."""
    try:
        await coroutine
    except NotModified:
        return Corrupt("The origin answers 'not modified' although nothing is stored.")
    except ImageError as error:
        return error
    except Exception as error:  # a loader may raise anything; its callers must hear of it
        # The stack without the message, which may hold a URL.
        stack = "".join(traceback.format_tb(error.__traceback__))
        request_id = secrets.token_hex(8)
        log.error(
            "a fill failed unexpectedly",
            request_id=request_id, error=type(error).__name__, stack=stack,
        )  # fmt: skip
        return _UnexpectedFailure(
            "Resolving the image failed unexpectedly. The daemon's log has the details under "
            f"this request id: {request_id}.",
            request_id=request_id,
        )
    return None
