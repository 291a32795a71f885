"""What a server sends beyond its answer is never taken for the answer to another request."""

import asyncio
import ssl

import pytest

from transport.raw_server import Reply, reply, running
from transport.test_tls import CERTIFICATE

SMUGGLED = b"HTTP/1.1 200 Words\r\nContent-Length: 8\r\n\r\nsmuggled"


def with_surplus(answer: Reply, surplus: bytes) -> Reply:
    return Reply(answer.head, answer.body + surplus)


@pytest.mark.parametrize("surplus", [SMUGGLED, b"\r\n", b"x"])
async def test_a_connection_with_bytes_beyond_the_body_is_not_used_again(server, way, surplus):
    one = server.on("/one", with_surplus(reply(b"one"), surplus))
    other = server.on("/other", reply(b"other"))
    origins = way()

    assert await origins.read(one) == b"one"
    assert await origins.read(other) == b"other"
    assert server.connections == 2


async def test_nor_is_one_with_bytes_beyond_the_last_chunk(server, way):
    chunked = reply(b"3\r\none\r\n0\r\n\r\n", transfer_encoding="chunked")
    one = server.on("/one", with_surplus(chunked, SMUGGLED))
    other = server.on("/other", reply(b"other"))
    origins = way()

    assert await origins.read(one) == b"one"
    assert await origins.read(other) == b"other"
    assert server.connections == 2


async def test_nor_is_one_with_a_body_where_there_is_none(server, way):
    one = server.on("/one", Reply(b"HTTP/1.1 304 Words\r\n\r\n", SMUGGLED))
    other = server.on("/other", reply(b"other"))
    origins = way()

    async with origins.get(one) as response:
        assert response.status == 304
    assert await origins.read(other) == b"other"
    assert server.connections == 2


async def test_nor_is_one_whose_surplus_comes_in_another_segment(server, way):
    # The surplus waits until the head was read, and arrives while the body is.
    gate = asyncio.Event()
    large = b"x" * 300_000
    answer = reply(large, gate=gate)
    one = server.on("/one", Reply(answer.head, large + SMUGGLED, gate=gate))
    other = server.on("/other", reply(b"other"))
    origins = way()

    async with origins.get(one) as response:
        gate.set()
        assert b"".join([chunk async for chunk in response.chunks]) == large
    assert await origins.read(other) == b"other"


async def test_a_connection_that_carried_no_more_than_its_answer_is_used_again(server, way):
    one = server.on("/one", reply(b"one"))
    origins = way()

    assert [await origins.read(one) for _ in range(3)] == [b"one"] * 3
    assert server.connections == 1


@pytest.fixture
async def secure():
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(CERTIFICATE)
    async with running(tls) as raw:
        yield raw


@pytest.fixture
def trusting(way):
    return way(
        allow=("localhost:*",), ssl_context=lambda: ssl.create_default_context(cafile=CERTIFICATE)
    )


async def test_nor_is_one_whose_surplus_comes_in_a_tls_record_of_its_own(secure, trusting):
    record = b"x" * 16384
    secure.on("/one", with_surplus(reply(record), SMUGGLED))
    secure.on("/other", reply(b"other"))

    assert await trusting.read(secure.url("/one", host="localhost")) == record
    assert await trusting.read(secure.url("/other", host="localhost")) == b"other"
    assert secure.connections == 2


async def test_a_tls_connection_that_carried_no_more_than_its_answer_is_used_again(
    secure, trusting
):
    secure.on("/one", reply(b"x" * 16384))
    url = secure.url("/one", host="localhost")

    assert [len(await trusting.read(url)) for _ in range(3)] == [16384] * 3
    assert secure.connections == 1
