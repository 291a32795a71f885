"""WADO-RS transactions against an origin that does what servers do."""

import asyncio

import pytest

from imageid_loaders.accept import ANY, FRAME, INSTANCE
from imageid_loaders.base import Settings
from imageid_loaders.errors import (
    Corrupt,
    NotFound,
    NotSeparable,
    Unauthenticated,
    Unavailable,
)
from imageid_loaders.part10 import phantom_file
from imageid_loaders.testing import HttpTransport, load
from imageid_loaders.wado_rs import WadoRsLoader

INSTANCE_PATH = "/dw/studies/1/series/2/instances/3"
FRAME_PATH = f"{INSTANCE_PATH}/frames/1"
PIXELS = bytes(range(256)) * 16


class Client:
    def __init__(self, origin):
        self.origin = origin
        self.loader = WadoRsLoader(Settings())

    def load(self, path=FRAME_PATH):
        return asyncio.run(self.load_all(path))[0]

    async def load_all(self, *paths):
        async with HttpTransport() as transport:
            images = [self.loader.resolve(f"wadors:{self.origin.url}{path}") for path in paths]
            return [await load(self.loader, image.resource, transport) for image in images]

    @property
    def accepts(self):
        return [asked.headers["accept"] for asked in self.origin.asked]


@pytest.fixture
def client(origin):
    return Client(origin)


@pytest.fixture
def multipart(answer):
    def make(body=PIXELS, part="application/octet-stream", outer=None, end=b"\r\n--b--", **options):
        head = f"--b\r\nContent-Type: {part}\r\n\r\n".encode()
        outer = outer or 'multipart/related; type="application/octet-stream"; boundary=b'
        return answer(head + body + end, headers={"Content-Type": outer}, **options)

    return make


@pytest.fixture
def only_accepting(answer):
    def make(accept, good, status=406):
        return lambda asked: good if asked.headers["accept"] == accept else answer(status=status)

    return make


def test_a_frame_is_the_only_part_s_body(client, multipart):
    client.origin.answers[FRAME_PATH] = multipart()

    loaded = client.load()

    assert loaded.data == PIXELS
    assert loaded.source.transfer_syntax_uid == "1.2.840.10008.1.2.1"


def test_compression_is_never_asked_for(client, multipart):
    client.origin.answers[FRAME_PATH] = multipart()

    client.load()

    assert client.origin.asked[0].headers["accept-encoding"] == "identity"


def test_the_transfer_syntax_of_the_part_counts(client, multipart):
    part = "image/dicom-rle; transfer-syntax=1.2.840.10008.1.2.5"
    client.origin.answers[FRAME_PATH] = multipart(part=part)

    source = client.load().source

    assert (source.transfer_syntax_uid, source.media_type) == (
        "1.2.840.10008.1.2.5",
        "image/dicom-rle",
    )


def test_a_compressed_frame_labelled_native_is_seen_through(client, multipart):
    body = bytes.fromhex("ff4fff510029") + bytes(39) + bytes.fromhex("ff50000800020000") + bytes(50)
    part = "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"
    client.origin.answers[FRAME_PATH] = multipart(body, part)

    assert client.load().source.transfer_syntax_uid == "1.2.840.10008.1.2.4.203"


def test_a_missing_boundary_parameter_is_taken_from_the_body(client, multipart):
    client.origin.answers[FRAME_PATH] = multipart(outer="multipart/related")

    assert client.load().data == PIXELS


def test_a_single_part_answer_is_the_frame(client, answer):
    headers = {"Content-Type": "application/octet-stream; transfer-syntax=1.2.840.10008.1.2"}
    client.origin.answers[FRAME_PATH] = answer(PIXELS, headers=headers)

    loaded = client.load()

    assert (loaded.data, loaded.source.size_bytes) == (PIXELS, len(PIXELS))
    assert loaded.source.transfer_syntax_uid == "1.2.840.10008.1.2"


def test_the_part_s_content_length_is_the_size(client, multipart):
    part = f"image/jp2\r\nContent-Length: {len(PIXELS)}"
    client.origin.answers[FRAME_PATH] = multipart(part=part)

    assert client.load().source.size_bytes == len(PIXELS)


@pytest.mark.parametrize("has_length", [True, False])
def test_a_body_without_closing_delimiter_is_corrupt(client, multipart, has_length):
    client.origin.answers[FRAME_PATH] = multipart(end=b"", has_length=has_length)

    with pytest.raises(Corrupt, match="closing delimiter"):
        client.load()


def test_an_answer_shorter_than_its_content_length_is_an_error(client, answer):
    client.origin.answers[FRAME_PATH] = answer(PIXELS, promised_bytes=len(PIXELS) + 1)

    with pytest.raises(Unavailable):
        client.load()


def test_a_second_part_is_an_error(client, multipart):
    client.origin.answers[FRAME_PATH] = multipart(end=b"\r\n--b\r\n\r\nmore\r\n--b--")

    with pytest.raises(Corrupt, match="several parts"):
        client.load()


def test_an_empty_frame_is_an_error(client, multipart):
    client.origin.answers[FRAME_PATH] = multipart(b"")

    with pytest.raises(Corrupt, match="without any bytes"):
        client.load()


def test_a_login_page_is_no_frame(client, answer):
    headers = {"Content-Type": "text/html; charset=utf-8"}
    client.origin.answers[FRAME_PATH] = answer(b"<!doctype html><title>Log in", headers=headers)

    with pytest.raises(Unauthenticated, match="web page"):
        client.load()


@pytest.mark.parametrize("status", [400, 406, 415])
def test_a_refused_accept_is_followed_by_the_next(client, multipart, only_accepting, status):
    client.origin.answers[FRAME_PATH] = only_accepting(ANY, multipart(), status)

    assert client.load().data == PIXELS
    assert client.accepts == [FRAME, ANY]


def test_the_accept_that_worked_is_asked_for_first_next_time(client, multipart, only_accepting):
    client.origin.answers[FRAME_PATH] = only_accepting(ANY, multipart())

    asyncio.run(client.load_all(FRAME_PATH, FRAME_PATH))

    assert client.accepts == [FRAME, ANY, ANY]


def test_a_frame_that_no_accept_delivers_is_not_separable(client, answer):
    client.origin.answers[FRAME_PATH] = answer(status=406)

    with pytest.raises(NotSeparable):
        client.load()
    assert client.accepts == [FRAME, ANY]


def test_a_frame_that_the_server_fails_on_is_not_taken_from_its_conversion(
    client, multipart, only_accepting
):
    client.origin.answers[FRAME_PATH] = only_accepting(ANY, multipart(), 500)

    with pytest.raises(NotSeparable):
        asyncio.run(client.load_all(FRAME_PATH))
    with pytest.raises(NotSeparable):
        client.load()
    assert client.accepts == [FRAME]


def test_a_missing_frame_is_asked_for_once(client):
    with pytest.raises(NotFound):
        client.load()
    assert client.accepts == [FRAME]


def test_an_instance_is_a_part_10_file(client, multipart):
    client.origin.answers[INSTANCE_PATH] = multipart(phantom_file(1), "application/octet-stream")

    loaded = client.load(INSTANCE_PATH)

    assert (loaded.data, loaded.source.media_type) == (phantom_file(1), "application/dicom")
    assert loaded.source.transfer_syntax_uid is None


def test_an_instance_that_no_accept_delivers_is_the_first_answer_s_error(client, answer):
    client.origin.answers[INSTANCE_PATH] = answer(status=500)

    with pytest.raises(Unavailable) as failure:
        client.load(INSTANCE_PATH)
    assert failure.value.metadata == {"http_status": "500"}
    assert client.accepts[0] == INSTANCE
    assert len(client.accepts) == 3


def test_a_rendered_view_is_a_web_image(client, answer):
    path = f"{INSTANCE_PATH}/rendered"
    client.origin.answers[path] = answer(
        b"\xff\xd8\xff\xe0" + bytes(99), headers={"Content-Type": "image/jpeg"}
    )

    assert client.load(path).source.media_type == "image/jpeg"
    assert client.accepts == ["image/jpeg"]
