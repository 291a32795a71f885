"""Which answer was given to a request like this one (RFC 9111 section 4.1)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from imageid_daemon.cache.freshness import matches, nominated, storable


def test_an_answer_that_varies_by_nothing_serves_every_request():
    assert nominated({}, {"foo": "1"}) == {}
    assert matches({}, {"foo": "1"})


def test_an_answer_serves_requests_that_send_the_same():
    varied = nominated({"vary": "Foo, bar"}, {"foo": "1", "other": "2"})

    assert varied == {"foo": "1", "bar": None}
    assert matches(varied, {"foo": "1", "other": "3"})


@pytest.mark.parametrize("request_fields", [{}, {"foo": "2"}, {"foo": "1", "bar": ""}])
def test_an_answer_does_not_serve_a_request_that_differs_in_what_it_varies_by(request_fields):
    assert not matches(nominated({"vary": "foo, bar"}, {"foo": "1"}), request_fields)


def test_space_between_members_makes_no_difference():
    assert matches(nominated({"vary": "foo"}, {"foo": "1,2"}), {"foo": " 1 , 2"})


@pytest.mark.parametrize("vary", ["*", " *", ", *", "*, foo", "foo, *", "*, *"])
def test_an_answer_that_varies_by_everything_is_not_stored(vary):
    assert not storable({"vary": vary})


FIELDS = st.dictionaries(st.sampled_from(["foo", "bar", "baz"]), st.text(max_size=5))


@given(st.lists(st.sampled_from(["foo", "Bar", "baz", ""])).map(",".join), FIELDS)
def test_an_answer_serves_the_request_that_it_was_given_to(vary, request_fields):
    assert matches(nominated({"vary": vary}, request_fields), request_fields)
