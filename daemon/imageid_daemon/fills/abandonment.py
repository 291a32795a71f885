"""What becomes of a fill that its last caller has left. Pure: the time is passed in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

# Below this, asking for the rest costs as much as asking for the whole.
WORTH_KEEPING_BYTES = 256 * 1024
# What came within less than this says nothing of the rate.
_MEASURED_SECONDS = 1.0


class Fate(Enum):
    """What is done: fetch the rest, or cancel and keep or drop what is here."""

    FINISH = auto()
    KEEP = auto()
    DROP = auto()


@dataclass(frozen=True, slots=True)
class Patience:
    """How far a fetch that nobody waits for may go.

    Args:
        missing_bytes: finish when no more than this is missing.
        done_share: or when so much of the body is here, from 0 to 1.
        seconds: that it may take without a caller.
    """

    missing_bytes: int = 1024 * 1024
    done_share: float = 0.9
    seconds: float = 60.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a fill has come.

    Args:
        size_bytes: of the whole body; None where the origin has not said it.
        running_seconds: since its head was known.
        unseen_seconds: since its last caller left.
        is_pinned: somebody asked for its key to be kept.
    """

    received_bytes: int
    size_bytes: int | None
    running_seconds: float
    unseen_seconds: float = 0.0
    is_pinned: bool = False

    @property
    def rest_seconds(self) -> float:
        """How long the rest will take at the rate so far; 0 where that is not known yet."""
        if self.running_seconds < _MEASURED_SECONDS:
            return 0.0
        missing_bytes = (self.size_bytes or 0) - self.received_bytes
        return missing_bytes * self.running_seconds / max(1, self.received_bytes)


def fate(progress: Progress, patience: Patience) -> Fate:
    """Decide; a fill that still has callers is not asked about.

    Like Squid's quick_abort: when little is missing, fetching it again later costs more. A
    detached prefetch needs no rule: it is a caller, and stays until the end.
    """
    if progress.is_pinned:
        return Fate.FINISH
    if _is_nearly_done(progress, patience) and _ends_in_time(progress, patience):
        return Fate.FINISH
    return Fate.KEEP if progress.received_bytes >= WORTH_KEEPING_BYTES else Fate.DROP


def _is_nearly_done(progress: Progress, patience: Patience) -> bool:
    received_bytes, size_bytes = progress.received_bytes, progress.size_bytes
    if size_bytes is None or received_bytes == 0:
        return False
    return (
        size_bytes - received_bytes <= patience.missing_bytes
        or received_bytes >= patience.done_share * size_bytes
    )


def _ends_in_time(progress: Progress, patience: Patience) -> bool:
    left_seconds = patience.seconds - progress.unseen_seconds
    return left_seconds > 0 and progress.rest_seconds <= left_seconds
