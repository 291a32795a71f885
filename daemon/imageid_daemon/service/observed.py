"""Tells the metrics how the load of one image went."""

from __future__ import annotations

import asyncio
import time

from imageid_daemon.metrics import Metrics


class Observed:
    """One load, from its request to its last message.

    Args:
        scheme: a label of the metrics, hence of a closed set.
    """

    def __init__(self, metrics: Metrics, scheme: str) -> None:
        self.result = "miss"
        self.started_seconds = time.monotonic()
        self._metrics = metrics
        self._scheme = scheme
        self._sent_bytes = self._handed_bytes = 0
        self._begun = False

    def part(self, data_bytes: int, handed_bytes: int) -> None:
        """A part of the answer is ready."""
        if not self._begun:
            self._begun = True
            seconds = time.monotonic() - self.started_seconds
            self._metrics.observe_first_byte(self._scheme, self.result, seconds)
        self._sent_bytes += data_bytes
        self._handed_bytes += handed_bytes

    def __enter__(self) -> Observed:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        result = self.result
        if kind is not None:
            left = issubclass(kind, (asyncio.CancelledError, GeneratorExit))
            result = "cancelled" if left else "error"
        seconds = time.monotonic() - self.started_seconds
        self._metrics.observe_load(
            self._scheme, result, seconds, self._sent_bytes, self._handed_bytes
        )
