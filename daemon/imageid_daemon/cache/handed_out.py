"""Blobs whose paths were told to somebody, who has some seconds to open them."""

from __future__ import annotations

from collections import OrderedDict


class HandedOut:
    """None of them is evicted, so they may be no more than a share of the cache: what comes
    could not be stored otherwise.
    """

    def __init__(self) -> None:
        self.size_bytes = 0
        # Digest -> Unix time and size; the first ones are over first.
        self._until: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def add(self, digest: str, size_bytes: int, until_seconds: float) -> None:
        """Count it until that Unix time, or longer if it was to be longer."""
        known_until_seconds, known_bytes = self._until.pop(digest, (until_seconds, 0))
        self._until[digest] = max(known_until_seconds, until_seconds), size_bytes
        self.size_bytes += size_bytes - known_bytes

    def has(self, digest: str, now_seconds: float) -> bool:
        """Whether somebody may still come for it."""
        return digest in self._until and self._until[digest][0] > now_seconds

    def forget_old(self, now_seconds: float) -> None:
        """Count no more whose time is over."""
        while self._until and next(iter(self._until.values()))[0] <= now_seconds:
            _, (_, size_bytes) = self._until.popitem(last=False)
            self.size_bytes -= size_bytes
