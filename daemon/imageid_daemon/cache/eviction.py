"""Which blob goes first when room is needed. No I/O, no clock.

S3-FIFO (Yang et al., SOSP 2023), its queues measured in bytes. What is new waits in the
small queue and leaves from there unless it was asked for again: a scroll through two
thousand slices flushes itself and not what is in daily use. What comes back while it is
still remembered enters the main queue at once. A use sets a number and moves nothing.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import msgspec

# The paper's tenth is too small for slices that are scrolled through again within minutes:
# tests/benchmarks/eviction.py compares shares over traces of reading rooms.
SMALL_SHARE = 0.5
_MOST_USES = 3
# A billion blobs' worth of names is no use: at 40 bytes each, ten megabytes at most.
_MOST_GHOSTS = 250_000


@dataclass(slots=True)
class _Place:
    size_bytes: int
    turn: int
    uses: int = 0
    is_main: bool = False


class Standing(msgspec.Struct, frozen=True, gc=False):
    """Where a blob stands, to be kept over a restart.

    Args:
        turn: it leaves before those of its queue with a higher one.
        uses: since it was last passed over, at most 3.
        is_main: in the main queue.
    """

    turn: int
    uses: int
    is_main: bool


class Eviction:
    """The order in which blobs leave.

    Args:
        small_share: of the bytes, what the small queue holds of them.
    """

    def __init__(self, small_share: float = SMALL_SHARE) -> None:
        self._small_share = small_share
        self._small: OrderedDict[str, _Place] = OrderedDict()
        self._main: OrderedDict[str, _Place] = OrderedDict()
        self._bytes = {False: 0, True: 0}
        # What `leaving` gave out and nobody has removed yet.
        self._offered: dict[str, _Place] = {}
        # Left from the small queue, remembered while no more bytes follow than are stored.
        self._ghosts: OrderedDict[str, int] = OrderedDict()
        self._ghost_bytes = 0
        self._turn = 0
        self._moved: set[str] = set()

    def add(self, digest: str, size_bytes: int) -> None:
        """Enter a blob that is not there."""
        ghost_bytes = self._ghosts.pop(digest, None)
        if ghost_bytes is not None:
            self._ghost_bytes -= ghost_bytes
        self._enter(digest, _Place(size_bytes, 0, is_main=ghost_bytes is not None))

    def restore(self, digest: str, size_bytes: int, standing: Standing) -> None:
        """Enter a blob where it stood; to be called in the order of their turns."""
        turn, uses = standing.turn, standing.uses
        if turn > self._turn:
            self._turn = turn
        if not 0 <= uses <= _MOST_USES:
            uses = 0 if uses < 0 else _MOST_USES
        self._place(digest, _Place(size_bytes, turn, uses, standing.is_main))

    def touch(self, digest: str) -> None:
        """Note a use."""
        place = self._find(digest)
        if place is not None and place.uses < _MOST_USES:
            place.uses += 1
            self._moved.add(digest)

    def standing(self, digest: str) -> Standing | None:
        place = self._find(digest)
        return None if place is None else Standing(place.turn, place.uses, place.is_main)

    @property
    def has_moved(self) -> bool:
        """Whether `moved` has something to tell."""
        return bool(self._moved)

    def moved(self) -> dict[str, Standing]:
        """Whose standing is another one than at the last call."""
        moved, self._moved = self._moved, set()
        standings = ((digest, self.standing(digest)) for digest in moved)
        return {digest: standing for digest, standing in standings if standing is not None}

    def remove(self, digest: str) -> None:
        """Strike a blob out. One that `leaving` gave from the small queue is remembered."""
        self._moved.discard(digest)
        place = self._offered.pop(digest, None)
        if place is not None:
            if not place.is_main:
                self._remember(digest, place.size_bytes)
            return
        queue = self._main if digest in self._main else self._small
        place = queue.pop(digest, None)
        if place is not None:
            self._bytes[place.is_main] -= place.size_bytes

    def leaving(self) -> Iterator[str]:
        """Every blob, the first to leave first; those that were used are passed over.

        To be consumed as far as room is needed; whoever goes is then `remove`d.
        """
        self._take_back()
        while self._small or self._main:
            digest = self._pass_small() if self._takes_small() else self._pass_main()
            if digest is not None:
                yield digest

    @property
    def ghosts(self) -> Iterable[tuple[str, int]]:
        """What is remembered: digest and bytes, the oldest first."""
        return self._ghosts.items()

    def remember(self, ghosts: Iterable[tuple[str, int]]) -> None:
        """Take over what an earlier run remembered."""
        for digest, size_bytes in ghosts:
            if self._find(digest) is None:
                self._remember(digest, size_bytes)

    def _find(self, digest: str) -> _Place | None:
        return self._small.get(digest) or self._main.get(digest) or self._offered.get(digest)

    def _enter(self, digest: str, place: _Place) -> None:
        self._turn += 1
        place.turn = self._turn
        self._place(digest, place)
        self._moved.add(digest)

    def _place(self, digest: str, place: _Place) -> None:
        (self._main if place.is_main else self._small)[digest] = place
        self._bytes[place.is_main] += place.size_bytes

    def _takes_small(self) -> bool:
        if not self._main or not self._small:
            return bool(self._small)
        return self._bytes[False] >= self._small_share * sum(self._bytes.values())

    def _pass_small(self) -> str | None:
        digest, place = self._small.popitem(last=False)
        self._bytes[False] -= place.size_bytes
        if not place.uses:
            self._offered[digest] = place
            return digest
        place.is_main, place.uses = True, 0
        self._enter(digest, place)
        return None

    def _pass_main(self) -> str | None:
        digest, place = self._main.popitem(last=False)
        self._bytes[True] -= place.size_bytes
        if not place.uses:
            self._offered[digest] = place
            return digest
        place.uses -= 1
        self._enter(digest, place)
        return None

    def _take_back(self) -> None:
        """Those that were given out and stayed leave first the next time."""
        for digest, place in reversed(self._offered.items()):
            self._place(digest, place)
            (self._main if place.is_main else self._small).move_to_end(digest, last=False)
        self._offered.clear()

    def _remember(self, digest: str, size_bytes: int) -> None:
        self._ghosts[digest] = size_bytes
        self._ghost_bytes += size_bytes
        stored_bytes = sum(self._bytes.values())
        while self._ghost_bytes > stored_bytes or len(self._ghosts) > _MOST_GHOSTS:
            _, forgotten_bytes = self._ghosts.popitem(last=False)
            self._ghost_bytes -= forgotten_bytes
