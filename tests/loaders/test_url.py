import pytest

from imageid_loaders.errors import InvalidImageId
from imageid_loaders.url import canonical_url, split_scheme, take_frame


@pytest.mark.parametrize(
    ("image_id", "parts"),
    [
        ("wadors:https://h/p?a=1", ("wadors", "https://h/p?a=1")),
        ("WADOURI:http://h", ("wadouri", "http://h")),
        ("dicomfile:3", ("dicomfile", "3")),
    ],
)
def test_the_scheme_is_what_stands_before_the_first_colon(image_id, parts):
    assert split_scheme(image_id) == parts


@pytest.mark.parametrize("image_id", ["", "photo.jpg", ":photo.jpg"])
def test_an_image_id_without_scheme_is_refused(image_id):
    with pytest.raises(InvalidImageId, match="no scheme"):
        split_scheme(image_id)


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("HTTPS://Host.Example/A", "https://host.example/A"),
        ("https://h:443/a", "https://h/a"),
        ("http://h:80/a", "http://h/a"),
        ("http://h:443/a", "http://h:443/a"),
        ("https://h", "https://h/"),
        ("https://h/a#b?c", "https://h/a"),
        ("https://h/a?", "https://h/a?"),
        ("http://[::1]:8042/a", "http://[::1]:8042/a"),
    ],
)
def test_a_url_has_one_canonical_form(written, canonical):
    assert canonical_url(written) == canonical


@pytest.mark.parametrize(
    "query", ["b=2&a=1", "t=application/dicom", "t=application%2Fdicom", "a&&b="]
)
def test_a_query_stays_as_it_is_written(query):
    assert canonical_url(f"https://h/a?{query}") == f"https://h/a?{query}"


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://user:secret@h/a", "user name or password"),
        ("https://h/a b", "space or control character"),
        ("https://h/a\r\nX: y", "space or control character"),
        ("https:///a", "no host"),
        ("ftp://h/a", "no host"),
        ("https://h:0/a", "no host"),
        ("https://h:port/a", "malformed"),
        ("https://[::1/a", "malformed"),
        ("https://h/dicom-web/../admin", "segment"),
        ("https://h/dicom-web/%2E%2e/admin", "segment"),
        ("https://h/a/.", "segment"),
    ],
)
def test_a_url_that_cannot_be_meant_is_refused(url, reason):
    with pytest.raises(InvalidImageId, match=reason):
        canonical_url(url)


def test_a_refusal_does_not_repeat_the_password():
    with pytest.raises(InvalidImageId) as refusal:
        canonical_url("https://user:secret@h/a")
    assert "secret" not in refusal.value.message


@pytest.mark.parametrize(
    ("url", "rest", "frame"),
    [
        ("http://h/a", "http://h/a", None),
        ("http://h/a?", "http://h/a?", None),
        ("http://h/a?frame=2", "http://h/a", 2),
        ("http://h/a?frame=2&token=a", "http://h/a?token=a", 2),
        ("http://h/a?x=1&frame=02&token=a", "http://h/a?x=1&token=a", 2),
        ("http://h/a?x=a%2Fb&y=&frame=3", "http://h/a?x=a%2Fb&y=", 3),
        ("http://h/a?timeframe=30&o=1", "http://h/a?timeframe=30&o=1", None),
        ("http://h/a?frameNumber=3", "http://h/a?frameNumber=3", None),
        ("0&frame=1", "0", 1),
        ("http://h/a?frame=2#decimation=4", "http://h/a", 2),
    ],
)
def test_the_frame_is_taken_out_of_the_query_wherever_it_stands(url, rest, frame):
    assert take_frame(url) == (rest, frame)


def test_a_frame_number_of_zero_is_refused_by_name():
    with pytest.raises(InvalidImageId, match="no frame 0: frames count from 1"):
        take_frame("http://h/a?frame=0")


@pytest.mark.parametrize("value", ["-1", "+1", "a", "", "1.5", "²", "1,2", "0x1"])
def test_a_frame_that_is_no_positive_whole_number_is_refused(value):
    with pytest.raises(InvalidImageId, match="not a positive whole number"):
        take_frame(f"http://h/a?frame={value}")


def test_a_frame_beyond_all_counting_is_refused():
    with pytest.raises(InvalidImageId, match="above any"):
        take_frame("http://h/a?frame=" + "9" * 5000)


@pytest.mark.parametrize("query", ["frame=1&frame=1", "frame=1&a=b&frame=2", "frame&frame=1"])
def test_a_frame_given_twice_is_refused(query):
    with pytest.raises(InvalidImageId, match="more than one frame"):
        take_frame(f"http://h/a?{query}")
