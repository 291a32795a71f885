"""What origins write about freshness beyond the plain cases (RFC 9111, RFC 9110)."""

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageid_daemon.cache.freshness import (
    Demand,
    Mode,
    Verdict,
    age_seconds,
    judge,
    lifetime_seconds,
    renewed,
)

# A whole second: HTTP dates have no finer grain.
ANSWERED = 1_700_000_000.0
DAY = 86400.0


def http_date(seconds):
    return formatdate(seconds, usegmt=True)


def verdict(headers, age, fresh_for_seconds=0.0, **demand):
    return judge(headers, ANSWERED, fresh_for_seconds, Demand(**demand), ANSWERED + age)


def lifetime(headers, fresh_for_seconds=0.0):
    return lifetime_seconds(headers, ANSWERED, fresh_for_seconds)


def test_of_a_directive_given_twice_the_first_counts():
    assert lifetime({"cache-control": "max-age=60, max-age=9000"}) == 60


@pytest.mark.parametrize("value", ["", "-1", "1.5", "0x10", "\uff16\uff10", "=60"])
def test_a_max_age_that_cannot_be_read_is_no_freshness_whatever_else_says(value):
    headers = {"cache-control": f"max-age={value}", "expires": http_date(ANSWERED + DAY)}

    assert lifetime(headers, fresh_for_seconds=DAY) == 0


def test_leading_zeros_do_not_make_a_max_age_longer():
    assert lifetime({"cache-control": "max-age=" + "0" * 50 + "60"}) == 60


def test_the_lifetime_for_shared_caches_counts_where_it_is_shorter():
    assert lifetime({"cache-control": "s-maxage=5, max-age=60"}) == 5
    assert lifetime({"cache-control": "s-maxage=60, max-age=5"}) == 5


def test_the_lifetime_for_shared_caches_counts_before_any_guess():
    headers = {"cache-control": "s-maxage=5", "last-modified": http_date(ANSWERED - DAY)}

    assert lifetime(headers, fresh_for_seconds=DAY) == 5


@pytest.mark.parametrize(
    "value",
    [
        "Tue, 14 Nov 2023 22:14:20 GMT",
        "Tuesday, 14-Nov-23 22:14:20 GMT",
        "Tue Nov 14 22:14:20 2023",
    ],
)
def test_all_three_forms_of_an_http_date_are_read(value):
    assert lifetime({"expires": value}) == 60


@pytest.mark.parametrize("value", ["-1", "", "never", "Thu, 99 Jan 2020 00:00:00 GMT"])
def test_an_expires_that_is_no_date_has_expired_whatever_the_loader_says(value):
    assert lifetime({"expires": value}, fresh_for_seconds=DAY) == 0


def test_immutable_does_not_prolong_a_max_age():
    assert lifetime({"cache-control": "max-age=60, immutable"}) == 60


def test_a_last_modified_in_the_future_is_no_freshness():
    assert lifetime({"last-modified": http_date(ANSWERED + DAY)}) == 0


def test_a_loaders_lifetime_is_bounded():
    assert lifetime({}, fresh_for_seconds=float("inf")) == 2**31


def test_a_clock_that_was_set_back_makes_no_negative_age():
    assert age_seconds({}, ANSWERED, ANSWERED - 3600) == 0


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        (Mode.DEFAULT, Verdict.VALIDATE),
        (Mode.ONLY_IF_CACHED, Verdict.VALIDATE),
        (Mode.NO_CACHE, Verdict.VALIDATE),
        (Mode.RELOAD, Verdict.FETCH),
        (Mode.NO_STORE, Verdict.FETCH),
    ],
)
def test_no_mode_takes_a_stale_answer_by_itself(mode, expected):
    assert verdict({"cache-control": "max-age=60"}, 61, mode=mode) is expected


def test_a_max_age_of_zero_is_a_limit_and_not_the_lack_of_one():
    assert verdict({"cache-control": "max-age=60"}, 1, max_age_seconds=0) is Verdict.VALIDATE


def test_who_tolerates_stale_may_still_refuse_old():
    headers = {"cache-control": "max-age=60"}

    assert verdict(headers, 65, max_age_seconds=62, max_stale_seconds=10) is Verdict.VALIDATE


def test_must_revalidate_does_not_hinder_a_fresh_answer():
    assert verdict({"cache-control": "max-age=60, must-revalidate"}, 30) is Verdict.FRESH


def test_a_304_brings_its_own_age_and_date():
    confirmed = {"age": "5", "date": http_date(ANSWERED), "connection": "close"}

    assert renewed({"age": "500", "date": http_date(0)}, confirmed) == {
        "age": "5",
        "date": http_date(ANSWERED),
    }


def test_a_confirmed_answer_is_fresh_again():
    stored = {"cache-control": "max-age=60", "date": http_date(ANSWERED - DAY), "age": "900"}

    assert verdict(stored, 0) is Verdict.VALIDATE
    assert verdict(renewed(stored, {}), 0) is Verdict.FRESH


HEADERS = st.dictionaries(
    st.sampled_from(["age", "cache-control", "date", "expires", "last-modified"]),
    st.text(max_size=40)
    | st.integers(-5, 10**12).map("max-age={}".format)
    | st.integers(0, 4 * 10**9).map(http_date),
)
SECONDS = st.floats(0, 10**9)


@given(HEADERS, SECONDS, SECONDS, st.sampled_from(["no-cache", "must-revalidate"]))
def test_what_must_be_revalidated_is_never_served_stale(headers, age, max_stale, directive):
    strict = {**headers, "cache-control": f"{directive}, {headers.get('cache-control', '')}"}

    assert verdict(strict, age, max_stale_seconds=max_stale) is not Verdict.STALE


@given(HEADERS, HEADERS)
def test_confirming_twice_is_confirming_once(stored, confirmed):
    once = renewed(stored, confirmed)

    assert renewed(once, confirmed) == once
