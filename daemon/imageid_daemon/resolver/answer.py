"""What the resolver gives: a body, what is known of it, and where it came from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum

from imageid_daemon.cache import Entry
from imageid_daemon.fills import Body
from imageid_daemon.pixels import PixelsOptions, RenderedOptions
from imageid_daemon.resolver.grounds import Grounds

# None is ENCODED.
Output = PixelsOptions | RenderedOptions | None


class CacheStatus(Enum):
    """After RFC 9211; in order of how much was done for the call, the most first."""

    BYPASS = "bypass"
    MISS = "miss"
    COALESCED = "coalesced"
    STALE = "stale"
    REVALIDATED = "revalidated"
    HIT = "hit"


_ORDER = list(CacheStatus)


def combined(*statuses: CacheStatus) -> CacheStatus:
    """The status of what was made of several resources: that which cost the most."""
    return min(statuses, key=_ORDER.index)


def derived(source: CacheStatus, derivation: CacheStatus) -> CacheStatus:
    """The status of a representation derived from a source.

    A call that had to wait for the source says how it came by that; only where the source
    was stored does the derivation's own status tell more.
    """
    waited = source in (CacheStatus.BYPASS, CacheStatus.MISS, CacheStatus.COALESCED)
    if waited or derivation is CacheStatus.HIT:
        return source
    return derivation


@dataclass(slots=True)
class Timing:
    """Where the time went, in seconds; None for a stage that did not happen."""

    origin_first_byte: float | None = None
    origin_total: float | None = None
    decode: float | None = None


@dataclass(slots=True)
class Answer:
    """One representation of one image.

    Args:
        entry: of the whole body; None while it is still arriving, see `whole`.
        wait: returns at the end of the body, with `entry` set.
        stored: whether the cache keeps it; settled when the body is whole.
        grounds: what it rests on; None where it is not simply a stored one.
    """

    body: Body
    media_type: str
    status: CacheStatus
    size_bytes: int | None = None
    entry: Entry | None = None
    stored: bool = True
    timing: Timing = field(default_factory=Timing)
    wait: Callable[[], Awaitable[None]] | None = None
    grounds: Grounds | None = None

    async def whole(self) -> Entry:
        """Wait until the body is whole.

        Raises:
            ImageError: it will never be.
        """
        if self.wait is not None:
            await self.wait()
            self.wait = None
        if self.entry is None:
            raise RuntimeError("a whole body has an entry")
        return self.entry
