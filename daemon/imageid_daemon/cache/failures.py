"""Failures that are remembered for a short while, so that nobody asks again at once.

In memory only: a restart forgets them, and none is worth a write.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass

from imageid_daemon.cache import freshness
from imageid_daemon.cache.freshness import Demand, Verdict
from imageid_loaders.errors import NAME_NOT_RESOLVED, ImageError

_MOST = 4096


@dataclass(frozen=True, slots=True)
class _Failure:
    error: ImageError
    nominated: Mapping[str, str | None]
    response_seconds: float
    lifetime_seconds: float


class Failures:
    """The last failure of each key that is still remembered."""

    def __init__(self) -> None:
        self._by_key: OrderedDict[str, _Failure] = OrderedDict()

    def remember(
        self, key: str, error: ImageError, request: Mapping[str, str], now_seconds: float
    ) -> None:
        """Keep a failure for as long as it and its origin allow; most are not kept at all.

        Args:
            key: with the credential scope in it: a refusal of one identity is not another's.
            request: the fields that were sent.
        """
        status = error.metadata.get("http_status", "")
        lifetime_seconds = freshness.failure_lifetime_seconds(
            int(status) if status.isdigit() else None,
            error.headers,
            now_seconds,
            error.retry_after_seconds,
            has_no_name=error.metadata.get("cause") == NAME_NOT_RESOLVED,
        )
        self.forget(key)
        if lifetime_seconds > 0:
            nominated = freshness.nominated(error.headers, request)
            self._by_key[key] = _Failure(error.anew(), nominated, now_seconds, lifetime_seconds)
        if len(self._by_key) > _MOST:
            self._by_key.popitem(last=False)

    def find(
        self, key: str, request: Mapping[str, str], demand: Demand, now_seconds: float
    ) -> ImageError | None:
        """A remembered failure that answers this demand, to be raised."""
        failure = self._by_key.get(key)
        if failure is None or not freshness.matches(failure.nominated, request):
            return None
        # Its age runs as that of an image does.
        said = {**failure.error.headers, "cache-control": f"max-age={failure.lifetime_seconds:.0f}"}
        verdict = freshness.judge(said, failure.response_seconds, 0.0, demand, now_seconds)
        return failure.error.anew() if verdict is Verdict.FRESH else None

    def has(self, key: str) -> bool:
        """Whether `find` may give one."""
        return key in self._by_key

    def forget(self, key: str) -> None:
        self._by_key.pop(key, None)

    def clear(self) -> None:
        self._by_key.clear()
