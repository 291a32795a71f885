"""What counts as flat: noise is, growth is not."""

from __future__ import annotations

import random

import pytest

from soak.flat import TooFew, growth, not_flat, slope


def noisy(count: int, per_second: float = 0.0, seed: int = 1) -> list[tuple[float, float]]:
    """A sample every two seconds around 100, by up to 20 off, with a spike now and then."""
    chance = random.Random(seed)
    return [
        (2.0 * n, 100 + chance.uniform(-20, 20) + 200 * (n % 9 == 4) + per_second * 2 * n)
        for n in range(count)
    ]


def test_the_slope_is_that_of_a_line() -> None:
    assert slope([(0, 5), (1, 8), (3, 14)]) == 3


def test_a_few_samples_that_lie_anywhere_do_not_move_the_slope() -> None:
    line = [(float(n), 2.0 * n) for n in range(20)]
    line[3] = (3.0, 1e6)
    line[17] = (17.0, -1e6)

    assert slope(line) == pytest.approx(2, abs=0.2)


@pytest.mark.parametrize("seed", range(50))
def test_noise_does_not_grow(seed: int) -> None:
    assert growth(noisy(60, seed=seed)) < 20


@pytest.mark.parametrize("seed", range(50))
def test_a_leak_below_the_noise_grows(seed: int) -> None:
    assert growth(noisy(60, per_second=0.5, seed=seed)) > 20


def test_one_step_near_the_end_is_no_growth() -> None:
    points = noisy(60)
    points[-3:] = [(seconds, value + 500) for seconds, value in points[-3:]]

    assert growth(points) < 20


def test_what_shrinks_is_flat() -> None:
    assert growth(noisy(60, per_second=-1)) < 0


def test_too_few_samples_are_no_proof() -> None:
    with pytest.raises(TooFew):
        growth(noisy(5))


def test_what_has_grown_is_named_with_what_is_allowed() -> None:
    while_working = {"tasks": noisy(60, 1.0), "threads": noisy(60)}

    [said] = not_flat(while_working, {}, {"tasks": 50, "threads": 50})

    assert said.startswith("tasks grew by ")
    assert "(50 are allowed)" in said


def test_what_is_left_at_rest_is_named() -> None:
    at_rest = {"files": [(0.0, 10.0), (30.0, 90.0), (60.0, 11.0)], "spools": [(0.0, 0), (60.0, 1)]}

    assert not_flat({}, at_rest, {"files": 2, "spools": 0}) == [
        "spools at rest: 0 at first, 1 at the end"
    ]
