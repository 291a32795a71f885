"""What a prefetch says of each image and of all; shared by both clients."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from imageid._errors import Error, from_result
from imageid._image import cache_status_name
from imageid.v1 import image_service_pb2 as v1


@dataclass(frozen=True, slots=True)
class Prefetched:
    """What became of one image.

    Args:
        size_bytes: of all representations that were asked for.
        cache_status: of that which cost the most; "" where it failed.
        stored: False where the cache did not take it: its origin forbids it, or there is
            no room.
        error: None where it did not fail. PIN_LIMIT: it is stored, and not pinned.
    """

    image_id: str
    size_bytes: int = 0
    cache_status: str = ""
    stored: bool = False
    error: Error | None = None


@dataclass(frozen=True, slots=True)
class PrefetchProgress:
    """How far a prefetch is; `total`, `done` and `failed` count images."""

    total: int
    done: int = 0
    failed: int = 0
    size_bytes: int = 0


PrefetchReport: TypeAlias = Callable[[PrefetchProgress], object]


class Prefetching:
    """The results of one or more calls, in the order of their images.

    Args:
        report: called after each message.
    """

    def __init__(self, image_ids: Sequence[str], report: PrefetchReport | None) -> None:
        self._image_ids = image_ids
        self._report = report
        self._results: dict[int, Prefetched] = {}
        self._before = PrefetchProgress(len(image_ids))
        self._now = self._before
        self._first = 0

    def accept(self, message: v1.PrefetchImagesResponse) -> None:
        for result in message.results:
            index = self._first + result.index
            self._results[index] = _read(self._image_ids[index], result)
        before = self._before
        self._now = PrefetchProgress(
            before.total,
            before.done + message.done,
            before.failed + message.failed,
            before.size_bytes + message.size_bytes,
        )
        if self._report is not None:
            self._report(self._now)

    def next_call(self, image_ids: int) -> None:
        """The next message is of a further call; the one before had so many images."""
        self._first += image_ids
        self._before = self._now

    @property
    def results(self) -> list[Prefetched]:
        return [self._results[index] for index in sorted(self._results)]


def _read(image_id: str, result: v1.PrefetchResult) -> Prefetched:
    if result.error_code:
        error = from_result(result.error_code, result.error_reason, result.error_message, {})
        return Prefetched(image_id, error=error)
    status = cache_status_name(result.cache_status)
    return Prefetched(image_id, result.size_bytes, status, result.stored)
