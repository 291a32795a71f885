"""When a stored answer may be used (RFC 9111)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageid_daemon.cache.freshness import (
    Demand,
    Mode,
    Verdict,
    age_seconds,
    judge,
    kept,
    lifetime_seconds,
    renewed,
    storable,
)

NOW = 1_800_000_000.0
DATE = "Fri, 15 Jan 2027 08:00:00 GMT"  # NOW
IN_AN_HOUR = "Fri, 15 Jan 2027 09:00:00 GMT"
TEN_HOURS_AGO = "Thu, 14 Jan 2027 22:00:00 GMT"
YEARS_AGO = "Wed, 15 Jan 2020 08:00:00 GMT"

DAY = 86400.0


def verdict(headers, after_seconds=0.0, fresh_for_seconds=0.0, **demand):
    return judge(headers, NOW, fresh_for_seconds, Demand(**demand), NOW + after_seconds)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"cache-control": "max-age=60"}, 60.0),
        ({"cache-control": 'private, Max-Age="60"'}, 60.0),
        ({"cache-control": "max-age=60", "expires": IN_AN_HOUR, "date": DATE}, 60.0),
        ({"cache-control": "max-age=99999999999999"}, 2.0**31),
        ({"cache-control": "max-age=soon"}, 0.0),
        ({"cache-control": "no-cache, max-age=60"}, 0.0),
        ({"expires": IN_AN_HOUR, "date": DATE}, 3600.0),
        ({"expires": IN_AN_HOUR}, 3600.0),
        ({"expires": "0", "last-modified": YEARS_AGO}, 0.0),
        ({"expires": YEARS_AGO}, 0.0),
        ({"last-modified": TEN_HOURS_AGO, "date": DATE}, 3600.0),
        ({"last-modified": YEARS_AGO, "date": DATE}, DAY),
        ({"cache-control": "immutable"}, 365 * DAY),
        ({}, 0.0),
    ],
)
def test_the_origin_says_how_long_an_answer_is_fresh(headers, seconds):
    assert lifetime_seconds(headers, NOW, 0.0) == seconds


def test_where_the_origin_says_nothing_the_loader_does():
    assert lifetime_seconds({"last-modified": YEARS_AGO}, NOW, 5.0) == 5.0
    assert lifetime_seconds({"cache-control": "max-age=60"}, NOW, 5.0) == 60.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 10.0),
        ({"age": "30"}, 40.0),
        ({"date": DATE}, 10.0),
        ({"date": TEN_HOURS_AGO}, 36010.0),
        ({"date": TEN_HOURS_AGO, "age": "30"}, 36010.0),
        ({"date": IN_AN_HOUR}, 10.0),
        ({"age": "9" * 5000}, 2.0**31 + 10),
    ],
)
def test_an_answer_was_of_some_age_when_it_came(headers, seconds):
    assert age_seconds(headers, NOW, NOW + 10) == seconds


@pytest.mark.parametrize("age", ["old", "", "-1", "7.5", "0, 0", "7;unit=s"])
def test_an_age_that_cannot_be_read_counts_as_old(age):
    assert age_seconds({"age": age}, NOW, NOW) == 2.0**31


def test_an_answer_is_fresh_until_its_lifetime_is_over():
    headers = {"cache-control": "max-age=60"}

    assert verdict(headers, 59.9) is Verdict.FRESH
    assert verdict(headers, 60.0) is Verdict.VALIDATE


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (Mode.DEFAULT, Verdict.FRESH),
        (Mode.ONLY_IF_CACHED, Verdict.FRESH),
        (Mode.NO_CACHE, Verdict.VALIDATE),
        (Mode.RELOAD, Verdict.FETCH),
        (Mode.NO_STORE, Verdict.FETCH),
    ],
)
def test_the_caller_may_demand_more_of_a_fresh_answer(mode, expected):
    assert verdict({"cache-control": "max-age=60"}, mode=mode) is expected


def test_the_caller_may_refuse_an_old_answer_and_accept_a_stale_one():
    headers = {"cache-control": "max-age=60"}

    assert verdict(headers, 30, max_age_seconds=10) is Verdict.VALIDATE
    assert verdict(headers, 70, max_stale_seconds=20) is Verdict.STALE
    assert verdict(headers, 90, max_stale_seconds=20) is Verdict.VALIDATE


@pytest.mark.parametrize("directive", ["must-revalidate", "no-cache"])
def test_the_origin_may_forbid_to_use_a_stale_answer(directive):
    headers = {"cache-control": f"max-age=60, {directive}"}

    assert verdict(headers, 70, max_stale_seconds=1000) is Verdict.VALIDATE
    assert verdict(headers, 70, however_stale=True) is Verdict.STALE


def test_what_may_not_be_kept_is_not():
    assert not storable({"cache-control": "max-age=60, no-store"})
    assert not storable({"vary": "*"})
    assert storable({"cache-control": "private"})


def test_an_entry_remembers_what_the_answer_says_and_not_what_its_connection_said():
    headers = {
        "etag": '"1"',
        "cache-control": "private",
        "connection": "close, X-Hop",
        "x-hop": "1",
        "keep-alive": "timeout=5",
        "transfer-encoding": "chunked",
    }

    assert kept(headers) == {"etag": '"1"', "cache-control": "private"}


def test_a_304_renews_what_it_says_and_forgets_the_stored_age_and_date():
    stored = {"etag": '"1"', "age": "50", "date": YEARS_AGO, "cache-control": "max-age=1"}

    assert renewed(stored, {"cache-control": "max-age=60"}) == {
        "etag": '"1"',
        "cache-control": "max-age=60",
    }


headers_of_any_origin = st.dictionaries(
    st.sampled_from(["cache-control", "age", "date", "expires", "last-modified", "vary"]),
    st.one_of(st.text(max_size=40), st.sampled_from([DATE, IN_AN_HOUR, "max-age=60", "60", "-1"])),
)


@given(headers_of_any_origin, st.floats(0, 1e9), st.floats(0, 1e6))
def test_whatever_an_origin_writes_there_is_a_verdict(headers, after_seconds, fresh_for_seconds):
    storable(headers)
    assert verdict(headers, after_seconds, fresh_for_seconds) in Verdict
    assert lifetime_seconds(headers, NOW, fresh_for_seconds) >= 0
    assert age_seconds(headers, NOW, NOW + after_seconds) >= 0


@given(headers_of_any_origin, st.floats(0, 1e6), st.floats(0, 1e6))
def test_an_answer_that_is_not_fresh_does_not_become_so_by_waiting(headers, sooner, longer):
    if verdict(headers, sooner) is not Verdict.FRESH:
        assert verdict(headers, sooner + longer) is not Verdict.FRESH
