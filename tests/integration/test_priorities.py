"""Urgency and fairness, from the caller's side of the wire to the origin's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import grpc
import httpx
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families

import imageid
from daemon_process import DaemonProcess
from imageid.v1 import image_service_pb2 as v1
from imageid.v1.image_service_pb2_grpc import ImageServiceStub
from origins.pictures import noise_jpeg
from origins.scripted import Answer, ScriptedOrigin

PICTURE = Answer(noise_jpeg(11), "image/jpeg")


@pytest_asyncio.fixture(loop_scope="session")
async def narrow(origin: ScriptedOrigin, tmp_path: Path) -> AsyncIterator[DaemonProcess]:
    """A daemon that asks the scripted origin for one thing at a time."""
    config = f'[origins.pacs]\nurl = "{origin.url}"\nconnections = 1\n'
    async with DaemonProcess(tmp_path, config) as process:
        yield process


@pytest_asyncio.fixture(loop_scope="session")
async def client(narrow: DaemonProcess) -> AsyncIterator[imageid.aio.Client]:
    async with imageid.aio.connect(narrow.address) as connected:
        yield connected


@pytest_asyncio.fixture(loop_scope="session")
async def images(narrow: DaemonProcess) -> AsyncIterator[ImageServiceStub]:
    async with grpc.aio.insecure_channel(narrow.address) as channel:
        yield ImageServiceStub(channel)


def occupied(origin: ScriptedOrigin) -> asyncio.Event:
    """Let /first take the one connection until the event is set."""
    released = asyncio.Event()
    origin.route("/first", PICTURE.stalled(1, released))
    return released


async def lengths(narrow: DaemonProcess) -> dict[str, float]:
    """How many requests wait for their turn at the origin, by class."""
    async with httpx.AsyncClient(trust_env=False) as http:
        text = (await http.get(f"http://{narrow.http_address}/metrics")).text
    return {
        sample.labels["priority"]: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == "imageid_origin_queue_length" and sample.labels["origin"] == "pacs"
    }


async def waiting(narrow: DaemonProcess, **wanted: int) -> None:
    """Until so many requests are in the daemon's line."""

    async def there() -> bool:
        found = await lengths(narrow)
        return {name: found[name] for name in wanted} == wanted

    await narrow.until(there)


def order(origin: ScriptedOrigin) -> list[str]:
    return [request.path for request in origin.requests]


async def test_a_prefetch_overtakes_the_others_when_somebody_comes_to_look_at_it(
    origin: ScriptedOrigin, narrow: DaemonProcess, client: imageid.aio.Client
) -> None:
    released = occupied(origin)
    urls = [origin.route(f"/{number}", PICTURE) for number in range(5)]
    first = asyncio.create_task(client.load(f"{origin.url}/first", "encoded"))
    await origin.requests_arrive(1)
    loads = []
    for number, url in enumerate(urls):
        loads.append(asyncio.create_task(client.load(url, "encoded", priority="prefetch")))
        await waiting(narrow, prefetch=number + 1)

    viewer = asyncio.create_task(client.load(urls[-1], "encoded"))
    await waiting(narrow, interaction=1, prefetch=4)
    released.set()
    await asyncio.gather(first, *loads)

    assert order(origin) == ["/first", "/4", "/0", "/1", "/2", "/3"]
    assert (await viewer).cache_status == "coalesced"


async def test_programs_take_turns(
    origin: ScriptedOrigin, narrow: DaemonProcess, images: ImageServiceStub
) -> None:
    released = occupied(origin)

    async def load(path: str, client: str) -> None:
        request = v1.LoadImageRequest(image_id=origin.route(path, PICTURE))
        async for _ in images.LoadImage(request, metadata=[("x-imageid-client", client)]):
            pass

    running = images.LoadImage(v1.LoadImageRequest(image_id=f"{origin.url}/first"))
    await origin.requests_arrive(1)
    loads = []
    for number, (path, who) in enumerate(
        [("/a1", "a"), ("/a2", "a"), ("/a3", "a"), ("/b1", "b")], start=1
    ):
        loads.append(asyncio.create_task(load(path, who)))
        await waiting(narrow, interaction=number)
    released.set()
    await asyncio.gather(*loads)
    running.cancel()

    assert order(origin) == ["/first", "/a1", "/b1", "/a2", "/a3"]


async def test_a_priority_that_does_not_exist_is_refused(
    origin: ScriptedOrigin, images: ImageServiceStub
) -> None:
    request = v1.LoadImageRequest(image_id=origin.route("/a", PICTURE))
    request.priority = 99  # type: ignore[assignment]

    with pytest.raises(grpc.aio.AioRpcError, match="priority") as refused:
        [message async for message in images.LoadImage(request)]

    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
