"""Whether a body can be continued, and what an answer to that is (RFC 9110, 8.8, 13 and 14)."""

import pytest

from imageid_daemon.origins.ranges import (
    Kind,
    Rest,
    continuation,
    continued,
    digest_of,
    fields_for,
    rest,
    strong_validator,
)
from imageid_loaders.base import Continuation

KNOWN = Continuation("request", '"1"', 100, {"content-type": "image/png", "etag": '"1"'})
LONG_AGO, A_MINUTE_LATER = "Tue, 24 Nov 2026 10:00:00 GMT", "Tue, 24 Nov 2026 10:01:00 GMT"
FIFTY_NINE_SECONDS_LATER = "Tue, 24 Nov 2026 10:00:59 GMT"


def part(content_range, **more):
    return {"content-range": content_range, "etag": '"1"', **more}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"etag": '"1"'}, '"1"'),
        ({"etag": 'W/"1"'}, None),
        ({"etag": '""'}, None),
        ({"etag": "1"}, None),
        ({"etag": '"1", "2"'}, None),
        ({"etag": 'W/"1"', "last-modified": LONG_AGO, "date": A_MINUTE_LATER}, None),
        ({"last-modified": LONG_AGO, "date": A_MINUTE_LATER}, LONG_AGO),
        ({"last-modified": LONG_AGO, "date": FIFTY_NINE_SECONDS_LATER}, None),
        ({"last-modified": LONG_AGO}, None),
        ({"last-modified": "yesterday", "date": A_MINUTE_LATER}, None),
        ({}, None),
    ],
)
def test_a_strong_validator_is_a_tag_or_a_date_that_is_a_minute_old(headers, expected):
    assert strong_validator(headers) == expected


@pytest.mark.parametrize(
    ("status", "headers", "is_delimited"),
    [
        (203, {"etag": '"1"'}, True),
        (200, {"etag": '"1"'}, False),
        (200, {"etag": '"1"', "content-encoding": "gzip"}, True),
        (200, {"etag": '"1"', "accept-ranges": "None"}, True),
        (200, {}, True),
    ],
)
def test_what_cannot_be_continued(status, headers, is_delimited):
    assert continuation("request", status, headers, is_delimited=is_delimited) is None


def test_what_is_known_of_an_answer_that_can_be():
    headers = {"etag": '"1"', "content-length": "100", "set-cookie": "secret", "vary": "accept"}

    found = continuation("request", 200, headers, is_delimited=True)

    assert found == Continuation("request", '"1"', 100, {"etag": '"1"', "vary": "accept"})


def test_the_request_for_the_rest_names_no_stored_copy():
    asked = fields_for({"Accept": "image/*", "If-None-Match": '"0"'}, KNOWN, 40)

    assert asked == {"Accept": "image/*", "Range": "bytes=40-", "If-Range": '"1"'}


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (206, part("bytes 40-99/100"), Rest(Kind.FOLLOWS, 100, 100)),
        (206, part("bytes 40-59/100"), Rest(Kind.FOLLOWS, 60, 100)),
        (206, part("bytes 0-99/100"), Rest(Kind.REFUSED)),
        (206, part("bytes 41-99/100"), Rest(Kind.REFUSED)),
        (206, part("bytes 40-99/101"), Rest(Kind.REFUSED)),
        (206, part("bytes 40-99/*"), Rest(Kind.REFUSED)),
        (206, part("bytes 40-39/100"), Rest(Kind.REFUSED)),
        (206, part("bytes 40-100/100"), Rest(Kind.REFUSED)),
        (206, part("bytes 40-99/100", etag='"2"'), Rest(Kind.REFUSED)),
        (206, part("bytes 40-99/100", etag='W/"1"'), Rest(Kind.REFUSED)),
        (206, {"content-range": "bytes 40-99/100"}, Rest(Kind.REFUSED)),
        (206, part("bytes 40-99/100", **{"content-encoding": "gzip"}), Rest(Kind.REFUSED)),
        (206, {"etag": '"1"', "content-type": "multipart/byteranges"}, Rest(Kind.REFUSED)),
        (200, {"etag": '"1"', "content-length": "100"}, Rest(Kind.WHOLE)),
        (200, {"etag": '"1"', "content-length": "99"}, Rest(Kind.CHANGED)),
        (200, {"etag": '"2"', "content-length": "100"}, Rest(Kind.CHANGED)),
        (200, {"content-length": "100"}, Rest(Kind.CHANGED)),
        (416, {"content-range": "bytes */30"}, Rest(Kind.REFUSED)),
        (404, {}, Rest(Kind.REFUSED)),
        (503, {}, Rest(Kind.REFUSED)),
    ],
)
def test_what_an_answer_to_a_request_for_the_rest_is(status, headers, expected):
    assert rest(KNOWN, 40, status, headers) == expected


@pytest.mark.parametrize(
    ("modified", "kind"), [(LONG_AGO, Kind.FOLLOWS), (A_MINUTE_LATER, Kind.REFUSED)]
)
def test_where_a_date_is_the_validator_the_part_has_to_repeat_it(modified, kind):
    known = Continuation("request", LONG_AGO, 100, {})
    headers = {"content-range": "bytes 40-99/100", "last-modified": modified}

    assert rest(known, 40, 206, headers).kind is kind
    assert rest(known, 40, 206, {"content-range": "bytes 40-99/100"}).kind is Kind.REFUSED


def test_the_whole_has_the_newer_fields_and_its_own_length():
    headers = part("bytes 40-99/100", date="now", **{"content-length": "60"})

    assert continued(KNOWN, 100, headers) == {
        "content-type": "image/png", "etag": '"1"', "date": "now", "content-length": "100",
    }  # fmt: skip


def test_requests_are_the_same_whatever_they_hold_already():
    asked = digest_of("http://pacs/1", {"Accept": "image/png"})

    assert digest_of("http://pacs/1", {"accept": "image/png", "If-None-Match": '"0"'}) == asked
    assert digest_of("http://pacs/1", {"accept": "image/jpeg"}) != asked
    assert digest_of("http://pacs/2", {"accept": "image/png"}) != asked
