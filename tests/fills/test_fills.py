"""A fill belongs to the daemon: callers come and go."""

import asyncio

import pytest
import pytest_asyncio

from descriptors import open_files
from imageid_daemon.fills import Fills
from imageid_loaders.errors import Corrupt, ImageError, ShuttingDown


class Work:
    """A fetch that the test steers: it gives its head, then its bytes as they are let go."""

    def __init__(self, data=b"body", size_bytes=None, error=None):
        self.data = data
        self.size_bytes = size_bytes
        self.error = error
        self.first_byte_sent = asyncio.Event()
        self.released = asyncio.Event()
        self.ended = asyncio.Event()
        self.begun = 0
        self.cancelled = 0

    def __call__(self, fill):
        return self._run(fill)

    async def _run(self, fill):
        self.begun += 1
        try:
            fill.announce("head", self.size_bytes)
            await fill.spool.write(self.data[:1])
            self.first_byte_sent.set()
            await self.released.wait()
            await fill.spool.write(self.data[1:])
            if self.error is not None:
                raise self.error
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.ended.set()


async def follow(fills, work):
    """A caller who wants the whole body."""
    async with fills.join("key", work) as (fill, _):
        await fill.head()
        data = b""
        while part := await fill.spool.read(len(data), 7):
            data += part
        await fill.whole()
        return data


@pytest_asyncio.fixture
async def fills(tmp_path):
    numbers = iter(range(10_000))
    made = Fills(lambda: tmp_path / str(next(numbers)))
    yield made
    await made.close()


async def test_any_number_of_callers_cost_one_piece_of_work(fills):
    work = Work()
    callers = [asyncio.create_task(follow(fills, work)) for _ in range(50)]
    await work.first_byte_sent.wait()
    work.released.set()

    assert await asyncio.gather(*callers) == [b"body"] * 50
    assert work.begun == 1


async def test_the_first_caller_is_told_that_it_started_the_fill(fills):
    work = Work()
    async with fills.join("key", work) as (_, started), fills.join("key", work) as (_, again):
        assert (started, again) == (True, False)


async def test_other_keys_are_other_fills(fills):
    one, other = Work(), Work()
    async with fills.join("one", one) as (first, _), fills.join("other", other) as (second, _):
        assert first is not second


async def test_a_late_caller_reads_from_the_first_byte(fills):
    work = Work()
    early = asyncio.create_task(follow(fills, work))
    await work.first_byte_sent.wait()
    late = asyncio.create_task(follow(fills, work))
    work.released.set()

    assert await late == await early == b"body"


async def test_a_caller_that_leaves_disturbs_nobody(fills):
    work = Work()
    callers = [asyncio.create_task(follow(fills, work)) for _ in range(10)]
    await work.first_byte_sent.wait()

    for caller in callers[:9]:
        caller.cancel()
    await asyncio.wait(callers[:9])
    work.released.set()

    assert await callers[9] == b"body"
    assert work.cancelled == 0


async def test_a_fill_that_everybody_has_left_is_cancelled(fills):
    work = Work()
    caller = asyncio.create_task(follow(fills, work))
    await work.first_byte_sent.wait()

    caller.cancel()
    await work.ended.wait()

    assert work.cancelled == 1
    assert "key" not in fills


async def test_a_fill_that_is_nearly_done_is_finished_for_the_next_caller(fills):
    work = Work(b"b" * 1000, size_bytes=1000)
    caller = asyncio.create_task(follow(fills, work))
    await work.first_byte_sent.wait()

    caller.cancel()
    await asyncio.wait([caller])
    work.released.set()
    await work.ended.wait()

    assert work.cancelled == 0


async def test_who_asks_after_everybody_has_left_starts_afresh(fills):
    abandoned, fresh = Work(), Work(b"fresh")
    caller = asyncio.create_task(follow(fills, abandoned))
    await abandoned.first_byte_sent.wait()
    caller.cancel()
    fresh.released.set()

    with pytest.raises(asyncio.CancelledError):
        await caller
    assert await follow(fills, fresh) == b"fresh"


async def test_a_body_that_breaks_off_is_an_error_for_everybody_and_never_a_clean_end(fills):
    work = Work(error=Corrupt("cut"))
    callers = [asyncio.create_task(follow(fills, work)) for _ in range(5)]
    await work.first_byte_sent.wait()
    work.released.set()

    outcomes = await asyncio.gather(*callers, return_exceptions=True)

    assert [type(outcome) for outcome in outcomes] == [Corrupt] * 5


async def test_who_hears_of_a_failure_and_asks_again_does_not_hear_it_again(fills):
    broken, healed = Work(error=Corrupt("cut")), Work()
    broken.released.set()
    healed.released.set()

    with pytest.raises(Corrupt):
        await follow(fills, broken)
    assert await follow(fills, healed) == b"body"


async def test_a_failure_before_the_head_reaches_who_waits_for_it(fills):
    async def fail(fill):
        raise Corrupt("no answer")

    with pytest.raises(Corrupt):
        async with fills.join("key", fail) as (fill, _):
            await fill.head()


async def test_a_bug_is_an_error_that_does_not_tell_more_than_its_kind(fills, capfd):
    url = "https://pacs/studies/1.2." + "3"

    async def fail(fill):
        raise ValueError(url)

    with pytest.raises(ImageError) as failure:
        async with fills.join("key", fail) as (fill, _):
            await fill.head()

    assert failure.value.reason == "INTERNAL"
    assert "1.2.3" not in str(failure.value) + capfd.readouterr().out


async def test_closing_ends_every_caller_with_a_reason(fills):
    caller = asyncio.create_task(follow(fills, Work()))
    await asyncio.sleep(0)

    await fills.close()

    with pytest.raises(ShuttingDown):
        await caller


async def test_no_file_is_left_open_or_on_the_disk_whatever_becomes_of_a_fill(fills, tmp_path):
    before = open_files()

    for error in (None, Corrupt("cut")):
        work = Work(error=error)
        work.released.set()
        await asyncio.gather(*(follow(fills, work) for _ in range(5)), return_exceptions=True)
    abandoned = Work()
    caller = asyncio.create_task(follow(fills, abandoned))
    await abandoned.first_byte_sent.wait()
    caller.cancel()
    await fills.close()
    await asyncio.wait([caller])

    assert open_files() == before
    assert list(tmp_path.iterdir()) == []
