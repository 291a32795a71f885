"""A range of a body that is still arriving does not wait for the rest."""

import asyncio
import time

import pytest

from imageid.v1 import image_service_pb2 as v1
from imageid_daemon.cache import Entry
from imageid_daemon.fills import Spool
from imageid_daemon.resolver import Answer, CacheStatus
from imageid_daemon.service.crowd import Crowd
from imageid_daemon.service.requests import Range
from imageid_daemon.service.stream import Wanted, stream


@pytest.fixture
def spool(tmp_path):
    made = Spool(tmp_path / "spool")
    yield made
    made.close()


async def test_the_range_is_sent_while_the_origin_holds_back_the_rest(spool):
    whole = asyncio.Event()
    answer = Answer(spool, "image/png", CacheStatus.MISS, size_bytes=6)

    async def wait():
        await whole.wait()
        answer.entry = Entry("key", spool.sha256, 6, "image/png")

    answer.wait = wait
    await spool.write(b"abc")
    wanted = Wanted(Range(offset=0, limit_bytes=2, chunk_bytes=1024))
    header = v1.ImageHeader(image_id="x")
    parts = stream(answer, header, wanted, time.monotonic(), Crowd())

    async with asyncio.timeout(10):
        first, second = await anext(parts), await anext(parts)
    assert first.header
    assert second.chunk.data == b"ab"

    await spool.write(b"def")
    spool.seal()
    whole.set()
    last = await anext(parts)
    summary = v1.LoadSummary.FromString(last.summary)
    assert (summary.sent_bytes, summary.size_bytes) == (2, 6)
    assert [part async for part in parts] == []
