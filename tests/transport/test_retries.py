"""A GET that met a busy or broken server is tried again, and the last word is passed on."""

from datetime import UTC, datetime

import pytest

from imageid_daemon.config import OriginSettings
from imageid_daemon.origins.retry import backoff_seconds, retry_after_seconds, wait_seconds
from imageid_loaders.errors import NAME_NOT_RESOLVED, OriginTimeout, Unavailable
from transport.raw_server import NO_ANSWER, SILENCE, reply

NOW = datetime(2026, 11, 23, 9, 0, 0, tzinfo=UTC)


def pacs(server, **limits) -> OriginSettings:
    return OriginSettings("pacs", server.url(""), **{"retries": 1, **limits})


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
async def test_a_busy_server_is_asked_again(server, way, status):
    url = server.on("/", reply(status=status), reply(b"image"))

    assert await way(pacs(server)).read(url) == b"image"


async def test_the_last_answer_goes_to_the_loader(server, way):
    url = server.on("/", reply(b"busy", status=503, Retry_After="0"))
    client = way(pacs(server, retries=2))

    async with client.get(url) as response:
        assert (response.status, response.headers["retry-after"]) == (503, "0")
        assert [chunk async for chunk in response.chunks] == [b"busy"]

    assert client.counts.codes == {("wadors", "5xx"): 3}


async def test_who_asks_for_much_patience_is_not_waited_for(server, way):
    url = server.on("/", reply(status=503, Retry_After="3600"))

    async with way(pacs(server)).get(url) as response:
        assert response.status == 503

    assert len(server.received) == 1


async def test_a_connection_closed_without_an_answer_is_tried_again(server, way):
    url = server.on("/", NO_ANSWER, reply(b"image"))
    client = way(pacs(server))

    assert await client.read(url) == b"image"
    assert client.counts.codes == {("wadors", "error"): 1, ("wadors", "2xx"): 1}


async def test_a_server_that_never_answers_is_unavailable(server, way):
    url = server.on("/", NO_ANSWER)
    client = way(pacs(server))

    with pytest.raises(Unavailable, match="without an answer"):
        await client.read(url)

    assert client.counts.codes == {("wadors", "error"): 2}


async def test_a_refused_connection_is_unavailable(unused_tcp_port, way):
    url = f"http://127.0.0.1:{unused_tcp_port}"
    client = way(OriginSettings("pacs", url, retries=1))

    with pytest.raises(Unavailable, match="refuses the connection"):
        await client.read(url)

    assert client.counts.codes == {("wadors", "error"): 2}


async def test_a_name_that_cannot_exist_is_unavailable_at_once(way):
    name = "x" * 64 + ".example"  # longer than a label may be, so no DNS is asked
    client = way(OriginSettings("pacs", f"http://{name}", retries=1))

    with pytest.raises(Unavailable, match="cannot be resolved") as caught:
        await client.read(f"http://{name}/")

    assert caught.value.metadata == {"cause": NAME_NOT_RESOLVED}
    assert client.counts.codes == {("wadors", "error"): 1}


async def test_silence_is_a_timeout_and_not_tried_again(server, way):
    url = server.on("/", SILENCE)

    with pytest.raises(OriginTimeout, match="silent"):
        await way(pacs(server, timeout_seconds=0.05)).read(url)

    assert len(server.received) == 1


async def test_a_body_that_broke_off_is_not_tried_again(server, way):
    url = server.on("/", reply(b"part", content_length="9", then="close"))

    with pytest.raises(Exception, match="before it was complete"):
        await way(pacs(server)).read(url)

    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("7", 7.0),
        (" 0 ", 0.0),
        ("Mon, 23 Nov 2026 09:00:05 GMT", 5.0),
        ("Mon, 23 Nov 2026 08:00:00 GMT", 0.0),
        ("soon", None),
        ("-1", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(written, seconds):
    assert retry_after_seconds(written, NOW) == seconds


def test_the_wait_grows_up_to_a_limit_and_jitter_takes_any_part_of_it():
    assert [backoff_seconds(tries, 1.0) for tries in (1, 2, 3, 9)] == [0.2, 0.4, 0.8, 5.0]
    assert backoff_seconds(9, 0.0) == 0.0


def test_retry_after_is_never_undercut():
    assert wait_seconds(503, "2", 0.1, NOW) == 2.0
    assert wait_seconds(503, "2", 3.0, NOW) == 3.0


def test_other_statuses_are_final():
    assert wait_seconds(500, None, 0.1, NOW) is None
