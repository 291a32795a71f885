import pytest

from imageid_loaders.base import NotModified, Validators
from imageid_loaders.errors import (
    Corrupt,
    Denied,
    ImageError,
    NotFound,
    RateLimited,
    Unauthenticated,
    Unavailable,
)
from imageid_loaders.status import check_status, failure, request_headers, retry_after_seconds

NONE = Validators()
NOVEMBER_1994 = 784_111_777.0  # Sun, 06 Nov 1994 08:49:37 GMT


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (202, Unavailable),
        (204, NotFound),
        (302, Unavailable),
        (304, Unavailable),
        (400, NotFound),
        (401, Unauthenticated),
        (403, Denied),
        (404, NotFound),
        (408, Unavailable),
        (410, NotFound),
        (418, NotFound),
        (429, RateLimited),
        (500, Unavailable),
        (503, Unavailable),
    ],
)
def test_a_status_is_an_error_of_one_kind(status, kind):
    with pytest.raises(ImageError) as error:
        check_status(status, {}, NONE, 0.0)

    assert type(error.value) is kind
    assert error.value.metadata == {"http_status": str(status)}


def test_an_error_keeps_what_says_how_long_it_may_be_remembered_and_nothing_else():
    error = failure(404, {"cache-control": "max-age=5", "set-cookie": "secret"}, 0.0)

    assert error.headers == {"cache-control": "max-age=5"}
    assert error.metadata == {"http_status": "404"}


@pytest.mark.parametrize("status", [200, 203])
def test_a_whole_answer_is_no_error(status):
    check_status(status, {}, NONE, 0.0)


@pytest.mark.parametrize(
    "headers", [{"content-range": "bytes 0-99/100"}, {"content-type": "multipart/related"}]
)
def test_a_partial_answer_that_holds_everything_is_no_error(headers):
    check_status(206, headers, NONE, 0.0)


@pytest.mark.parametrize(
    "headers", [{}, {"content-range": "bytes 0-9/100"}, {"content-range": "bytes 0-99/*"}]
)
def test_a_partial_answer_that_nobody_asked_for_is_an_error(headers):
    with pytest.raises(Corrupt, match="a part of the image"):
        check_status(206, headers, NONE, 0.0)


def test_a_confirmed_copy_has_the_headers_that_renew_it():
    with pytest.raises(NotModified) as answer:
        check_status(304, {"etag": '"1"', "server": "x"}, Validators('"1"'), 0.0)

    assert answer.value.headers == {"etag": '"1"'}


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120.0),
        ("Sun, 06 Nov 1994 08:49:37 GMT", 37.0),
        ("Sun, 06 Nov 1993 08:49:37 GMT", 0.0),
        ("soon", None),
        ("-1", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value, seconds):
    assert retry_after_seconds(value, NOVEMBER_1994 - 37) == seconds


def test_an_error_says_when_to_try_again():
    assert failure(429, {"retry-after": "7"}, 0.0).retry_after_seconds == 7


def test_pixel_data_are_asked_for_without_compression():
    assert request_headers("*/*", NONE) == {"accept": "*/*", "accept-encoding": "identity"}


def test_validators_become_a_conditional_request():
    headers = request_headers("*/*", Validators('"1"', "yesterday"))

    assert headers["if-none-match"] == '"1"'
    assert headers["if-modified-since"] == "yesterday"
