"""What a stored answer rests on, and whether all of that is as it was. No I/O, no clock.

An answer depends on the imageId, the loaders and the configuration, which `registry` stands for
(a new configuration comes with a new one), and on the entries it was found by. While each of
these is the very same, and what origins gave is fresh, the answer is the same: nothing needs
to be looked up, decoded or read to know that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from imageid_daemon.cache import Entry, freshness


@dataclass(frozen=True, slots=True)
class Grounds:
    """The entries that an answer was found by.

    Args:
        sources: of what origins gave; each stands under its resource's own key.
        derived: of what was made of them, if anything; the last is the answer's.
    """

    sources: tuple[Entry, ...]
    derived: tuple[Entry, ...] = ()

    @property
    def answer(self) -> Entry:
        """The entry of the answer itself."""
        return self.derived[-1] if self.derived else self.sources[0]

    @property
    def fresh_until_seconds(self) -> float:
        """Unix time until which nobody who makes no demands has an origin asked."""
        return min(
            freshness.fresh_until_seconds(
                entry.headers, entry.response_seconds, entry.fresh_for_seconds
            )
            for entry in self.sources
        )

    def and_of(self, other: Grounds | None) -> Grounds | None:
        """Of what rests on both."""
        if other is None:
            return None
        return Grounds((*self.sources, *other.sources), (*self.derived, *other.derived))

    def and_derived(self, *entries: Entry) -> Grounds:
        """Of what was made of it, and then of that."""
        return replace(self, derived=(*self.derived, *entries))


class Known(Protocol):
    """What the daemon has in memory of what is stored."""

    def current(self, key: str) -> Entry | None:
        """The entry of a key, as it was read; None where that would need a look."""
        ...

    def is_trusted(self, entry: Entry) -> bool:
        """Whether its blob is served without a look at its bytes."""
        ...

    def has_failed(self, key: str) -> bool:
        """Whether a failure to fetch is remembered that may stand for the answer."""
        ...


def hold(grounds: Grounds, fresh_until_seconds: float, known: Known, now_seconds: float) -> bool:
    """Whether the answer to a caller without demands is still the same.

    Args:
        fresh_until_seconds: that of the grounds.
    """
    return (
        now_seconds < fresh_until_seconds
        and all(known.current(entry.key) is entry for entry in grounds.sources)
        and all(known.current(entry.key) is entry for entry in grounds.derived)
        and not any(known.has_failed(entry.key) for entry in grounds.sources)
        and known.is_trusted(grounds.answer)
    )
