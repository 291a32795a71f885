"""The grpc_server_* metrics of one method, and of one call of it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import grpc
from prometheus_client import Counter

from imageid_daemon.metrics import CallMetrics

_NAMES = {code.value[0]: code.name for code in grpc.StatusCode}


class Counters:
    """Those of one method, looked up once.

    Args:
        kind: "unary" or "server_stream".
    """

    def __init__(self, metrics: CallMetrics, kind: str, method: str) -> None:
        service, _, name = method.lstrip("/").partition("/")
        self._labels = (kind, service, name)
        self._handled = metrics.handled
        self._by_code: dict[str, Counter] = {}
        self.started = metrics.started.labels(*self._labels)
        self.received = metrics.received.labels(*self._labels)
        self.sent = metrics.sent.labels(*self._labels)
        self.seconds = metrics.seconds.labels(*self._labels)

    def handled(self, code: str) -> None:
        if code not in self._by_code:
            self._by_code[code] = self._handled.labels(*self._labels, code)
        self._by_code[code].inc()


class Count:
    """One call, while the context lasts."""

    def __init__(self, counters: Counters, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        self._counters = counters
        self._context = context
        self._started_seconds = time.monotonic()

    def sent(self) -> None:
        """A message was sent."""
        self._counters.sent.inc()

    def __enter__(self) -> Count:
        self._counters.started.inc()
        # Every method of the contract takes one message.
        self._counters.received.inc()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._counters.seconds.observe(time.monotonic() - self._started_seconds)
        self._counters.handled(self._code(kind))

    def _code(self, kind: type[BaseException] | None) -> str:
        if kind is not None and issubclass(kind, (asyncio.CancelledError, GeneratorExit)):
            return "Cancelled"
        code = self._context.code()
        if not code:
            return "OK" if kind is None else "Unknown"
        name = code.name if isinstance(code, grpc.StatusCode) else _NAMES.get(code, "UNKNOWN")
        return "OK" if name == "OK" else name.title().replace("_", "")
