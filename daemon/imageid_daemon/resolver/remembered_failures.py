"""Images that could not be decoded, remembered for a while so that each is not tried again
for every caller. Pure: time is passed in.
"""

from __future__ import annotations

from collections import OrderedDict

from imageid_daemon.workers import Crashed, Interrupted
from imageid_loaders.errors import DecodeLimit, ImageError, Undecodable

_LIMIT_ENTRIES = 4096
# The first that fits. A crash costs a worker, and the same bytes will crash the next one;
# whether memory or time suffice may change with what else the machine does.
_SECONDS: tuple[tuple[type[ImageError], float], ...] = (
    (Interrupted, 5.0),
    (Crashed, 600.0),
    (DecodeLimit, 30.0),
    (Undecodable, 60.0),
)


class RememberedFailures:
    """Errors by key; the key has the digests of the bytes, so other bytes are never meant."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[float, ImageError]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def note(self, key: str, error: ImageError, now_seconds: float) -> None:
        """Remember what the bytes themselves explain; the rest may go well the next time."""
        for kind, seconds in _SECONDS:
            if isinstance(error, kind):
                self._known.pop(key, None)
                self._known[key] = (now_seconds + seconds, error.anew())
                break
        while len(self._known) > _LIMIT_ENTRIES:
            self._known.popitem(last=False)

    def check(self, key: str, now_seconds: float) -> None:
        """Pass unless the key is remembered.

        Raises:
            ImageError: as it was noted.
        """
        until_seconds, error = self._known.get(key, (0.0, None))
        if error is None:
            return
        if now_seconds >= until_seconds:
            del self._known[key]
            return
        raise error.anew()

    def forget(self, key: str) -> None:
        self._known.pop(key, None)

    def clear(self) -> None:
        self._known.clear()
