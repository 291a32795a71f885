"""What an origin sees of the governor, over real sockets."""

import asyncio

import pytest

from imageid_daemon.callers import Caller, Claims, Priority
from imageid_daemon.config import OriginSettings
from imageid_daemon.origins.breaker import FAILURES, LASTING_SECONDS
from imageid_loaders.errors import Unavailable
from transport.raw_server import NO_ANSWER, SILENCE, reply
from turns import settled


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def pacs(server, **settings) -> OriginSettings:
    return OriginSettings("pacs", server.url(""), **{"retries": 0, **settings})


def by(identity: str, priority: Priority = Priority.INTERACTION) -> Claims:
    return Claims(Caller(identity, priority))


def asked(server) -> list[str]:
    return [each.request_target for each in server.received]


async def test_the_more_urgent_request_is_sent_first(server, way):
    gate = asyncio.Event()
    first = server.on("/first", reply(b"image", gate=gate))
    for path in ("/compute", "/prefetch", "/interaction"):
        server.on(path, reply(b"image"))
    client = way(pacs(server, connections=1))

    reads = [asyncio.create_task(client.read(first, by("a")))]
    await server.wait_for_requests(1)
    for priority in (Priority.COMPUTE, Priority.PREFETCH, Priority.INTERACTION):
        url = server.url(f"/{priority.name.lower()}")
        reads.append(asyncio.create_task(client.read(url, by("a", priority))))
    await settled()
    waiting = client.figures("pacs").waiting
    gate.set()
    await asyncio.gather(*reads)

    assert asked(server) == ["/first", "/interaction", "/prefetch", "/compute"]
    assert [waiting[priority] for priority in Priority] == [1, 0, 1, 1]


async def test_a_prefetch_that_a_viewer_joins_overtakes_the_other_prefetches(server, way):
    gate = asyncio.Event()
    first = server.on("/first", reply(b"image", gate=gate))
    client = way(pacs(server, connections=1))
    shared = by("a", Priority.PREFETCH)
    server.on("/wanted", reply(b"image"))

    reads = [asyncio.create_task(client.read(first, by("a")))]
    await server.wait_for_requests(1)
    for number in range(5):
        url = server.on(f"/{number}", reply(b"image"))
        reads.append(asyncio.create_task(client.read(url, by("a", Priority.PREFETCH))))
    reads.append(asyncio.create_task(client.read(server.url("/wanted"), shared)))
    await settled()
    shared.add(Caller("viewer", Priority.INTERACTION))
    gate.set()
    await asyncio.gather(*reads)

    assert asked(server)[1] == "/wanted"


async def test_one_programs_many_requests_do_not_stand_before_anothers_one(server, way):
    gate = asyncio.Event()
    first = server.on("/first", reply(b"image", gate=gate))
    many, one = server.on("/many", reply(b"image")), server.on("/one", reply(b"image"))
    client = way(pacs(server, connections=1))

    reads = [asyncio.create_task(client.read(first, by("batch")))]
    await server.wait_for_requests(1)
    reads += [asyncio.create_task(client.read(many, by("batch"))) for _ in range(20)]
    await settled()
    reads.append(asyncio.create_task(client.read(one, by("viewer"))))
    await settled()
    gate.set()
    await asyncio.gather(*reads)

    assert asked(server).index("/one") <= 2


@pytest.mark.parametrize("status", [429, 503])
async def test_an_origin_that_is_asked_too_much_gets_less_at_a_time_and_then_more(
    server, way, status
):
    url = server.on("/", reply(status=status), reply(b"image"))
    client = way(pacs(server, connections=8, retries=1))

    await client.read(url)
    halved = client.figures("pacs").limit
    for _ in range(4):
        await client.read(url)

    assert halved == 4
    assert client.figures("pacs").limit == 5


async def test_after_too_many_requests_nothing_is_sent_until_the_origin_allows(server, way):
    clock = Clock()
    url = server.on("/", reply(status=429, Retry_After="5"), reply(b"image"))
    client = way(pacs(server), now=clock)
    async with client.get(url) as response:
        assert response.status == 429

    waiting = asyncio.create_task(client.read(url))
    await settled()
    sent = len(server.received)
    waiting.cancel()
    clock.seconds += 5.0

    assert sent == 1
    assert await client.read(url) == b"image"


async def test_silence_counts_as_being_asked_too_much(server, way):
    client = way(pacs(server, connections=8, timeout_seconds=0.05))

    with pytest.raises(Unavailable):
        await client.read(server.on("/", SILENCE))

    assert client.figures("pacs").limit == 4


async def test_an_origin_that_is_down_is_left_alone_and_asked_again_later(server, way):
    clock = Clock()
    url = server.on("/", NO_ANSWER)
    client = way(pacs(server), now=clock)

    for _ in range(FAILURES):
        clock.seconds += LASTING_SECONDS
        with pytest.raises(Unavailable, match="without an answer"):
            await client.read(url)
    sent = len(server.received)
    with pytest.raises(Unavailable, match="left alone") as refused:
        await client.read(url)

    assert refused.value.retry_after_seconds == pytest.approx(5.0)
    assert len(server.received) == sent == FAILURES

    server.on("/", reply(b"image"))
    clock.seconds += 5.0
    assert await client.read(url) == b"image"
    assert client.figures("pacs").breaker == 0


async def test_a_broken_image_does_not_cost_the_origin_its_good_name(server, way):
    clock = Clock()
    url = server.on("/", reply(status=500))
    client = way(pacs(server), now=clock)

    for _ in range(2 * FAILURES):
        clock.seconds += LASTING_SECONDS
        async with client.get(url) as response:
            assert response.status == 500

    assert client.figures("pacs").breaker == 0
    assert client.figures("pacs").limit == 8


async def test_an_origin_gets_no_more_requests_a_second_than_its_rate(server, way):
    clock = Clock()
    url = server.on("/", reply(b"image"))
    client = way(pacs(server, rate=2.0), now=clock)

    reads = [asyncio.create_task(client.read(url)) for _ in range(4)]
    await server.wait_for_requests(2)
    await asyncio.gather(*reads[:2])
    sent = len(server.received)
    clock.seconds += 10.0
    await asyncio.gather(*reads)

    assert sent == 2
    assert len(server.received) == 4


async def test_another_configuration_forgets_nothing_of_a_running_request(server, way):
    gate = asyncio.Event()
    url = server.on("/", reply(b"image", gate=gate))
    settings = pacs(server, connections=1)
    client = way(settings)
    first = asyncio.create_task(client.read(url))
    await server.wait_for_requests(1)

    client.replace(settings)
    second = asyncio.create_task(client.read(url))
    await settled()
    sent = len(server.received)
    gate.set()
    await asyncio.gather(first, second)

    assert sent == 1
