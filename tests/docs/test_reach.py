"""Every bar that imageid is to reach is measured by one benchmark, and judged rightly."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from pathlib import Path

import pytest

import benchmarks
from benchmarks.reach import REACH, Bar


def test_each_bar_is_the_matter_of_one_benchmark() -> None:
    measured = Counter(chain.from_iterable(benchmarks.MODULES.values()))

    assert measured == dict.fromkeys(REACH, 1)


@pytest.mark.parametrize("name", benchmarks.MODULES)
def test_a_benchmark_says_the_bars_that_it_is_listed_with(name: str) -> None:
    # Read, not imported: what the peers are made of is installed by `make bench` alone.
    code = Path(benchmarks.__file__).with_name(f"{name}.py").read_text()

    missing = [bar for bar in benchmarks.MODULES[name] if f'"{bar}"' not in code]

    assert missing == []


@pytest.mark.parametrize("bar", REACH.values(), ids=str)
def test_each_bar_bounds_its_measure_from_one_side(bar: Bar) -> None:
    assert bool(bar.at_most) != bool(bar.at_least)


@pytest.mark.parametrize(
    ("bar", "value", "verdict"),
    [
        (Bar("time", at_most=1.25), 1.25, "PASS"),
        (Bar("time", at_most=1.25), 1.2501, "SHORT"),
        (Bar("time", at_most=1.25), 0, "PASS"),
        (Bar("rate", at_least=8), 8, "PASS"),
        (Bar("rate", at_least=8), 7.999, "SHORT"),
        (Bar("rate", at_least=8), float("nan"), "SHORT"),
        (Bar("time", at_most=8), float("nan"), "SHORT"),
        (Bar("for comparison"), 8, "-"),
    ],
)
def test_a_value_at_its_bar_passes_and_beyond_it_is_short(bar, value, verdict) -> None:
    assert bar.verdict(value) == verdict
