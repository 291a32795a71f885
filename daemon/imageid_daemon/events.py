"""What happens in the cache: a ring of numbered events, followed by any number of watchers."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from itertools import islice

from imageid_loaders.errors import EventsCompacted, ShuttingDown

_REMEMBERED_EVENTS = 10_000
_EVENTS_A_PART = 500
_FAREWELL_SECONDS = 1.0


class EventKind(Enum):
    STORED = "stored"
    EVICTED = "evicted"
    CORRUPT = "corrupt"
    FILL_STARTED = "fill-started"
    FILL_FAILED = "fill-failed"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened.

    Args:
        key: of the entry, or of what a fill is to become.
        url: of its resource; "" where only the entry is known.
        representation: "encoded", "pixels" or "rendered"; "" likewise.
        reason: why a fill failed, as the error table has it.
    """

    sequence: int
    seconds: float
    kind: EventKind
    key: str
    url: str = ""
    representation: str = ""
    size_bytes: int = 0
    reason: str = ""


class Events:
    """Remembers the last of them. Whoever records one waits for no watcher."""

    def __init__(self, remembered: int = _REMEMBERED_EVENTS) -> None:
        # By the clock, so that what a watcher of an earlier run has seen is always older.
        self._last = time.time_ns() // 1000
        self._ring: deque[Event] = deque(maxlen=remembered)
        self._grown = asyncio.Event()
        self._is_closed = False
        self._watchers = 0
        self._nobody_watches = asyncio.Event()
        self._nobody_watches.set()

    @property
    def last_sequence(self) -> int:
        return self._last

    @property
    def oldest_sequence(self) -> int:
        """Of the oldest event that is remembered; of the next one where there is none."""
        return self._last - len(self._ring) + 1

    def record(
        self,
        kind: EventKind,
        key: str,
        *,
        url: str = "",
        representation: str = "",
        size_bytes: int = 0,
        reason: str = "",
    ) -> None:
        self._last += 1
        self._ring.append(
            Event(self._last, time.time(), kind, key, url, representation, size_bytes, reason)
        )
        # A fresh event for whoever waits next: no lock to hand from waiter to waiter.
        grown, self._grown = self._grown, asyncio.Event()
        grown.set()

    async def close(self) -> None:
        """Send all watchers away, and wait until they have heard it; not for one that reads
        nothing.
        """
        self._is_closed = True
        self._grown.set()
        with suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL_SECONDS):
                await self._nobody_watches.wait()

    async def follow(self, after_sequence: int) -> AsyncGenerator[list[Event], None]:
        """Those behind a sequence, as they come.

        Raises:
            EventsCompacted: the next one is not remembered any more.
            ShuttingDown: there will be no more.
        """
        self._watchers += 1
        self._nobody_watches.clear()
        try:
            while not self._is_closed:
                part = self._behind(after_sequence)
                if part:
                    after_sequence = part[-1].sequence
                    yield part
                else:
                    await self._grown.wait()
        finally:
            self._watchers -= 1
            if not self._watchers:
                self._nobody_watches.set()
        raise ShuttingDown("The daemon is stopping. Connect again when it is back.")

    def _behind(self, sequence: int) -> list[Event]:
        first = sequence + 1 - self.oldest_sequence
        if first < 0 or sequence > self._last:
            raise EventsCompacted(
                "The events asked for are not remembered: list the entries, then watch anew.",
                oldest_sequence=str(self.oldest_sequence),
            )
        return list(islice(self._ring, first, first + _EVENTS_A_PART))
