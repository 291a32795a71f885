"""Which resources are worth asking for together, and which were not. Pure."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from urllib.parse import urlsplit

from imageid_loaders.base import Bundle

# Of a series whose size nobody knows: two of a thousand are had faster alone.
_FEWEST_OF_UNKNOWN = 4
_LEAST_SHARE = 0.7
_FREE_BYTES = 8 * 1024 * 1024
_MOST_TOTALS = 1024

_REFUSALS_IN_A_ROW = 2
_REMEMBERED_SECONDS = 600.0


@dataclass(slots=True)
class Yield:
    """What one answer has brought so far.

    Args:
        wanted: how many of its parts are.
        unwanted: how many others have come.
    """

    wanted: int
    wanted_bytes: int = 0
    unwanted: int = 0
    unwanted_bytes: int = 0

    @property
    def is_waste(self) -> bool:
        """Whether to break the answer off, because too much of it is wanted by nobody."""
        too_many = self.wanted < _LEAST_SHARE * (self.wanted + self.unwanted)
        return too_many or self.unwanted_bytes > _FREE_BYTES + self.wanted_bytes


class Totals:
    """How many parts the answer at a URL has, as far as that was learnt."""

    def __init__(self) -> None:
        self._by_url: OrderedDict[str, int] = OrderedDict()

    def note(self, url: str, parts: int) -> None:
        self._by_url[url] = parts
        self._by_url.move_to_end(url)
        if len(self._by_url) > _MOST_TOTALS:
            self._by_url.popitem(last=False)

    def is_worth(self, bundle: Bundle) -> bool:
        """Whether one request for all is better than one for each."""
        if bundle.is_exact:
            return True
        wanted = len(bundle.resources)
        known = self._by_url.get(bundle.url)
        return wanted >= (_FEWEST_OF_UNKNOWN if known is None else max(2, _LEAST_SHARE * known))


@dataclass(slots=True)
class _Refused:
    times: int = 0
    until_seconds: float = 0.0


class Refusals:
    """Servers that do not deliver things together, for some minutes each.

    One refusal may be about one image: a frame beyond the last spoils a list of frames.
    """

    def __init__(self) -> None:
        self._by_server: dict[tuple[str, bool], _Refused] = {}

    def is_refused(self, bundle: Bundle, now_seconds: float) -> bool:
        refused = self._by_server.get(_kind(bundle))
        if refused is None or refused.times < _REFUSALS_IN_A_ROW:
            return False
        if now_seconds < refused.until_seconds:
            return True
        del self._by_server[_kind(bundle)]
        return False

    def refused(self, bundle: Bundle, now_seconds: float) -> None:
        found = self._by_server.setdefault(_kind(bundle), _Refused())
        found.times += 1
        found.until_seconds = now_seconds + _REMEMBERED_SECONDS

    def delivered(self, bundle: Bundle) -> None:
        self._by_server.pop(_kind(bundle), None)


def _kind(bundle: Bundle) -> tuple[str, bool]:
    return urlsplit(bundle.url).netloc, bundle.is_exact
