"""Which entries a prefix, an origin, a UID or an age means."""

from __future__ import annotations

import pytest

from imageid_daemon.cache import Entry
from imageid_daemon.resolver import selection

FRAME = "https://pacs.example:8443/dicom-web/studies/1.2.3/series/4.5/instances/6/frames/1"


def entry(url: str, response_seconds: float = 0.0) -> Entry:
    return Entry("key", "digest", 1, "image/png", response_seconds=response_seconds, url=url)


@pytest.mark.parametrize(
    ("prefix", "is_chosen"),
    [
        ("https://pacs.example:8443/dicom-web/studies/1.2.3/", True),
        ("wadors:https://pacs.example:8443/dicom-web/studies/1", True),
        ("https://pacs.example:8443/dicom-web/studies/2", False),
        ("pacs.example", False),
    ],
)
def test_a_prefix_is_that_of_the_url(prefix, is_chosen):
    assert selection.by_prefix(prefix)(entry(FRAME)) is is_chosen


@pytest.mark.parametrize(
    "url",
    [
        FRAME,
        "https://pacs/wado?studyUID=1.2.3&seriesUID=4.5&objectUID=6",
        "https://pacs/wado?q=1%2E2%2E3%2F4.5",
    ],
)
def test_a_study_and_a_series_are_found_where_the_url_says_them(url):
    assert selection.by_study("1.2.3")(entry(url))
    assert selection.by_series("4.5")(entry(url))


@pytest.mark.parametrize("uid", ["1.2", "2.3", "1.2.33", "1"])
def test_a_part_of_a_uid_is_another_uid(uid):
    url = FRAME.replace("/frames/1", "")

    assert not selection.by_study(uid)(entry(url))


@pytest.mark.parametrize(
    ("name", "urls", "is_chosen"),
    [
        ("pacs.example", (), True),
        ("PACS.example:8443", (), True),
        ("pacs.example:443", (), False),
        ("pacs", ("https://pacs.example:8443/dicom-web/",), True),
        ("pacs", ("https://pacs.example:8443/dicom",), False),
        ("pacs", (), False),
    ],
)
def test_an_origin_is_a_configured_name_or_a_host(name, urls, is_chosen):
    assert selection.by_origin(name, urls)(entry(FRAME)) is is_chosen


@pytest.mark.parametrize(("response_seconds", "is_chosen"), [(39.0, True), (41.0, False)])
def test_an_age_is_counted_from_when_the_origin_gave_it(response_seconds, is_chosen):
    chosen = selection.older(selection.everything, age_seconds=60.0, now_seconds=100.0)

    assert chosen(entry(FRAME, response_seconds)) is is_chosen


def test_an_age_is_a_demand_upon_what_is_chosen_otherwise():
    chosen = selection.older(selection.by_prefix("https://other"), 0.0, now_seconds=100.0)

    assert not chosen(entry(FRAME))
