"""In which order those who wait get their turns, be it at a server or at a worker. Pure: the
time is passed in.

The most urgent class goes first, and within a class turns go round the callers, so that
one program's thousand requests do not stand before another's one.

Nobody starves: every eighth turn belongs to the request that has waited longest of all,
once that has waited five seconds. So a request with n older ones before it is served
within 8 (n + 1) turns after that, whatever else arrives. (Raising the class of what has
waited would do it too; but behind a backlog of two thousand prefetched slices, whoever
looks at a screen would soon be the last of two thousand and one.)
"""

from __future__ import annotations

from dataclasses import dataclass

from imageid_daemon.callers import Caller, Priority

ELDERS_TURN = 8
OVERDUE_SECONDS = 5.0


@dataclass(slots=True, eq=False)
class Place:
    """Where one request stands.

    Args:
        came_by_age: it has had its turn because it had waited longest.
    """

    caller: Caller
    since_seconds: float
    came_by_age: bool = False


class Line:
    """The requests that wait for the same."""

    def __init__(self) -> None:
        # Dictionaries for their order: by arrival; and by class, the callers in the order
        # of their next turn, and each caller's requests by arrival.
        self._places: dict[Place, None] = {}
        self._classes: dict[Priority, dict[str, dict[Place, None]]] = {
            priority: {} for priority in Priority
        }
        self._turns = 0

    def __len__(self) -> int:
        return len(self._places)

    def lengths(self) -> dict[Priority, int]:
        """How many wait in each class."""
        return {
            priority: sum(len(places) for places in callers.values())
            for priority, callers in self._classes.items()
        }

    def join(self, caller: Caller, now_seconds: float) -> Place:
        """Stand at the end of the caller's requests of this class."""
        place = Place(caller, now_seconds)
        self._places[place] = None
        self._file(place)
        return place

    def move(self, place: Place, caller: Caller) -> None:
        """Let a waiting request count for another caller; it has waited as long as before."""
        if place in self._places:
            self._unfile(place)
            place.caller = caller
            self._file(place)

    def leave(self, place: Place) -> None:
        """Stop waiting; nothing happens to who has had a turn."""
        if place in self._places:
            del self._places[place]
            self._unfile(place)

    def next(self, now_seconds: float) -> Place | None:
        """Whose turn is the next, None when nobody waits; nothing changes by asking."""
        if not self._places:
            return None
        return next(iter(self._places)) if self._is_elders(now_seconds) else self._foremost()

    def take(self, now_seconds: float) -> Place | None:
        """Give the next turn, None when nobody waits."""
        place = self.next(now_seconds)
        if place is not None:
            place.came_by_age = self._is_elders(now_seconds)
            self._turns += 1
            self.leave(place)
            self._to_the_end(place.caller)
        return place

    def put_back(self, place: Place, caller: Caller) -> None:
        """Let a request whose turn came to nothing wait again: it goes first in its class."""
        place.caller = caller
        by_age = sorted((*self._places, place), key=lambda each: each.since_seconds)
        self._places = dict.fromkeys(by_age)
        callers = self._classes[caller.priority]
        places = {place: None} | callers.pop(caller.identity, {})
        self._classes[caller.priority] = {caller.identity: places} | callers

    def clear(self) -> list[Place]:
        """Send everybody away."""
        places = list(self._places)
        for place in places:
            self.leave(place)
        return places

    def _is_elders(self, now_seconds: float) -> bool:
        eldest = next(iter(self._places))
        is_overdue = now_seconds - eldest.since_seconds >= OVERDUE_SECONDS
        return (self._turns + 1) % ELDERS_TURN == 0 and is_overdue

    def _foremost(self) -> Place:
        callers = next(callers for callers in self._classes.values() if callers)
        return next(iter(next(iter(callers.values()))))

    def _file(self, place: Place) -> None:
        callers = self._classes[place.caller.priority]
        callers.setdefault(place.caller.identity, {})[place] = None

    def _unfile(self, place: Place) -> None:
        callers = self._classes[place.caller.priority]
        places = callers[place.caller.identity]
        del places[place]
        if not places:
            del callers[place.caller.identity]

    def _to_the_end(self, caller: Caller) -> None:
        callers = self._classes[caller.priority]
        if caller.identity in callers:
            callers[caller.identity] = callers.pop(caller.identity)
