"""Whose part is next, and how many hold bytes at a time."""

import asyncio

import pytest

from imageid_daemon.service.line import Line
from imageid_daemon.service.wire import Part
from turns import settled

PART, LAST = Part(header=b"header"), Part(summary=b"summary")


def started(*coroutines):
    return [asyncio.ensure_future(each) for each in coroutines]


@pytest.fixture
def line():
    return Line(in_request_order=False)


@pytest.fixture
def ordered():
    return Line(in_request_order=True)


async def test_whoever_comes_first_is_taken_first_and_then_goes_behind_the_others(line):
    async def twice(index):
        await line.put(index, PART)
        await line.put(index, LAST)

    both = started(twice(7), twice(3))
    await settled()

    taken = []
    while result := line.take():
        taken.append(result[0])
        await settled()

    assert taken == [7, 3, 7, 3]
    await asyncio.gather(*both)


async def test_a_part_that_was_taken_makes_place_for_one_more_to_be_read(line):
    readers = started(*(line.place(index) for index in range(17)))
    await settled()
    assert [reader.done() for reader in readers] == [True] * 16 + [False]

    await line.put(0, LAST)
    line.take()
    await settled()

    assert readers[16].done()


async def test_in_request_order_nothing_is_taken_before_its_turn(ordered):
    await ordered.put(1, LAST)
    assert ordered.take() is None

    await ordered.put(0, LAST)

    assert [ordered.take(), ordered.take()] == [(0, LAST), (1, LAST)]


async def test_in_request_order_whoever_all_wait_for_may_always_read(ordered):
    others = started(*(ordered.place(index) for index in range(1, 20)))
    await settled()

    first, second = started(ordered.place(0), ordered.put(0, LAST))
    await settled()
    assert first.done()
    assert not others[18].done()

    for index in range(16):
        await ordered.put(index + 1, LAST)
    while ordered.take():
        pass
    await settled()

    assert all(reader.done() for reader in others)
    await second


async def test_whoever_waits_for_growth_hears_of_what_came_before(line):
    await line.put(0, LAST)

    async with asyncio.timeout(10):
        await line.grown()
