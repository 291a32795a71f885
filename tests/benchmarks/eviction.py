"""Which eviction order misses least, over traces of reading rooms: misses per request of least
recently used, SIEVE, S3-FIFO with the paper's tenth and with the share that the cache uses, and
the offline optimum (Belady's rule over images of different sizes, a bound that no cache reaches).
The last lines say whether the cache's choice holds: nowhere more than two hundredths behind least
recently used, and ahead of it where a long scroll meets a working set.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Callable, Iterator
from functools import partial
from typing import Protocol

from benchmarks.report import Report
from benchmarks.traces import Request, one_long_scroll, reading_room
from imageid_daemon.cache.eviction import SMALL_SHARE, Eviction

_MIB = 2**20


class Cache(Protocol):
    def ask(self, image: str, size_bytes: int) -> bool:
        """Whether it is there; it is afterwards."""
        ...


class LeastRecentlyUsed:
    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._held: OrderedDict[str, int] = OrderedDict()
        self._bytes = 0

    def ask(self, image: str, size_bytes: int) -> bool:
        if image in self._held:
            self._held.move_to_end(image)
            return True
        self._held[image] = size_bytes
        self._bytes += size_bytes
        while self._bytes > self._limit_bytes:
            self._bytes -= self._held.popitem(last=False)[1]
        return False


class Sieve:
    """Zhang et al., NSDI 2024: one queue, a hand that clears the marks of what it passes."""

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._held: dict[str, tuple[int, bool]] = {}
        self._bytes = 0
        self._hand = iter(())

    def ask(self, image: str, size_bytes: int) -> bool:
        if image in self._held:
            self._held[image] = (size_bytes, True)
            return True
        self._held[image] = (size_bytes, False)
        self._bytes += size_bytes
        while self._bytes > self._limit_bytes:
            self._pass()
        return False

    def _pass(self) -> None:
        image = next(self._hand, None)
        if image is None:
            self._hand = iter(list(self._held))
        elif image in self._held:
            size_bytes, visited = self._held[image]
            if visited:
                self._held[image] = (size_bytes, False)
            else:
                del self._held[image]
                self._bytes -= size_bytes


class S3Fifo:
    """The cache's own order."""

    def __init__(self, limit_bytes: int, small_share: float = SMALL_SHARE) -> None:
        self._limit_bytes = limit_bytes
        self._eviction = Eviction(small_share)
        self._held: dict[str, int] = {}
        self._bytes = 0

    def ask(self, image: str, size_bytes: int) -> bool:
        if image in self._held:
            self._eviction.touch(image)
            return True
        self._eviction.add(image, size_bytes)
        self._held[image] = size_bytes
        self._bytes += size_bytes
        while self._bytes > self._limit_bytes:
            gone = next(self._eviction.leaving())
            self._eviction.remove(gone)
            self._bytes -= self._held.pop(gone)
        return False


class Optimum:
    """Evicts what is asked for again the latest; knows the whole trace."""

    def __init__(self, limit_bytes: int, trace: list[Request]) -> None:
        self._limit_bytes = limit_bytes
        self._again = _next_requests(trace)
        self._held: dict[str, tuple[int, int]] = {}
        self._latest: list[tuple[int, str]] = []
        self._bytes = self._asked = 0

    def ask(self, image: str, size_bytes: int) -> bool:
        hit = image in self._held
        again = self._again[self._asked]
        self._asked += 1
        self._bytes += 0 if hit else size_bytes
        self._held[image] = (again, size_bytes)
        heapq.heappush(self._latest, (-again, image))
        while self._bytes > self._limit_bytes:
            latest, gone = heapq.heappop(self._latest)
            if gone in self._held and self._held[gone][0] == -latest:
                self._bytes -= self._held.pop(gone)[1]
        return hit


def _next_requests(trace: list[Request]) -> list[int]:
    again = [0] * len(trace)
    seen: dict[str, int] = {}
    for index in range(len(trace) - 1, -1, -1):
        image = trace[index][0]
        again[index] = seen.get(image, len(trace))
        seen[image] = index
    return again


def misses(cache: Cache, trace: list[Request]) -> float:
    """Misses per request."""
    return sum(not cache.ask(image, size_bytes) for image, size_bytes in trace) / len(trace)


_SCROLL = "one long scroll"
_OWN = f"S3-FIFO {SMALL_SHARE:.0%}".replace("%", " %")
_MOST_BEHIND, _LEAST_AHEAD = 0.02, 0.001

TRACES: dict[str, tuple[Callable[[], Iterator[Request]], tuple[int, ...]]] = {
    "ten days, night batch": (partial(reading_room, 1), (1024, 4096, 8192, 20480)),
    "ten days, no batch": (
        partial(reading_room, 2, night_batch=False),
        (1024, 4096, 8192, 20480),
    ),
    _SCROLL: (partial(one_long_scroll, 3), (256, 512, 768)),
}
CACHES: dict[str, Callable[[int, list[Request]], Cache]] = {
    "LRU": lambda limit, trace: LeastRecentlyUsed(limit),
    "SIEVE": lambda limit, trace: Sieve(limit),
    "S3-FIFO 10 %": lambda limit, trace: S3Fifo(limit, 0.1),
    _OWN: lambda limit, trace: S3Fifo(limit),
    "optimum": Optimum,
}


def measure(report: Report) -> None:
    """See the module."""
    behind: dict[str, list[float]] = {}
    for name, (make_trace, limits_mib) in TRACES.items():
        trace = list(make_trace())
        for limit_mib in limits_mib:
            found = {
                each: misses(make(limit_mib * _MIB, trace), trace) for each, make in CACHES.items()
            }
            for cache, share in found.items():
                report.add(f"misses, {name}, {limit_mib} MiB: {cache}", share, "")
            behind.setdefault(name, []).append(found[_OWN] - found["LRU"])
    report.add("most behind LRU", max(map(max, behind.values())), "", at_most=_MOST_BEHIND)
    ahead = -max(behind[_SCROLL])
    report.add("ahead of LRU beside a long scroll, at worst", ahead, "", at_least=_LEAST_AHEAD)
