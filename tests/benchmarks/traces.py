"""What a reading room asks its cache for: traces of (image, bytes), made from a seed.

A study is a few series, a series some hundred slices of one size. Days are much alike: new
studies are read, some beside a prior one; a teaching set and a few phantoms come back every
day; at night a program goes through everything that came in.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

Request = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Series:
    name: str
    slices: int
    slice_bytes: int

    def ask(self, number: int) -> Request:
        return f"{self.name}/{number}", self.slice_bytes


def scroll(random: random.Random, series: Series) -> Iterator[Request]:
    """Once through, then to and fro around what is of interest."""
    yield from (series.ask(number) for number in range(series.slices))
    for _ in range(random.choice((0, 0, 1, 2, 4))):
        middle, reach = random.randrange(series.slices), random.randrange(5, 60)
        there = [n for n in range(middle - reach, middle + reach) if 0 <= n < series.slices]
        yield from map(series.ask, there)
        yield from map(series.ask, reversed(there))


def compare(random: random.Random, new: Series, prior: Series) -> Iterator[Request]:
    """Two series side by side, in step, twice."""
    for _ in range(2):
        for number in range(max(new.slices, prior.slices)):
            for series in (new, prior):
                if number < series.slices:
                    yield series.ask(number)


def batch(series: list[Series]) -> Iterator[Request]:
    """A program that reads every slice once, in order."""
    for each in series:
        yield from map(each.ask, range(each.slices))


def reading_room(seed: int, days: int = 10, *, night_batch: bool = True) -> Iterator[Request]:
    """Some days of one workstation."""
    chance = random.Random(seed)
    teaching = [_series(chance, f"teaching-{n}", chance.randrange(20, 60)) for n in range(12)]
    archive: list[Series] = []
    for day in range(days):
        arrived: list[Series] = []
        for study in range(24):
            new = [
                _series(chance, f"{day}-{study}-{n}", chance.choice((40, 120, 300, 600)))
                for n in range(chance.randrange(1, 4))
            ]
            arrived += new
            for series in new:
                yield from scroll(chance, series)
            if archive and chance.random() < 0.4:
                yield from compare(chance, new[0], chance.choice(archive[-60:]))
            if chance.random() < 0.5:
                yield from scroll(chance, chance.choice(teaching))
        archive += arrived
        if night_batch:
            yield from batch(arrived)


def one_long_scroll(seed: int) -> Iterator[Request]:
    """A working set in daily use, then 2 000 slices once, then the working set again."""
    chance = random.Random(seed)
    working = [_series(chance, f"working-{n}", 60) for n in range(10)]
    for _ in range(4):
        for series in chance.sample(working, len(working)):
            yield from scroll(chance, series)
    yield from batch([Series("scroll", 2000, 512 * 1024)])
    for series in working:
        yield from map(series.ask, range(series.slices))


def _series(chance: random.Random, name: str, slices: int) -> Series:
    return Series(name, slices, chance.choice((128, 512, 512, 512, 2048)) * 1024)
