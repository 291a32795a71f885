"""Everything Prometheus sees, on a registry of its own.

Labels are closed sets: schemes that a loader is installed for, statuses, code classes,
priorities, and the names of configured origins.
Never an imageId, a URL or a UID.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import version
from typing import Protocol

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from imageid_daemon import __version__
from imageid_daemon.callers import Priority
from imageid_daemon.histogram import Histogram as LoadHistogram

_FIRST_BYTE_BUCKETS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)
_DECODE_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60)
_DISK_STATES = ("ok", "read_through", "probing")
_LOAD_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 30, 120)


class CacheFigures(Protocol):
    """What the cache's books say."""

    limit_bytes: int
    stored_bytes: int
    partial_bytes: int
    reserved_bytes: int
    deleting_bytes: int
    evicted_bytes: int
    evicted_blobs: int

    @property
    def entries(self) -> int: ...

    def pinned_bytes(self, now_seconds: float) -> int: ...


class PoolFigures(Protocol):
    """What the pool of decoding workers does at the moment."""

    @property
    def busy(self) -> int: ...
    @property
    def idle(self) -> int: ...
    @property
    def waiting(self) -> Mapping[Priority, int]: ...


class OriginFigures(Protocol):
    """How things stand at one origin; `limit` and `breaker` are None where it is several."""

    @property
    def name(self) -> str: ...
    @property
    def waiting(self) -> Mapping[Priority, int]: ...
    @property
    def running(self) -> int: ...
    @property
    def limit(self) -> int | None: ...
    @property
    def breaker(self) -> int | None: ...
    @property
    def opened(self) -> int: ...
    @property
    def refused(self) -> int: ...


class Metrics:
    """Counters to be told of what happens; one instance a daemon."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]
        self.registry = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self.registry)
        self._requests = self._counter(
            "requests", "Images asked for, by how they were answered.", "scheme", "result"
        )
        self._first_byte = self._of_loads(
            "first_byte_seconds", "Time to the first message of an answer.", _FIRST_BYTE_BUCKETS
        )
        self._load = self._of_loads(
            "load_seconds", "Time to the last message of an answer.", _LOAD_BUCKETS
        )
        self._sent = self._counter("sent_bytes", "Bytes of bodies sent to callers.", "scheme")
        self._handed_over = self._counter(
            "handed_over_bytes", "Bytes of bodies given to callers by their path.", "scheme"
        )
        # The commonest ones, found once.
        self._counters: dict[tuple[str, str], tuple[Counter, Counter, Counter]] = {}
        self._origin = self._counter(
            "origin_requests", "Requests sent to origins, by class of answer.", "scheme", "code"
        )
        self._coalesced = self._counter(
            "coalesced_callers", "Callers that joined what another had begun."
        )
        self._corrupt = self._counter("cache_corrupt", "Blobs found damaged and put aside.")
        self._decode = Histogram(
            "imageid_decode_seconds",
            "Time that a worker took for a job.",
            ["task"],
            registry=self.registry,
            buckets=_DECODE_BUCKETS,
        )
        self._decode_failures = self._counter(
            "decode_failures", "Jobs of workers that failed, by reason.", "reason"
        )
        self._worker_deaths = self._counter(
            "worker_deaths", "Workers that ended before their time, by cause.", "cause"
        )
        self._disk_state = Gauge(
            "imageid_cache_disk_state",
            "1 for the state that the cache's disk is in: ok, read_through (nothing is stored) or"
            " probing.",
            ["state"],
            registry=self.registry,
        )
        self._disk_changes = self._counter(
            "cache_disk_state_changes", "How often the cache's disk came into a state.", "state"
        )
        self._show_disk_state("ok")
        self._reloaded = Gauge(
            "imageid_config_last_reload_successful",
            "1 if the configuration in force is the one on disk.",
            registry=self.registry,
        )
        self._reloaded.set(1)
        build = Gauge(
            "imageid_build_info",
            "Always 1; the labels say what runs.",
            ["version", "python", "grpc"],
            registry=self.registry,
        )
        build.labels(__version__, platform.python_version(), version("grpcio")).set(1)
        self.calls = CallMetrics(self.registry)

    def watch(
        self, cache: CacheFigures, running_fills: Callable[[], int], pool: PoolFigures
    ) -> None:
        """Read these at every scrape."""
        self.registry.register(_Figures(cache, running_fills, pool))

    def watch_tasks(self, running: Callable[[], int]) -> None:
        """Read at every scrape how many tasks the event loop has."""
        tasks = Gauge("imageid_tasks", "Tasks of the event loop.", registry=self.registry)
        tasks.set_function(running)

    def watch_origins(self, figures: Callable[[], Iterable[OriginFigures]]) -> None:
        """Read these at every scrape."""
        self.registry.register(_Origins(figures))

    def observe_first_byte(self, scheme: str, result: str, seconds: float) -> None:
        self._first_byte.observe((scheme, result), seconds)

    def observe_load(
        self, scheme: str, result: str, seconds: float, sent_bytes: int, handed_over_bytes: int
    ) -> None:
        """An answer ended, whole or not."""
        self._count(scheme, result, 1, sent_bytes, handed_over_bytes)
        self._load.observe((scheme, result), seconds)
        if result == "coalesced":
            self._coalesced.inc()

    def observe_hits(
        self, scheme: str, images: int, seconds: float, sent_bytes: int, handed_over_bytes: int
    ) -> None:
        """So many images were in the cache, and left in one message."""
        self._count(scheme, "hit", images, sent_bytes, handed_over_bytes)
        self._first_byte.observe((scheme, "hit"), seconds, images)
        self._load.observe((scheme, "hit"), seconds, images)

    def _count(
        self, scheme: str, result: str, images: int, sent_bytes: int, handed_over_bytes: int
    ) -> None:
        # To look the counters up takes longer than to count.
        if (scheme, result) not in self._counters:
            self._counters[scheme, result] = (
                self._requests.labels(scheme, result),
                self._sent.labels(scheme),
                self._handed_over.labels(scheme),
            )
        requests, sent, handed_over = self._counters[scheme, result]
        requests.inc(images)
        sent.inc(sent_bytes)
        handed_over.inc(handed_over_bytes)

    def observe_response(self, scheme: str, code: str) -> None:
        """An origin answered; `code` is 2xx to 5xx, or error."""
        self._origin.labels(scheme, code).inc()

    def observe_job(self, task: str, seconds: float) -> None:
        """A worker has answered; `task` is of the table of tasks."""
        self._decode.labels(task).observe(seconds)

    def observe_failed_job(self, reason: str) -> None:
        """A caller of a worker got an error; `reason` is that of an `ImageError`."""
        self._decode_failures.labels(reason).inc()

    def observe_worker_death(self, cause: str) -> None:
        self._worker_deaths.labels(cause).inc()

    def observe_corrupt(self) -> None:
        self._corrupt.inc()

    def observe_disk_state(self, state: str) -> None:
        """The cache's disk is in another state now."""
        self._disk_changes.labels(state).inc()
        self._show_disk_state(state)

    def observe_reload(self, *, successful: bool) -> None:
        self._reloaded.set(1 if successful else 0)

    def requests_by_result(self) -> dict[str, int]:
        """How many requests were answered how, over all schemes."""
        totals: dict[str, int] = {}
        for metric in self._requests.collect():
            for sample in metric.samples:
                result = sample.labels["result"]
                totals[result] = totals.get(result, 0) + int(sample.value)
        return totals

    def _show_disk_state(self, state: str) -> None:
        for known in _DISK_STATES:
            self._disk_state.labels(known).set(known == state)
            self._disk_changes.labels(known)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        return Counter(f"imageid_{name}", text, labels, registry=self.registry)

    def _of_loads(self, name: str, text: str, bounds: tuple[float, ...]) -> LoadHistogram:
        histogram = LoadHistogram(f"imageid_{name}", text, ["scheme", "result"], bounds)
        self.registry.register(histogram)
        return histogram


class CallMetrics:
    """The grpc_server_* family of go-grpc-prometheus, which dashboards know."""

    def __init__(self, registry: CollectorRegistry) -> None:
        names = ["grpc_type", "grpc_service", "grpc_method"]
        self.started = Counter("grpc_server_started", "Calls begun.", names, registry=registry)
        self.handled = Counter(
            "grpc_server_handled", "Calls ended, by code.", [*names, "grpc_code"], registry=registry
        )
        self.received = Counter(
            "grpc_server_msg_received", "Messages received.", names, registry=registry
        )
        self.sent = Counter("grpc_server_msg_sent", "Messages sent.", names, registry=registry)
        self.seconds = Histogram(
            "grpc_server_handling_seconds",
            "Time from a call's begin to its last message.",
            names,
            registry=registry,
            buckets=_LOAD_BUCKETS,
        )


class _Figures(Collector):
    def __init__(
        self, cache: CacheFigures, running_fills: Callable[[], int], pool: PoolFigures
    ) -> None:
        self._cache = cache
        self._running_fills = running_fills
        self._pool = pool

    def collect(self) -> Iterator[Metric]:
        cache = self._cache
        yield _gauge("fills_running", "Fetches and derivations under way.", self._running_fills())
        yield _gauge("workers_busy", "Decoding workers at a job.", self._pool.busy)
        yield _gauge("workers_idle", "Decoding workers without one.", self._pool.idle)
        queue = GaugeMetricFamily(
            "imageid_decode_queue", "Jobs that wait for a worker.", labels=["priority"]
        )
        for priority, jobs in self._pool.waiting.items():
            queue.add_metric([priority.name.lower()], jobs)
        yield queue
        yield _gauge("cache_bytes", "Bytes of stored blobs.", cache.stored_bytes)
        yield _gauge("cache_entries", "Stored representations.", cache.entries)
        yield _gauge(
            "cache_partial_bytes", "Bytes kept of bodies that broke off.", cache.partial_bytes
        )
        yield _gauge(
            "cache_reserved_bytes", "Bytes set aside for running fills.", cache.reserved_bytes
        )
        yield _gauge(
            "cache_deleting_bytes", "Bytes evicted and not yet unlinked.", cache.deleting_bytes
        )
        yield _gauge(
            "cache_pinned_bytes", "Bytes that are kept on demand.", cache.pinned_bytes(time.time())
        )
        yield _gauge("cache_limit_bytes", "Bytes that the cache may hold.", cache.limit_bytes)
        yield _counter("cache_evicted_bytes", "Bytes evicted to make room.", cache.evicted_bytes)
        yield _counter("cache_evicted_blobs", "Blobs evicted to make room.", cache.evicted_blobs)

    def describe(self) -> Iterator[Metric]:
        return self.collect()


class _Origins(Collector):
    """Labels are the names of the configured origins, and one for all other servers."""

    def __init__(self, figures: Callable[[], Iterable[OriginFigures]]) -> None:
        self._figures = figures

    def collect(self) -> Iterator[Metric]:
        queue = _by_origin("queue_length", "Requests that wait for a turn.", "priority")
        running = _by_origin("requests_running", "Requests under way, bodies included.")
        limit = _by_origin("limit", "Requests at a time that the origin gets now.")
        breaker = _by_origin("breaker_state", "0 asked as ever, 1 probed, 2 left alone.")
        opened = _counted_by_origin("breaker_opened", "Times it was found to be down.")
        refused = _counted_by_origin("refused_requests", "Requests not sent: it was left alone.")
        for each in self._figures():
            for priority, waiting in each.waiting.items():
                queue.add_metric([each.name, priority.name.lower()], waiting)
            running.add_metric([each.name], each.running)
            if each.limit is not None and each.breaker is not None:
                limit.add_metric([each.name], each.limit)
                breaker.add_metric([each.name], each.breaker)
            opened.add_metric([each.name], each.opened)
            refused.add_metric([each.name], each.refused)
        yield from (queue, running, limit, breaker, opened, refused)

    def describe(self) -> Iterator[Metric]:
        return self.collect()


def _by_origin(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"imageid_origin_{name}", text, labels=["origin", *labels])


def _counted_by_origin(name: str, text: str) -> CounterMetricFamily:
    return CounterMetricFamily(f"imageid_origin_{name}", text, labels=["origin"])


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"imageid_{name}", text, value=value)


def _counter(name: str, text: str, value: float) -> CounterMetricFamily:
    return CounterMetricFamily(f"imageid_{name}", text, value=value)
