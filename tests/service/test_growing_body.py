"""A range of a body that is still arriving does not wait for the rest, and holds none of it."""

import asyncio
import gc
import time
from pathlib import Path

import pytest
from tests.service.conftest import serving

from imageid.v1 import image_service_pb2 as v1
from imageid_daemon.cache import Entry
from imageid_daemon.fills import Spool
from imageid_daemon.resolver import Answer, CacheStatus
from imageid_daemon.service.crowd import Crowd, Member
from imageid_daemon.service.requests import Range
from imageid_daemon.service.stream import Wanted, stream
from imageid_daemon.service.wire import Chunk
from origins.scripted import Answer as Scripted
from origins.scripted import ScriptedOrigin

SLOW = bytes(range(256)) * 4096  # 1 MiB


def never():
    raise AssertionError("the body could be read")


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
    parts = stream(answer, header, wanted, time.monotonic(), Member(Crowd()), never)

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


def chunks_held() -> int:
    """A tuple of a class of its own stays known to the collector."""
    return sum(type(each) is Chunk for each in gc.get_objects())


async def test_a_stream_that_waits_for_more_holds_nothing_of_what_it_has_given(spool):
    answer = Answer(spool, "image/png", CacheStatus.MISS, size_bytes=2 * len(SLOW))
    await spool.write(SLOW[: 64 * 1024])
    wanted = Wanted(Range(offset=0, limit_bytes=None, chunk_bytes=64 * 1024))
    parts = stream(
        answer, v1.ImageHeader(image_id="x"), wanted, time.monotonic(), Member(Crowd()), never
    )
    await anext(parts)
    assert (await anext(parts)).chunk is not None

    waiting = asyncio.create_task(anext(parts))
    await asyncio.sleep(0)

    assert chunks_held() == 0
    waiting.cancel()
    await asyncio.gather(waiting, return_exceptions=True)
    await parts.aclose()


async def test_nor_does_the_call_that_sends_it(tmp_path):
    allowed = '[network]\nallow = ["127.0.0.1:*"]\n'
    async with ScriptedOrigin() as origin, serving(tmp_path, allowed) as served:
        released = asyncio.Event()
        answer = Scripted(SLOW, "application/dicom").stalled(len(SLOW) // 2, released)
        image_id = f"wadouri:{origin.route('/slow.dcm', answer)}"
        call = served.images.LoadImage(v1.LoadImageRequest(image_id=image_id))
        received = bytearray()
        while len(received) < len(SLOW) // 2:
            received += (await call.read()).chunk.data

        # Sent, and then let go of.
        async with asyncio.timeout(10):
            while chunks_held():  # noqa: ASYNC110 - no event tells that it waits
                await asyncio.sleep(0.01)
        released.set()
        while len(received) < len(SLOW):
            received += (await call.read()).chunk.data

    assert received == SLOW


async def test_who_prefers_a_local_file_waits_for_it_and_who_does_not_gets_what_there_is(tmp_path):
    allowed = '[network]\nallow = ["127.0.0.1:*"]\n'
    async with ScriptedOrigin() as origin, serving(tmp_path, allowed) as served:
        released = asyncio.Event()
        answer = Scripted(SLOW, "application/dicom").stalled(len(SLOW) // 2, released)
        image_id = f"wadouri:{origin.route('/slow.dcm', answer)}"
        info = await served.images.GetServerInfo(v1.GetServerInfoRequest())
        request = v1.LoadImageRequest(
            image_id=image_id,
            accept_local_file=True,
            locality_token=Path(info.locality_token_file).read_bytes(),
        )

        streamed = aiter(served.images.LoadImage(request))
        first = await anext(streamed)
        request.prefer_local_file = True
        waiting = asyncio.create_task(anext(aiter(served.images.LoadImage(request))))
        released.set()
        whole = await waiting
        rest = [message async for message in streamed]

    assert not first.HasField("local_file")
    assert first.chunk.data + b"".join(message.chunk.data for message in rest) == SLOW
    assert whole.local_file.length == whole.header.size_bytes == len(SLOW)
