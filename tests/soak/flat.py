"""Whether what a process uses stays the same over time, or grows. Pure, times passed in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from statistics import median

# (seconds, value), in the order of time.
Points = Sequence[tuple[float, float]]

# Fewer say nothing.
_POINTS_AT_LEAST = 6


class TooFew(ValueError):
    """There are not enough points to tell noise from growth."""


def slope(points: Points) -> float:
    """Theil and Sen's: the median of the slopes between any two points.

    Up to a quarter of the points may lie anywhere without moving it far.
    """
    return median(
        (later - earlier) / (then - before)
        for (before, earlier), (then, later) in combinations(points, 2)
        if then > before
    )


def growth(points: Points) -> float:
    """By how much the value has grown from the first point to the last.

    The smaller of what the slope says and of what the medians of the first and the last third
    say: noise may move one of them, what is lost at every call moves both.

    Raises:
        TooFew: nothing can be said.
    """
    if len(points) < _POINTS_AT_LEAST:
        raise TooFew(f"{len(points)} samples: at least {_POINTS_AT_LEAST} are needed")
    third = len(points) // 3
    values = [value for _, value in points]
    by_slope = slope(points) * (points[-1][0] - points[0][0])
    # Their middles are two thirds of the time apart.
    by_ends = (median(values[-third:]) - median(values[:third])) * 1.5
    return min(by_slope, by_ends)


def not_flat(
    while_working: Mapping[str, Points], at_rest: Mapping[str, Points], allowed: Mapping[str, float]
) -> list[str]:
    """What has grown by more than is allowed, in words; nothing where all is flat.

    Args:
        at_rest: the first point is of after the warm-up, the last of the end.
        allowed: by the same names; what is named there alone is not judged.
    """
    grown = [
        f"{name} grew by {growth(points):.0f} while working ({allowed[name]:.0f} are allowed)"
        for name, points in while_working.items()
        if growth(points) > allowed[name]
    ]
    for name, points in at_rest.items():
        (_, first), (_, last) = points[0], points[-1]
        if last - first > allowed[name]:
            grown.append(f"{name} at rest: {first:.0f} at first, {last:.0f} at the end")
    return grown
