"""What of a call can be answered without waiting for anything."""

from __future__ import annotations

import time

from imageid_daemon.metrics import Metrics
from imageid_daemon.resolver import Output
from imageid_daemon.service.prepared import Preparations
from imageid_daemon.service.wire import Part


class AtOnce:
    """One call's images.

    Args:
        by_path: whether bodies are handed over by their paths.
        body_bytes: the most that may be in an answer otherwise.
    """

    def __init__(
        self,
        preparations: Preparations,
        metrics: Metrics,
        output: Output,
        *,
        by_path: bool,
        body_bytes: int,
    ) -> None:
        self._preparations = preparations
        self._metrics = metrics
        self._output = output
        self._body_bytes = 0 if by_path else body_bytes
        self._started_seconds = time.monotonic()
        self._scheme = ""
        self._images = self._sent_bytes = self._handed_bytes = 0

    def is_likely(self, image_id: str) -> bool:
        """Whether `find` finds it, unless its file is gone or not in memory."""
        return self._preparations.holds(image_id, self._output)

    def find(self, image_id: str) -> Part | None:
        """The whole answer; None where it takes the long way."""
        seconds = time.monotonic() - self._started_seconds
        found = self._preparations.find(image_id, self._output, seconds, self._body_bytes)
        if found is None:
            return None
        prepared, part = found
        if prepared.scheme != self._scheme:
            self.observe()
            self._scheme = prepared.scheme
        self._images += 1
        self._sent_bytes += part.data_bytes
        self._handed_bytes += part.handed_bytes
        return part

    def observe(self) -> None:
        """Tell the metrics what was found since the last time: it leaves now."""
        if self._images:
            seconds = time.monotonic() - self._started_seconds
            self._metrics.observe_hits(
                self._scheme, self._images, seconds, self._sent_bytes, self._handed_bytes
            )
            self._images = self._sent_bytes = self._handed_bytes = 0
