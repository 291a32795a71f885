"""Images ahead of need: a few at a time, told as they come, stopped with their caller or not."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest
from pydicom.data import get_testdata_file
from tests.resolver.conftest import Answer, demand_of

from imageid_daemon.pixels import PixelsOptions
from imageid_daemon.resolver import Keep
from imageid_loaders.errors import Busy, Unavailable
from turns import until

PIXELS = PixelsOptions()


def prefetch(world, image_ids, *, outputs=(None,), keep=None, detach=False, mode="default"):
    return world.resolver.prefetch(
        image_ids, outputs, demand_of(mode), keep=keep, detach=detach, check=lambda image_id: None
    )


async def prefetched(world, image_ids, **options):
    return [result async for part in prefetch(world, image_ids, **options) for result in part]


def held_back(world, name, data=b"12"):
    """An image whose origin gives one byte, and the rest when the event is set."""
    answer = Answer(data, says_size=False, released=asyncio.Event())
    return world.loader.serve(name, answer), answer.released


async def test_what_was_prefetched_is_a_hit(world):
    image_ids = [world.loader.serve(name, Answer(name.encode())) for name in "abc"]

    results = await prefetched(world, image_ids)

    assert sorted((each.index, each.size_bytes, each.stored) for each in results) == [
        (0, 1, True),
        (1, 1, True),
        (2, 1, True),
    ]
    assert [(await world.load(image_id)).status for image_id in image_ids] == ["hit"] * 3


async def test_a_failure_is_told_in_its_place_and_ends_nothing(world):
    down = world.loader.serve("down", Answer(error=Unavailable("The origin is down.")))
    there = world.loader.serve("there", Answer(b"1"))

    results = await prefetched(world, [down, "y:unknown", there])

    reasons = {each.index: each.error and each.error.reason for each in results}
    assert reasons == {0: "ORIGIN_UNAVAILABLE", 1: "SCHEME_UNSUPPORTED", 2: None}


async def test_results_come_as_they_are_done(world):
    slow, released = held_back(world, "slow")
    fast = world.loader.serve("fast", Answer(b"1"))

    async with aclosing(prefetch(world, [slow, fast])) as parts:
        first = await anext(parts)
        released.set()
        second = await anext(parts)

    assert [[each.index for each in part] for part in (first, second)] == [[1], [0]]


async def test_no_more_than_sixteen_are_fetched_at_a_time(world):
    image_ids, events = zip(*(held_back(world, f"a{number}") for number in range(20)), strict=True)

    async with aclosing(prefetch(world, image_ids)) as parts:
        first = asyncio.ensure_future(anext(parts))
        await until(lambda: len(world.loader.opened) == 16)
        for _ in range(100):
            await asyncio.sleep(0)
        assert len(world.loader.opened) == 16
        for event in events:
            event.set()
        assert await first


async def test_a_caller_that_leaves_stops_what_nobody_else_wants(world):
    alone, _ = held_back(world, "alone")
    shared, released = held_back(world, "shared", b"shared")
    later = world.loader.serve("later", Answer(b"1"))

    async with aclosing(prefetch(world, [alone, shared, later])) as parts:
        await anext(parts)
        loading = asyncio.create_task(world.load(shared))
        await until(lambda: "shared" in world.loader.opened and "alone" in world.loader.opened)
        await asyncio.sleep(0)
    await until(lambda: world.resolver.running_fills == 1)
    released.set()

    assert (await loading).data == b"shared"
    assert not (await world.stat(alone)).cached


async def test_a_detached_one_goes_on_without_its_caller(world):
    image_id, released = held_back(world, "a")
    there = world.loader.serve("there", Answer(b"1"))

    async with aclosing(prefetch(world, [image_id, there], detach=True)) as parts:
        await anext(parts)
    released.set()
    await until(lambda: world.resolver.running_fills == 0)

    assert (await world.load(image_id)).status == "hit"


async def test_only_so_many_detached_ones_run_at_a_time(world):
    image_id, released = held_back(world, "a")
    there = world.loader.serve("there", Answer(b"1"))
    for _ in range(16):
        async with aclosing(prefetch(world, [image_id, there], detach=True)) as parts:
            await anext(parts)

    with pytest.raises(Busy):
        await prefetched(world, [there], detach=True)

    released.set()
    await until(lambda: world.resolver.running_fills == 0)


@pytest.mark.parametrize("mode", ["default", "reload"])
async def test_several_representations_cost_one_fetch(world, mode):
    path = Path(get_testdata_file("CT_small.dcm", download=False))
    image_id = world.loader.serve("ct", Answer(path.read_bytes()))

    (result,) = await prefetched(world, [image_id], outputs=(None, PIXELS), mode=mode)

    assert world.loader.opened == ["ct"]
    assert result.size_bytes == world.store.ledger.stored_bytes
    assert (await world.load(image_id, PIXELS)).status == "hit"


async def test_what_is_to_be_kept_is_pinned_as_it_comes(world):
    image_id = world.loader.serve("a", Answer(b"1"))

    await prefetched(world, [image_id], keep=Keep(3600.0, "round"))

    counted = await world.resolver.evict([image_id], count_only=True)
    assert (counted.entries, counted.pinned) == (0, 1)


async def test_what_may_not_be_stored_is_said_not_to_be(world):
    headers = {"cache-control": "no-store"}
    image_id = world.loader.serve("a", Answer(b"1", headers=headers))

    (result,) = await prefetched(world, [image_id], keep=Keep(3600.0))

    assert (result.stored, result.error) == (False, None)
