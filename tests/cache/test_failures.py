"""Which failures are remembered, and for how long."""

import pytest

from imageid_daemon.cache import Demand, Failures, Mode
from imageid_loaders.errors import NAME_NOT_RESOLVED, Denied, NotFound, Unavailable
from imageid_loaders.status import failure

NOW = 1_700_000_000.0


def lifetime(status, headers=None, scale=4096):
    """For how many seconds the answer is remembered."""
    failures = Failures()
    failures.remember("key", failure(status, headers or {}, NOW), {}, NOW)
    return sum(failures.find("key", {}, Demand(), NOW + s) is not None for s in range(scale))


@pytest.mark.parametrize("status", [404, 405, 410, 414, 501])
def test_what_will_not_change_soon_is_remembered_for_a_minute(status):
    assert lifetime(status) == 60


@pytest.mark.parametrize("status", [202, 400, 406, 500, 502, 503, 504, 599])
def test_other_failures_are_remembered_only_where_the_origin_says_so(status):
    assert lifetime(status) == 0
    assert lifetime(status, {"cache-control": "max-age=7"}) == 7


@pytest.mark.parametrize("status", [401, 403, 407, 408, 425, 429, 451])
def test_a_refusal_that_credentials_or_patience_overcome_is_never_remembered(status):
    assert lifetime(status, {"cache-control": "max-age=60"}) == 0


@pytest.mark.parametrize("said", ["no-store", "no-cache", "max-age=0"])
def test_the_origin_may_forbid_to_remember(said):
    assert lifetime(404, {"cache-control": said}) == 0
    assert lifetime(404, {"vary": "*"}) == 0


def test_no_origin_has_a_failure_remembered_for_long():
    assert lifetime(404, {"cache-control": "max-age=9999999"}) == 3600
    assert lifetime(503, {"cache-control": "max-age=9999999"}) == 60


def test_an_origin_that_names_a_pause_gets_one_of_seconds():
    assert lifetime(503, {"retry-after": "4"}) == 4
    assert lifetime(503, {"retry-after": "3600"}) == 10
    assert lifetime(404, {"retry-after": "4", "cache-control": "max-age=9"}) == 9


def test_a_status_that_must_be_understood_and_is_not_is_not_remembered():
    said = {"cache-control": "max-age=60, must-understand"}

    assert lifetime(599, said) == 0
    assert lifetime(404, said) == 60


def test_the_age_that_a_failure_came_with_counts():
    assert lifetime(404, {"cache-control": "max-age=60", "age": "50"}) == 10


@pytest.mark.parametrize(
    "demand",
    [
        Demand(Mode.NO_CACHE),
        Demand(Mode.RELOAD),
        Demand(Mode.NO_STORE),
        Demand(max_age_seconds=5),
        Demand(min_fresh_seconds=55),
        Demand(however_stale=True),
    ],
)
def test_a_caller_may_refuse_what_is_remembered(demand):
    failures = Failures()
    failures.remember("key", failure(404, {}, NOW), {}, NOW)

    found = failures.find("key", {}, demand, NOW + 10)

    assert (found is None) == (not demand.however_stale)


def test_what_failed_for_want_of_the_name_is_remembered_for_five_seconds():
    failures = Failures()
    failures.remember("key", Unavailable("No name.", cause=NAME_NOT_RESOLVED), {}, NOW)

    assert failures.find("key", {}, Demand(), NOW + 4.9)
    assert not failures.find("key", {}, Demand(), NOW + 5)


@pytest.mark.parametrize("error", [Unavailable("Gone."), NotFound("No file."), Denied("No.")])
def test_what_no_origin_has_answered_is_not_remembered(error):
    failures = Failures()
    failures.remember("key", error, {}, NOW)

    assert failures.find("key", {}, Demand(), NOW) is None


def test_a_failure_is_that_of_its_key_and_of_requests_that_send_the_same():
    failures = Failures()
    failures.remember("key", failure(404, {"vary": "foo"}, NOW), {"foo": "1"}, NOW)

    assert failures.find("key", {"foo": "1"}, Demand(), NOW)
    assert not failures.find("key", {"foo": "2"}, Demand(), NOW)
    assert not failures.find("other", {"foo": "1"}, Demand(), NOW)


def test_the_caller_is_told_what_the_origin_said():
    failures = Failures()
    failures.remember("key", failure(410, {}, NOW), {}, NOW)

    found = failures.find("key", {}, Demand(), NOW)

    assert isinstance(found, NotFound)
    assert (found.metadata["http_status"], found.message) == (
        "410",
        "The origin has this image no more (HTTP status 410).",
    )


class Withdrawn(NotFound):
    """A third party's kind, which is made otherwise."""

    def __init__(self):
        super().__init__("Withdrawn.", http_status="410")


def test_each_caller_gets_an_error_of_its_own():
    failures = Failures()
    failures.remember("key", Withdrawn(), {}, NOW)

    first, second = (failures.find("key", {}, Demand(), NOW) for _ in range(2))

    assert first is not second
    assert (type(first), first.message, str(first)) == (Withdrawn, "Withdrawn.", "Withdrawn.")


def test_the_oldest_failures_give_way():
    failures = Failures()
    for number in range(4097):
        failures.remember(f"key{number}", failure(404, {}, NOW), {}, NOW)

    assert not failures.find("key0", {}, Demand(), NOW)
    assert failures.find("key1", {}, Demand(), NOW)
