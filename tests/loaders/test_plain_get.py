import asyncio
import gzip

import pytest

from imageid_loaders.base import Settings
from imageid_loaders.custom import CustomLoader
from imageid_loaders.errors import (
    ConfigurationError,
    Corrupt,
    InvalidImageId,
    RateLimited,
    Unauthenticated,
    Unavailable,
    Undecodable,
)
from imageid_loaders.testing import HttpTransport, load
from imageid_loaders.web import WebLoader

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(5000)


@pytest.fixture
def get(origin, answer):
    def get(body=JPEG, **options):
        async def load_it():
            async with HttpTransport() as transport:
                return await load(loader, loader.resolve(f"web:{origin.url}/a").resource, transport)

        loader = WebLoader(Settings())
        origin.answers["/a"] = answer(body, **options)
        return asyncio.run(load_it())

    return get


def test_the_bytes_say_what_they_are_against_the_label(get):
    assert get(headers={"Content-Type": "image/png"}).source.media_type == "image/jpeg"


def test_the_content_length_is_the_size(get):
    assert get().source.size_bytes == len(JPEG)


def test_unknown_bytes_are_what_the_label_says(get):
    loaded = get(b"\0\0\0 ftypavif", headers={"Content-Type": "image/avif; q=1"})

    assert loaded.source.media_type == "image/avif"


def test_unknown_bytes_without_a_label_are_octets(get):
    assert get(b"\0\1\2").source.media_type == "application/octet-stream"


@pytest.mark.parametrize(
    ("body", "media_type"),
    [(b"<html><form>", "image/jpeg"), (b"Please log in", "text/html; charset=utf-8")],
)
def test_a_web_page_is_no_image(get, body, media_type):
    with pytest.raises(Unauthenticated, match="web page instead of an image"):
        get(body, headers={"Content-Type": media_type})


@pytest.mark.parametrize("media_type", ["text/plain", "application/json"])
def test_another_text_is_no_image(get, media_type):
    with pytest.raises(Undecodable, match=media_type):
        get(b'{"error": 1}', headers={"Content-Type": media_type})


def test_a_compressed_answer_has_no_known_size(get):
    loaded = get(gzip.compress(JPEG), headers={"Content-Encoding": "gzip"})

    assert (loaded.data, loaded.source.size_bytes) == (JPEG, None)


def test_an_empty_answer_is_an_error(get):
    with pytest.raises(Corrupt, match="without any bytes"):
        get(b"")


def test_a_part_that_nobody_asked_for_is_an_error(get):
    with pytest.raises(Corrupt):
        get(status=206, headers={"Content-Range": "bytes 0-4999/10000"})


def test_an_answer_that_breaks_off_is_an_error(get):
    with pytest.raises(Unavailable):
        get(promised_bytes=100_000)


def test_a_rate_limit_says_when_to_try_again(get):
    with pytest.raises(RateLimited) as failure:
        get(status=429, headers={"Retry-After": "3"})
    assert failure.value.retry_after_seconds == 3


def test_the_headers_of_freshness_are_handed_on_and_no_others(get):
    headers = {"Cache-Control": "max-age=5", "ETag": '"1"', "Age": "1", "Set-Cookie": "a=b"}

    assert get(headers=headers).source.headers == {
        "cache-control": "max-age=5",
        "etag": '"1"',
        "age": "1",
    }


def test_a_custom_id_is_percent_encoded_into_its_template():
    loader = CustomLoader(Settings({"x": {"url": "https://h/{id}/file?full=1"}}))

    resource = loader.resolve("custom://x/a b%26c%25?frame=2").resource

    assert resource.url == "https://h/a%20b%26c%25/file?full=1"


def test_an_unknown_custom_server_is_answered_with_those_that_are_known():
    loader = CustomLoader(
        Settings({"b": {"url": "https://h/{id}"}, "a": {"url": "https://h/{id}"}})
    )

    with pytest.raises(InvalidImageId, match="known: a, b"):
        loader.resolve("custom://c/1")


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("https://h/{id}", "is no table"),
        ({}, r"loaders\.custom\.x\.url must be"),
        ({"url": "https://h/"}, "holds {id} once"),
        ({"url": "https://{id}.example/"}, "in its host"),
        ({"url": "ftp://h/{id}"}, "names no host"),
        ({"url": "https://h/{id}", "color": 1}, r"loaders\.custom\.x\.color is no setting"),
    ],
)
def test_a_custom_table_that_cannot_work_is_named(table, problem):
    with pytest.raises(ConfigurationError, match=problem):
        CustomLoader(Settings({"x": table}))
