"""The scripted origin really does what the other tests rely on."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from origins.scripted import Answer, ScriptedOrigin, Validated, in_turn

BODY = bytes(range(256)) * 64
HALF = len(BODY) // 2


@pytest_asyncio.fixture
async def origin() -> AsyncIterator[ScriptedOrigin]:
    async with ScriptedOrigin() as server:
        yield server


@pytest_asyncio.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


@pytest.mark.parametrize("framing", ["length", "chunked", "close"])
async def test_a_whole_body_arrives_however_it_is_framed(
    origin: ScriptedOrigin, browser: httpx.AsyncClient, framing: str
) -> None:
    url = origin.route("/a", Answer(BODY, "image/jpeg").framed_by(framing).dripped(100))

    answers = [await browser.get(url) for _ in range(2)]

    assert [answer.content for answer in answers] == [BODY, BODY]
    assert origin.count("/a") == 2


@pytest.mark.parametrize("framing", ["length", "chunked"])
async def test_a_truncated_body_is_seen_as_such_where_its_framing_tells(
    origin: ScriptedOrigin, browser: httpx.AsyncClient, framing: str
) -> None:
    url = origin.route("/a", Answer(BODY).framed_by(framing).truncated(HALF))

    with pytest.raises(httpx.RemoteProtocolError):
        await browser.get(url)


async def test_a_truncated_body_without_framing_looks_whole(
    origin: ScriptedOrigin, browser: httpx.AsyncClient
) -> None:
    url = origin.route("/a", Answer(BODY).framed_by("close").truncated(HALF))

    assert (await browser.get(url)).content == BODY[:HALF]


async def test_a_reset_is_one(origin: ScriptedOrigin, browser: httpx.AsyncClient) -> None:
    url = origin.route("/a", Answer(BODY).framed_by("close").reset(HALF))

    with pytest.raises(httpx.ReadError):
        await browser.get(url)


async def test_a_stalled_body_waits_for_its_release(
    origin: ScriptedOrigin, browser: httpx.AsyncClient
) -> None:
    released = asyncio.Event()
    url = origin.route("/a", Answer(BODY).stalled(HALF, released))

    async with browser.stream("GET", url) as answer:
        chunks = answer.aiter_raw()
        received = b""
        while len(received) < HALF:
            received += await anext(chunks)
        assert received == BODY[:HALF]
        released.set()
        rest = b"".join([chunk async for chunk in chunks])

    assert received + rest == BODY


async def test_gzip_is_undone_by_who_understands_it(
    origin: ScriptedOrigin, browser: httpx.AsyncClient
) -> None:
    answer = await browser.get(origin.route("/a", Answer(BODY).gzipped()))

    assert answer.content == BODY
    assert answer.headers["content-encoding"] == "gzip"


async def test_who_holds_the_etag_gets_a_304(
    origin: ScriptedOrigin, browser: httpx.AsyncClient
) -> None:
    url = origin.route("/a", Validated(Answer(BODY), '"1"'))

    answers = [
        await browser.get(url, headers={"If-None-Match": tag}) for tag in ('"1"', '"0"', '"1"')
    ]

    assert [answer.status_code for answer in answers] == [304, 200, 304]


async def test_answers_in_turn_end_with_the_last(
    origin: ScriptedOrigin, browser: httpx.AsyncClient
) -> None:
    url = origin.route("/a", in_turn(Answer(status=503), Answer(BODY)))

    assert [(await browser.get(url)).status_code for _ in range(3)] == [503, 200, 200]


async def test_a_request_is_seen_before_it_is_answered(
    origin: ScriptedOrigin, browser: httpx.AsyncClient
) -> None:
    released = asyncio.Event()
    url = origin.route("/a", Answer(BODY).stalled(0, released))

    asked = asyncio.create_task(browser.get(url + "?x=%2F", headers={"X-Y": "1"}))
    await origin.requests_arrive(1, "/a")

    assert not asked.done()
    [request] = origin.requests
    assert (request.path, request.query, request.headers["x-y"]) == ("/a", "x=%2F", "1")
    released.set()
    assert (await asked).content == BODY
