"""What callers see of a fill on its way, and what stays of it when they go."""

import asyncio
import gc
import os

import pytest

from descriptors import open_files
from imageid_daemon.fills import Fills
from imageid_loaders.base import NotModified
from imageid_loaders.errors import Corrupt, Unavailable
from turns import until


@pytest.fixture
async def fills(tmp_path):
    numbers = iter(range(10_000))
    made = Fills(lambda: tmp_path / str(next(numbers)))
    yield made
    await made.close()


class Steps:
    """Work that writes one part for each step it is let go."""

    def __init__(self, *parts, size_bytes=None, error=None):
        self.parts, self.size_bytes, self.error = parts, size_bytes, error
        self.steps = [asyncio.Event() for _ in parts]
        self.written = [asyncio.Event() for _ in parts]
        self.may_end, self.cancelled = asyncio.Event(), asyncio.Event()

    async def __call__(self, fill):
        try:
            fill.announce("head", self.size_bytes)
            for part, step, written in zip(self.parts, self.steps, self.written, strict=True):
                await step.wait()
                await fill.spool.write(part)
                written.set()
            await self.may_end.wait()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        if self.error is not None:
            raise self.error

    async def let_go(self, number):
        self.steps[number].set()
        await self.written[number].wait()


async def test_every_caller_reads_the_first_bytes_while_the_rest_is_not_there(fills):
    work = Steps(b"first", b"second")
    async with fills.join("key", work) as (fill, _), fills.join("key", work) as (same, _):
        await work.let_go(0)

        assert await fill.spool.read(0, 100) == b"first"
        assert await same.spool.read(0, 100) == b"first"
        assert not work.written[1].is_set()
        assert not fill.is_done


async def test_who_joins_late_starts_at_the_first_byte_while_the_fill_goes_on(fills):
    work = Steps(b"first", b"second")
    async with fills.join("key", work):
        await work.let_go(0)
        await work.let_go(1)

        async with fills.join("key", work) as (late, started):
            assert not started
            assert await late.spool.read(0, 100) == b"firstsecond"
            assert not late.is_done


async def test_the_end_is_no_end_before_the_work_has_stored_the_body(fills):
    work = Steps(b"all")
    async with fills.join("key", work) as (fill, _):
        await work.let_go(0)
        ending = asyncio.create_task(fill.spool.read(3, 100))
        await asyncio.sleep(0)
        assert not ending.done()

        work.may_end.set()

        assert await ending == b""
        await fill.whole()


async def test_a_reader_in_the_middle_of_a_body_that_breaks_gets_the_error(fills):
    work = Steps(b"first", b"second", error=Unavailable("cut"))
    async with fills.join("key", work) as (fill, _):
        await work.let_go(0)
        assert await fill.spool.read(0, 100) == b"first"
        waiting = asyncio.create_task(fill.spool.read(5, 100))
        await work.let_go(1)
        assert await waiting == b"second"

        work.may_end.set()

        with pytest.raises(Unavailable):
            await fill.whole()
        with pytest.raises(Unavailable):
            await fill.spool.read(11, 100)


async def test_who_waits_for_the_head_may_leave_without_taking_it_from_others(fills):
    go_on = asyncio.Event()

    async def work(fill):
        await go_on.wait()
        fill.announce("head")

    async with fills.join("key", work) as (fill, _):
        leaving, staying = (asyncio.create_task(fill.head()) for _ in range(2))
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.wait([leaving])
        go_on.set()

        assert await staying == "head"


async def test_a_fill_that_was_left_before_its_first_step_never_begins(fills, tmp_path):
    before = open_files()
    begun = []

    async def work(fill):
        begun.append(fill)

    async with fills.join("key", work):
        pass
    await until(lambda: len(fills) == 0)

    assert begun == []
    assert open_files() == before
    assert list(tmp_path.iterdir()) == []


async def test_nobody_joins_a_fill_that_is_dying(fills):
    dying, may_die = asyncio.Event(), asyncio.Event()

    async def slow_to_die(fill):
        try:
            await asyncio.Event().wait()
        finally:
            dying.set()
            await may_die.wait()

    async with fills.join("key", slow_to_die) as (old, _):
        await asyncio.sleep(0)
    await dying.wait()
    fresh = Steps(b"fresh")
    async with fills.join("key", fresh) as (fill, started):
        assert started
        assert fill is not old
        may_die.set()
        await until(lambda: len(fills) == 1)

        # The end of the old one takes nothing from the new one.
        assert "key" in fills
        await fresh.let_go(0)
        assert await fill.spool.read(0, 100) == b"fresh"


async def test_an_abandoned_fill_that_is_nearly_done_can_be_joined_again(fills):
    work = Steps(b"x" * 95, b"x" * 5, size_bytes=100)
    async with fills.join("key", work) as (left, _):
        await work.let_go(0)

    async with fills.join("key", work) as (fill, started):
        assert (fill is left, started) == (True, False)
        await work.let_go(1)
        work.may_end.set()
        await fill.whole()
        assert await fill.spool.read(0, 1000) == b"x" * 100
    assert not work.cancelled.is_set()


async def test_an_abandoned_fill_that_nobody_comes_back_for_is_tidied_away(fills, tmp_path):
    before = open_files()
    work = Steps(b"x" * 95, b"x" * 5, size_bytes=100)
    async with fills.join("key", work):
        await work.let_go(0)
    await work.let_go(1)
    work.may_end.set()

    await until(lambda: len(fills) == 0)

    assert not work.cancelled.is_set()
    assert open_files() == before
    assert list(tmp_path.iterdir()) == []


async def test_a_finished_fill_stays_readable_for_those_who_still_hold_it(fills):
    work = Steps(b"all")
    async with fills.join("key", work) as (fill, _):
        await work.let_go(0)
        work.may_end.set()
        await fill.whole()
        await until(lambda: len(fills) == 0)

        assert await fill.spool.read(0, 100) == b"all"


async def test_what_the_work_holds_open_is_closed_when_the_last_caller_leaves(fills):
    closed = []
    work = Steps(b"all")
    async with fills.join("key", work) as (fill, _):
        fill.resources.callback(closed.append, "resource")
        await work.let_go(0)
        work.may_end.set()
        await fill.whole()
        assert closed == []

    await until(lambda: closed == ["resource"])


async def test_a_write_that_has_begun_is_not_left_half_done(fills):
    chunk, writing, sizes_bytes = b"x" * 2**25, asyncio.Event(), []

    async def work(fill):
        writing.set()
        try:
            await fill.spool.write(chunk)
        except asyncio.CancelledError:
            # Whoever closes the file from here on has no thread to fear.
            sizes_bytes.append(os.fstat(fill.spool.descriptor).st_size)
            raise

    async with fills.join("key", work):
        await writing.wait()
    await until(lambda: len(fills) == 0)

    assert sizes_bytes == [len(chunk)]


async def test_a_spool_without_a_disk_serves_every_caller_from_memory(tmp_path):
    fills = Fills(lambda: tmp_path / "no such folder" / "spool")
    before = open_files()
    work = Steps(b"first", b"second")
    async with fills.join("key", work) as (fill, _), fills.join("key", work) as (same, _):
        await work.let_go(0)
        assert await fill.spool.read(0, 100) == b"first"
        await work.let_go(1)
        work.may_end.set()
        await fill.whole()

        assert await same.spool.read(0, 100) == b"firstsecond"
        assert fill.spool.in_memory
    await fills.close()
    assert open_files() == before


async def test_not_modified_without_a_stored_copy_is_an_origin_that_contradicts_itself(fills):
    async def work(fill):
        raise NotModified({})

    async with fills.join("key", work) as (fill, _):
        with pytest.raises(Corrupt):
            await fill.head()


async def test_a_failure_that_nobody_asks_about_is_not_reported_as_forgotten(fills):
    reported = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))

    async def work(fill):
        raise Unavailable("no answer")

    async with fills.join("key", work):
        await until(lambda: len(fills) == 0)
    gc.collect()

    assert reported == []


async def test_a_disk_that_refuses_in_mid_body_costs_no_byte(fills, tmp_path):
    work = Steps(b"first", b"second")
    async with fills.join("key", work) as (fill, _):
        await work.let_go(0)
        # From here on the file can be read and not written, as on a disk remounted read-only.
        with fill.spool.file_path.open("rb") as readable:
            os.dup2(readable.fileno(), fill.spool.descriptor)

        await work.let_go(1)
        work.may_end.set()
        await fill.whole()

        assert await fill.spool.read(0, 100) == b"firstsecond"
        assert fill.spool.in_memory
        assert list(tmp_path.iterdir()) == []
