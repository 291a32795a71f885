"""What happens is told in order, resumed where it is remembered, and waits for no watcher."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from imageid_daemon.events import EventKind, Events
from imageid_loaders.errors import EventsCompacted, ShuttingDown


def recorded(*keys: str, remembered: int = 100) -> Events:
    events = Events(remembered)
    for key in keys:
        events.record(EventKind.STORED, key)
    return events


async def first_part(events: Events, after_sequence: int) -> list[str]:
    async with aclosing(events.follow(after_sequence)) as parts:
        return [event.key for event in await anext(parts)]


async def test_a_watcher_gets_what_came_behind_the_event_that_it_has_seen():
    events = recorded("a", "b", "c")

    assert await first_part(events, events.oldest_sequence) == ["b", "c"]


async def test_sequences_have_no_gaps():
    events = recorded("a", "b", "c")

    async with aclosing(events.follow(events.oldest_sequence - 1)) as parts:
        sequences = [event.sequence for event in await anext(parts)]

    assert sequences == list(range(events.oldest_sequence, events.last_sequence + 1))


async def test_a_watcher_that_is_ahead_waits_for_the_next_event():
    events = recorded("a")
    waiting = asyncio.create_task(first_part(events, events.last_sequence))
    await asyncio.sleep(0)

    events.record(EventKind.EVICTED, "b")

    assert await waiting == ["b"]


async def test_what_is_not_remembered_any_more_is_said_with_the_oldest_that_is():
    events = recorded("a", "b", "c", remembered=2)

    with pytest.raises(EventsCompacted) as failure:
        await first_part(events, events.oldest_sequence - 2)

    assert failure.value.metadata == {"oldest_sequence": str(events.oldest_sequence)}


async def test_a_watcher_that_is_too_slow_is_told_so_and_holds_nothing_up():
    events = recorded("a", remembered=2)

    async with aclosing(events.follow(events.oldest_sequence - 1)) as parts:
        await anext(parts)
        for key in "bcd":
            events.record(EventKind.STORED, key)

        with pytest.raises(EventsCompacted):
            await anext(parts)


async def test_an_event_that_has_not_happened_cannot_be_resumed_from():
    events = recorded("a")

    with pytest.raises(EventsCompacted):
        await first_part(events, events.last_sequence + 1)


async def test_what_an_earlier_run_told_is_older_than_all_that_is_remembered():
    earlier = recorded("a")
    later = recorded("b")

    with pytest.raises(EventsCompacted):
        await first_part(later, earlier.last_sequence - 1)


async def test_a_stopping_daemon_sends_its_watchers_away():
    events = recorded()
    waiting = asyncio.create_task(first_part(events, events.last_sequence))
    await asyncio.sleep(0)

    await events.close()

    assert waiting.done(), "the daemon went on before its watcher had heard of it"
    with pytest.raises(ShuttingDown):
        await waiting


async def test_a_watcher_that_reads_nothing_does_not_keep_the_daemon():
    events = recorded("a")
    watching = events.follow(events.last_sequence - 1)
    await anext(watching)

    async with asyncio.timeout(20):
        await events.close()

    with pytest.raises(ShuttingDown):
        await anext(watching)
