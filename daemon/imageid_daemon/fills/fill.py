"""One running fetch or derivation, and what its callers wait for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Generic, TypeVar

from imageid_daemon.callers import Caller, Claims
from imageid_daemon.fills.abandonment import Progress
from imageid_daemon.fills.spool import Spool
from imageid_loaders.errors import ImageError, ShuttingDown

H = TypeVar("H")


class Fill(Generic[H]):
    """A task that belongs to the daemon; callers come and go.

    States: fetching, head known, done or failed. `H` is what is known at the head.
    """

    def __init__(self, spool: Spool) -> None:
        self.spool = spool
        self.callers = 0
        self.claims = Claims()
        self.size_bytes: int | None = None
        # Closed with the fill: what its work needs to stay open.
        self.resources = ExitStack()
        self.resources.callback(spool.close)
        # Whether somebody asked for the fill's key to be kept: then it is not abandoned.
        self.is_pinned: Callable[[], bool] = lambda: False
        # Whether its work, when it is cancelled, may keep what has come for another time.
        self.may_keep = True
        self._head_seconds = self._left_seconds = time.monotonic()
        self._reminder: asyncio.TimerHandle | None = None
        self.resources.callback(self._forget_reminder)
        # None where it failed before.
        self._head: asyncio.Future[H | None] = asyncio.get_running_loop().create_future()
        self._done = asyncio.Event()
        self._error: ImageError | None = None

    def enter(self, caller: Caller) -> None:
        self.callers += 1
        self.claims.add(caller)
        self._forget_reminder()

    def leave(self, caller: Caller) -> None:
        self.callers -= 1
        self.claims.remove(caller)
        self._left_seconds = time.monotonic()

    @property
    def progress(self) -> Progress:
        """While it has no callers."""
        now = time.monotonic()
        return Progress(
            self.spool.size_bytes,
            self.size_bytes,
            running_seconds=now - self._head_seconds,
            unseen_seconds=now - self._left_seconds,
            is_pinned=self.is_pinned(),
        )

    def remind(self, seconds: float, decide: Callable[[], None]) -> None:
        """Have its fate decided again, unless somebody joins before."""
        self._forget_reminder()
        self._reminder = asyncio.get_running_loop().call_later(seconds, decide)

    def _forget_reminder(self) -> None:
        if self._reminder is not None:
            self._reminder.cancel()

    def announce(self, head: H, size_bytes: int | None = None) -> None:
        """The head is known: callers may begin to read the spool."""
        self.size_bytes = size_bytes
        self._head_seconds = time.monotonic()
        self._head.set_result(head)

    async def head(self) -> H:
        """What is known before the first byte.

        Raises:
            ImageError: the fill failed before.
        """
        head = self._head.result() if self._head.done() else await asyncio.shield(self._head)
        if head is None:
            raise self._failure()
        return head

    async def whole(self) -> None:
        """Wait for the end.

        Raises:
            ImageError: the fill failed.
        """
        await self._done.wait()
        if self._error is not None:
            raise self._failure()

    @property
    def is_done(self) -> bool:
        return self._done.is_set()

    def finish(self) -> None:
        self.spool.seal()
        self._done.set()

    def fail(self, error: ImageError) -> None:
        """Tell every caller, whatever it waits for."""
        self._error = error.anew()
        self.spool.fail(error)
        if not self._head.done():
            self._head.set_result(None)
        self._done.set()

    def _failure(self) -> ImageError:
        assert self._error is not None  # noqa: S101 - it has failed
        return self._error.anew()

    def abandon(self) -> None:
        """The task was cancelled: the daemon stops, or the last caller left."""
        self.fail(ShuttingDown("The daemon is stopping. Connect again when it is back."))
