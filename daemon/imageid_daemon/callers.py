"""Who waits for something, and how urgently. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import IntEnum


class Priority(IntEnum):
    """What an image is wanted for; the smaller number goes first."""

    INTERACTION = 0
    THUMBNAIL = 1
    PREFETCH = 2
    COMPUTE = 3


@dataclass(frozen=True, slots=True)
class Caller:
    """One who waits.

    Args:
        identity: of the program, as far as the daemon can tell programs apart; turns go
            round by it. Nothing is permitted or refused by it, and it is never logged.
    """

    identity: str = ""
    priority: Priority = Priority.INTERACTION


ANYONE = Caller()


class Claims:
    """All who wait for one thing: it is as urgent as the most urgent of them."""

    def __init__(self, *callers: Caller) -> None:
        self._callers = Counter(callers)
        self._watchers: list[Callable[[], None]] = []
        self._foremost = self._most_urgent(ANYONE)

    @property
    def foremost(self) -> Caller:
        """The most urgent caller, the first of several; the last one when all have left."""
        return self._foremost

    def add(self, caller: Caller) -> None:
        self._callers[caller] += 1
        if len(self._callers) == 1 or caller.priority < self._foremost.priority:
            self._settle()

    def remove(self, caller: Caller) -> None:
        self._callers[caller] -= 1
        if self._callers[caller]:
            return
        del self._callers[caller]
        if caller == self._foremost:
            self._settle()

    @contextmanager
    def watched(self, watcher: Callable[[], None]) -> Iterator[None]:
        """Call `watcher` whenever `foremost` becomes another."""
        self._watchers.append(watcher)
        try:
            yield
        finally:
            self._watchers.remove(watcher)

    def _settle(self) -> None:
        before = self._foremost
        self._foremost = self._most_urgent(before)
        if self._foremost != before:
            for watcher in self._watchers:
                watcher()

    def _most_urgent(self, otherwise: Caller) -> Caller:
        return min(self._callers, key=lambda caller: caller.priority, default=otherwise)
