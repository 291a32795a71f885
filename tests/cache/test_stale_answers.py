"""When a stale answer is used, and when an answer must stay fresh (RFC 5861, RFC 9111)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageid_daemon.cache.freshness import (
    Demand,
    Mode,
    Verdict,
    bridges_failure,
    confirms,
    declared_immutable,
    judge,
    lifetime_seconds,
    renewed,
    storable,
)

ANSWERED = 1_700_000_000.0
DAY = 86400.0
WITH_GRACE = {"cache-control": "max-age=60, stale-while-revalidate=30"}


def verdict(headers, age, **demand):
    return judge(headers, ANSWERED, 0.0, Demand(**demand), ANSWERED + age)


def bridges(headers, age, **demand):
    return bridges_failure(headers, ANSWERED, 0.0, Demand(**demand), ANSWERED + age)


def test_the_origin_may_let_a_stale_answer_serve_while_it_is_asked():
    assert verdict(WITH_GRACE, 59) is Verdict.FRESH
    assert verdict(WITH_GRACE, 89) is Verdict.REFRESH
    assert verdict(WITH_GRACE, 90) is Verdict.VALIDATE


@pytest.mark.parametrize(
    "demand", [{"mode": Mode.NO_CACHE}, {"max_age_seconds": 1000}, {"min_fresh_seconds": 1}]
)
def test_who_demands_anything_gets_no_stale_answer_unasked(demand):
    assert verdict(WITH_GRACE, 70, **demand) is Verdict.VALIDATE
    assert not bridges(WITH_GRACE, 70, **demand)


def test_who_only_looks_into_the_cache_starts_no_request():
    assert verdict(WITH_GRACE, 70, mode=Mode.ONLY_IF_CACHED) is Verdict.VALIDATE


def test_must_revalidate_forbids_the_grace():
    headers = {"cache-control": "max-age=60, stale-while-revalidate=30, must-revalidate"}

    assert verdict(headers, 70) is Verdict.VALIDATE


def test_an_answer_may_have_to_stay_fresh_for_a_while():
    headers = {"cache-control": "max-age=60"}

    assert verdict(headers, 49, min_fresh_seconds=10) is Verdict.FRESH
    assert verdict(headers, 50, min_fresh_seconds=10) is Verdict.FRESH
    assert verdict(headers, 51, min_fresh_seconds=10) is Verdict.VALIDATE


def test_a_stale_answer_bridges_a_day_of_failures_where_the_origin_says_nothing():
    assert bridges({"cache-control": "max-age=60"}, 59 + DAY)
    assert not bridges({"cache-control": "max-age=60"}, 60 + DAY)


@pytest.mark.parametrize(("said", "seconds"), [("stale-if-error=30", 30), ("stale-if-error=x", 0)])
def test_the_origin_says_how_long_a_stale_answer_bridges_its_failures(said, seconds):
    headers = {"cache-control": f"max-age=60, {said}"}

    assert bridges(headers, 59 + seconds)
    assert not bridges(headers, 60 + seconds)


@pytest.mark.parametrize(
    ("stored", "confirmed", "expected"),
    [
        ({"etag": '"1"'}, {"etag": '"1"'}, True),
        ({"etag": '"1"'}, {"etag": 'W/"1"'}, True),
        ({"etag": 'W/"1"'}, {"etag": '"1"'}, True),
        ({"etag": '"1"'}, {}, True),
        ({}, {"etag": '"1"'}, True),
        ({"etag": '"1"'}, {"etag": '"2"'}, False),
        ({"etag": 'W/"1"'}, {"etag": 'W/"2"'}, False),
    ],
)
def test_a_304_that_names_another_validator_confirms_nothing(stored, confirmed, expected):
    assert confirms(stored, confirmed) is expected


def test_a_304_changes_nothing_that_describes_the_stored_bytes():
    stored = {"etag": '"1"', "content-length": "5", "content-encoding": "x", "server": "old"}
    confirmed = {"etag": 'W/"1"', "content-length": "0", "content-range": "y", "server": "new"}

    assert renewed(stored, confirmed) == {**stored, "server": "new"}


def test_what_is_declared_immutable_stays_fresh_whatever_its_origin_said():
    headers = declared_immutable(
        {"cache-control": "no-cache", "age": "9999999999", "expires": "0", "etag": '"1"'}
    )

    assert verdict(headers, 300 * DAY) is Verdict.FRESH
    assert verdict(headers, 0, mode=Mode.NO_CACHE) is Verdict.VALIDATE
    assert headers["etag"] == '"1"'


CACHE_CONTROL = st.lists(
    st.sampled_from(["public", "private", "must-revalidate", "no-cache", "immutable", "s-maxage=5"])
    | st.integers(0, 10**6).map("max-age={}".format)
    | st.integers(0, 10**6).map("stale-while-revalidate={}".format)
    | st.integers(0, 10**6).map("stale-if-error={}".format),
    max_size=5,
).map(", ".join)
SECONDS = st.floats(0, 10**7)
_DEGREES = [Verdict.FRESH, Verdict.REFRESH, Verdict.VALIDATE]


@given(CACHE_CONTROL, SECONDS, SECONDS)
def test_by_waiting_an_answer_is_never_good_for_more(cache_control, sooner, longer):
    headers = {"cache-control": cache_control}

    before, after = verdict(headers, sooner), verdict(headers, sooner + longer)

    assert _DEGREES.index(before) <= _DEGREES.index(after)


@given(CACHE_CONTROL, SECONDS, SECONDS, SECONDS)
def test_who_demands_more_never_gets_more(cache_control, age, less, more):
    headers = {"cache-control": cache_control}

    if verdict(headers, age, min_fresh_seconds=less + more) is Verdict.FRESH:
        assert verdict(headers, age, min_fresh_seconds=less) is Verdict.FRESH
    if verdict(headers, age, max_age_seconds=less) is Verdict.FRESH:
        assert verdict(headers, age, max_age_seconds=less + more) is Verdict.FRESH


@given(CACHE_CONTROL, SECONDS, SECONDS)
def test_what_bridges_a_failure_later_does_so_now(cache_control, sooner, longer):
    headers = {"cache-control": cache_control}

    if bridges(headers, sooner + longer):
        assert bridges(headers, sooner)


@given(st.integers(0, 10**6), st.text(max_size=40), st.text(max_size=40))
def test_max_age_wins_over_every_expires_and_last_modified(seconds, expires, modified):
    headers = {
        "cache-control": f"max-age={seconds}",
        "expires": expires,
        "last-modified": modified,
    }

    assert lifetime_seconds(headers, ANSWERED, DAY) == seconds


@given(CACHE_CONTROL, CACHE_CONTROL)
def test_what_says_no_store_is_never_stored_whatever_else_it_says(before, after):
    assert not storable({"cache-control": f"{before}, No-Store, {after}"})
