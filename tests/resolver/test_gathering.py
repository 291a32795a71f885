"""Which resources are worth asking for together."""

import pytest

from imageid_daemon.resolver.gathering import Refusals, Totals, Yield
from imageid_loaders.base import Bundle, Resource


def bundle(count, is_exact=False, url="http://pacs/series/1"):
    resources = (Resource(str(number), f"{url}/{number}") for number in range(count))
    return Bundle(url, tuple(resources), is_exact)


def test_what_has_nothing_unwanted_is_always_worth_it():
    assert Totals().is_worth(bundle(2, is_exact=True))


@pytest.mark.parametrize(("wanted", "is_worth"), [(140, True), (139, False), (200, True)])
def test_a_series_of_known_size_is_worth_it_where_most_is_wanted(wanted, is_worth):
    totals = Totals()
    totals.note("http://pacs/series/1", 200)

    assert totals.is_worth(bundle(wanted)) is is_worth


@pytest.mark.parametrize(("wanted", "is_worth"), [(4, True), (3, False)])
def test_a_series_of_unknown_size_is_worth_a_try_where_several_are_wanted(wanted, is_worth):
    assert Totals().is_worth(bundle(wanted)) is is_worth


def test_an_answer_is_waste_once_too_many_of_its_parts_are_unwanted():
    assert not Yield(wanted=10, unwanted=4).is_waste
    assert Yield(wanted=10, unwanted=5).is_waste


def test_an_answer_is_waste_once_one_unwanted_part_is_far_larger_than_what_was_wanted():
    assert not Yield(10, wanted_bytes=2**20, unwanted=1, unwanted_bytes=2**23).is_waste
    assert Yield(10, wanted_bytes=2**20, unwanted=1, unwanted_bytes=2**24).is_waste


def test_a_server_that_refused_twice_in_a_row_is_left_alone_for_ten_minutes():
    refusals = Refusals()
    refusals.refused(bundle(4), 0.0)
    assert not refusals.is_refused(bundle(4), 1.0)
    refusals.refused(bundle(4), 1.0)

    assert refusals.is_refused(bundle(4), 600.0)
    assert not refusals.is_refused(bundle(4), 601.0)


def test_what_a_server_delivers_makes_up_for_a_refusal():
    refusals = Refusals()
    refusals.refused(bundle(4), 0.0)
    refusals.delivered(bundle(4))
    refusals.refused(bundle(4), 0.0)

    assert not refusals.is_refused(bundle(4), 1.0)


def test_a_server_that_refuses_series_may_deliver_frames_and_another_may_deliver_both():
    refusals = Refusals()
    for _ in range(2):
        refusals.refused(bundle(4), 0.0)

    assert not refusals.is_refused(bundle(4, is_exact=True), 1.0)
    assert not refusals.is_refused(bundle(4, url="http://other/series/1"), 1.0)
