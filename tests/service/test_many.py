"""Which results share a message of LoadImages."""

from __future__ import annotations

import asyncio

from tests.resolver.conftest import Answer, demand_of, world_at

from imageid.v1 import image_service_pb2 as v1
from imageid_daemon.metrics import Metrics
from imageid_daemon.service.answering import Answering, Asked
from imageid_daemon.service.many import Many
from imageid_daemon.service.prepared import Preparations
from imageid_daemon.service.requests import Range
from imageid_daemon.service.stream import Wanted
from turns import settled, until

NAMES = ("a", "b", "c")


def indices(message):
    results = v1.LoadImagesResponse.FromString(message).results
    return [result.index for result in results if result.HasField("summary")]


async def test_images_that_come_soon_after_a_small_message_share_the_next(tmp_path):
    messages, pause = [], asyncio.Event()

    async def write(message):
        messages.append(message)

    async with world_at(tmp_path / "cache", decodes=False) as world:
        released = [asyncio.Event() for _ in NAMES]
        answers = [Answer(b"abc", released=each) for each in released]
        ids = [world.loader.serve(*each) for each in zip(NAMES, answers, strict=True)]
        answering = Answering(world.resolver, Metrics(), Preparations(world.resolver, world.store))
        whole = Wanted(Range(0, None, 1024), hand_out=world.store.hand_out, is_of_use_whole=True)
        asked = Asked(None, demand_of(), whole)
        many = Many(answering, ids, asked, None, in_request_order=False, pause=pause.wait)
        running = asyncio.create_task(many.run(write))
        released[0].set()
        await until(lambda: any(map(indices, messages)))
        released[1].set()
        released[2].set()
        await until(lambda: world.resolver.running_fills == 0)
        await settled()
        pause.set()
        messages.append(await running)

    assert [sorted(found) for each in messages if (found := indices(each))] == [[0], [1, 2]]
