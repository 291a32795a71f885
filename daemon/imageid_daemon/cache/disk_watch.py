"""The disk's state in force: told of refusals, it probes until the disk takes writes again."""

from __future__ import annotations

import asyncio
import errno
import time
from collections.abc import Awaitable, Callable

import structlog

from imageid_daemon.cache.disk_state import FIRST_WAIT_SECONDS, DiskHealth, DiskState

log = structlog.get_logger("imageid.cache")


class DiskWatch:
    """Args:
    probe: writes something; raises OSError where the disk does not take it.
    on_change: told of each transition.
    """

    def __init__(
        self,
        probe: Callable[[], Awaitable[None]],
        on_change: Callable[[DiskState], None],
        first_wait_seconds: float = FIRST_WAIT_SECONDS,
    ) -> None:
        self._probe = probe
        self._on_change = on_change
        self._health = DiskHealth(first_wait_seconds)
        self._is_watching = False
        self._probing: asyncio.Task[None] | None = None
        self._recovered = asyncio.Event()
        self._recovered.set()

    def begin(self) -> None:
        """Watch from now on."""
        self._is_watching = True

    @property
    def state(self) -> DiskState:
        return self._health.state

    @property
    def is_writable(self) -> bool:
        return self._health.state is DiskState.OK

    def refused(self, error: Exception) -> None:
        """A write failed."""
        if not self._is_watching or not self._health.refused(time.monotonic()):
            return
        self._tell(reason=_named(error))
        self._recovered.clear()
        if self._probing is None or self._probing.done():
            self._probing = asyncio.create_task(self._probe_until_it_works())

    async def recovered(self) -> None:
        """Wait until the disk is written to."""
        await self._recovered.wait()

    async def close(self) -> None:
        self._is_watching = False
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.wait([self._probing])

    async def _probe_until_it_works(self) -> None:
        while not self.is_writable:
            await asyncio.sleep(max(0.0, self._health.probe_due_seconds - time.monotonic()))
            if not self._health.probe(time.monotonic()):
                continue
            self._on_change(self.state)
            try:
                await self._probe()
            except OSError as error:
                self._health.refused(time.monotonic())
                self._tell(reason=_named(error))
            else:
                self._health.worked(time.monotonic())
                self._tell()
                self._recovered.set()

    def _tell(self, reason: str = "") -> None:
        self._on_change(self.state)
        if self.is_writable:
            log.info("the cache's disk takes writes again")
        else:
            log.warning("the cache's disk refuses; images pass through unstored", reason=reason)


def _named(error: Exception) -> str:
    number = error.errno if isinstance(error, OSError) else None
    return errno.errorcode.get(number or 0, type(error).__name__)
