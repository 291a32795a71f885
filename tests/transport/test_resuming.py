"""A body that breaks off is continued where it stopped, and only if it is still the same."""

import asyncio
import itertools
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imageid_daemon.config import Network, OriginSettings
from imageid_daemon.origins import Origins
from imageid_loaders.errors import ContentChanged, Corrupt, ImageError, Unavailable
from origins.scripted import Ranged, ScriptedOrigin
from transport.conftest import Counts

OLD, NEW = bytes(range(256)) * 40, bytes(reversed(range(256))) * 40


@pytest.fixture
async def origin():
    async with ScriptedOrigin() as scripted:
        yield scripted


def pacs(origin, retries=3):
    return OriginSettings("pacs", origin.url, retries=retries)


async def test_the_rest_is_asked_for_from_where_the_body_broke_off(origin, way):
    ranged = Ranged(OLD, '"1"', breaks=[4000])
    url = origin.route("/image", ranged)

    assert await way(pacs(origin)).read(url) == OLD
    assert ranged.asked == [None, "bytes=4000-"]


async def test_it_may_break_off_again(origin, way):
    ranged = Ranged(OLD, '"1"', breaks=[4000, 100, 0])
    url = origin.route("/image", ranged)

    assert await way(pacs(origin)).read(url) == OLD
    assert ranged.asked == [None, "bytes=4000-", "bytes=4100-", "bytes=4100-"]


async def test_an_origin_that_gets_nowhere_is_given_up_after_its_retries(origin, way):
    ranged = Ranged(OLD, '"1"', breaks=[1] * 10)
    url = origin.route("/image", ranged)

    with pytest.raises(Corrupt):
        await way(pacs(origin, retries=1)).read(url)

    assert ranged.asked == [None, "bytes=1-"]


async def test_silence_is_a_reason_too(origin, way):
    ranged = Ranged(OLD, '"1"', breaks=[4000], released=asyncio.Event())
    url = origin.route("/image", ranged)
    impatient = OriginSettings("pacs", origin.url, timeout_seconds=0.05)

    assert await way(impatient).read(url) == OLD


async def test_what_waits_for_the_rest_has_no_turn_of_another_meanwhile(origin, way):
    url = origin.route("/image", Ranged(OLD, '"1"', breaks=[4000]))
    one_at_a_time = OriginSettings("pacs", origin.url, connections=1)

    assert await way(one_at_a_time).read(url) == OLD


async def test_a_body_that_was_replaced_meanwhile_is_never_mixed_with_the_old_one(origin, way):
    ranged = Ranged(OLD, '"1"', breaks=[4000])
    url = origin.route("/image", ranged)
    received = b""

    with pytest.raises(ContentChanged):
        async with way(pacs(origin)).get(url) as response:
            async for chunk in response.chunks:
                received += chunk
                ranged.body, ranged.etag = NEW, '"2"'

    assert received == OLD[:4000]


async def test_an_origin_that_ignores_ranges_is_read_again_from_its_first_byte(origin, way):
    ranged = Ranged(OLD, '"1"', breaks=[4000], lie="ignores ranges")
    url = origin.route("/image", ranged)

    assert await way(pacs(origin)).read(url) == OLD


async def test_an_origin_that_gives_a_part_at_a_time_is_asked_for_the_next(origin, way):
    ranged = Ranged(OLD, '"1"', breaks=[len(OLD) - 6], lie="gives half")
    url = origin.route("/image", ranged)

    assert await way(pacs(origin)).read(url) == OLD
    assert len(ranged.asked) == 4


@pytest.mark.parametrize(
    "lie",
    ["names no validator", "begins too late", "names another size", "is not satisfied"],
)
async def test_a_part_that_may_be_another_bodys_is_not_taken(origin, way, lie):
    url = origin.route("/image", Ranged(OLD, '"1"', breaks=[4000], lie=lie))

    with pytest.raises(Corrupt, match="before it was complete"):
        await way(pacs(origin)).read(url)


async def test_a_part_of_a_new_body_is_not_taken_from_an_origin_without_if_range(origin, way):
    ranged = Ranged(OLD, '"1"', breaks=[4000], lie="ignores If-Range")
    url = origin.route("/image", ranged)

    with pytest.raises(Corrupt):
        async with way(pacs(origin)).get(url) as response:
            async for _ in response.chunks:
                ranged.body, ranged.etag = NEW, '"2"'


async def test_more_than_was_announced_is_not_taken(origin, way):
    url = origin.route("/image", Ranged(OLD, '"1"', breaks=[4000], lie="goes on too long"))

    with pytest.raises(ContentChanged):
        await way(pacs(origin)).read(url)


@pytest.mark.parametrize(
    "fields",
    [
        {"ETag": 'W/"1"'},
        {"ETag": '""'},
        {"Accept-Ranges": "none"},
    ],
)
async def test_what_cannot_be_continued_breaks_off_as_ever(origin, way, fields):
    ranged = Ranged(OLD, '"1"', breaks=[4000], headers=fields)
    url = origin.route("/image", ranged)

    with pytest.raises(Corrupt):
        await way(pacs(origin)).read(url)

    assert ranged.asked == [None]


LIES = st.sampled_from(
    [
        None, None, "ignores ranges", "ignores If-Range", "names no validator", "begins too late",
        "names another size", "is not satisfied", "gives half", "goes on too long",
    ]
)  # fmt: skip


@settings(max_examples=40)
@given(
    breaks=st.lists(st.integers(0, 300), max_size=3),
    lie=LIES,
    changes_after=st.none() | st.integers(0, 3),
    resets=st.booleans(),
)
def test_whatever_an_origin_does_the_bytes_are_of_one_body(breaks, lie, changes_after, resets):
    old, new = random.Random(1).randbytes(300), random.Random(2).randbytes(300)

    async def read() -> tuple[bytes, bool]:
        async with ScriptedOrigin() as origin:
            ranged = Ranged(old, '"1"', breaks=list(breaks), lie=lie, resets=resets)
            url = origin.route("/image", ranged)
            origins = Origins(
                network=Network(),
                origins={"pacs": pacs(origin, retries=1)},
                environ={},
                max_image_bytes=2**20,
                metrics=Counts(),
            )
            received = b""
            try:
                async with origins.transport("web").get(url, {}) as response:
                    numbers = itertools.count()
                    async for chunk in response.chunks:
                        received += chunk
                        if next(numbers) == changes_after:
                            ranged.body, ranged.etag = new, '"2"'
                return received, True
            except (Corrupt, Unavailable, ContentChanged) as error:
                assert isinstance(error, ImageError)
                return received, False
            finally:
                await origins.aclose()

    received, is_whole = asyncio.run(read())

    assert old.startswith(received) or new.startswith(received)
    assert not is_whole or len(received) == 300


class Beginning:
    """What an earlier fetch has left."""

    def __init__(self, continuation, data):
        self.continuation, self.data = continuation, data
        self.size_bytes, self.is_refused = len(data), False

    async def chunks(self):
        yield self.data

    def refuse(self):
        self.is_refused = True


async def test_a_beginning_continues_the_request_that_it_answers_and_no_other(origin, way):
    ranged = Ranged(OLD, '"1"', headers={"Content-Language": "de"})
    url = origin.route("/image", ranged)
    origins = way(pacs(origin)).origins
    async with origins.transport("web").get(url, {"Accept": "image/png"}) as response:
        kept = Beginning(response.continuation, OLD[:4000])
    ranged.asked.clear()

    async with origins.transport("web", kept=kept).get(url, {"Accept": "image/png"}) as response:
        continued = b"".join([chunk async for chunk in response.chunks])
        known = (response.status, response.headers["content-length"], response.continuation)
    async with origins.transport("web", kept=kept).get(url, {"Accept": "image/gif"}) as response:
        another = b"".join([chunk async for chunk in response.chunks])

    assert (continued, another) == (OLD, OLD)
    assert known == (200, str(len(OLD)), kept.continuation)
    assert ranged.asked == ["bytes=4000-", None]
    assert not kept.is_refused
