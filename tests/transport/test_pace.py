"""How many requests at a time, and how many a second."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageid_daemon.origins.adaptive_limit import AdaptiveLimit
from imageid_daemon.origins.token_bucket import TokenBucket


def after_successes(limit: AdaptiveLimit, count: int) -> int:
    for _ in range(count):
        limit.succeed()
    return limit.current


def test_the_limit_starts_at_the_most():
    assert AdaptiveLimit(8).current == 8


def test_a_server_that_slows_gets_half_as_much_down_to_one():
    limit, seen = AdaptiveLimit(8), []

    for second in range(5):
        limit.slow(float(second), float(second))
        seen.append(limit.current)

    assert seen == [4, 2, 1, 1, 1]


def test_requests_that_were_under_way_together_halve_it_once():
    limit = AdaptiveLimit(8)

    for _ in range(8):
        limit.slow(started_seconds=0.0, now_seconds=1.0)

    assert limit.current == 4


def test_it_grows_by_one_for_each_full_window_of_answers():
    limit = AdaptiveLimit(8)
    limit.slow(0.0, 0.0)

    assert after_successes(limit, 3) == 4
    assert after_successes(limit, 1) == 5
    assert after_successes(limit, 4) == 5
    assert after_successes(limit, 1) == 6


def test_another_setting_counts_at_once_for_who_is_not_held_back():
    free, held = AdaptiveLimit(8), AdaptiveLimit(8)
    held.slow(0.0, 0.0)

    for limit in (free, held):
        limit.set_most(16)

    assert (free.current, held.current) == (16, 4)
    held.set_most(2)
    assert held.current == 2


@given(st.integers(1, 64), st.lists(st.booleans(), max_size=200))
def test_it_never_leaves_its_bounds(most, answers):
    limit = AdaptiveLimit(most)

    for second, is_good in enumerate(answers):
        limit.succeed() if is_good else limit.slow(second, second)

        assert 1 <= limit.current <= most


def test_a_bucket_gives_a_seconds_worth_at_once_and_then_its_rate():
    bucket = TokenBucket(rate=2.0, now_seconds=0.0)
    for _ in range(2):
        assert bucket.wait_seconds(0.0) == 0.0
        bucket.take(0.0)

    assert bucket.wait_seconds(0.0) == 0.5
    assert bucket.wait_seconds(0.5) == 0.0


def test_a_rate_below_one_a_second_still_lets_one_through():
    bucket = TokenBucket(rate=0.1, now_seconds=0.0)

    assert bucket.wait_seconds(0.0) == 0.0
    bucket.take(0.0)
    assert bucket.wait_seconds(0.0) == pytest.approx(10.0)


def test_a_bucket_overflows():
    bucket = TokenBucket(rate=2.0, now_seconds=0.0)

    assert bucket.is_full(1000.0)
    for _ in range(2):
        bucket.take(1000.0)
    assert bucket.wait_seconds(1000.0) > 0.0


@given(st.floats(0.1, 100.0), st.lists(st.floats(0.0, 2.0), max_size=100))
def test_no_more_than_the_rate_and_one_second_of_burst_pass(rate, pauses):
    bucket, now, taken = TokenBucket(rate, 0.0), 0.0, 0
    for pause in pauses:
        now += pause
        while not bucket.wait_seconds(now):
            bucket.take(now)
            taken += 1

    assert taken <= max(1.0, rate) + now * rate + 1e-6
