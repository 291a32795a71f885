"""What becomes of a fill that everybody has left."""

import asyncio

import pytest

from imageid_daemon.fills import Fills, Patience
from imageid_daemon.fills.abandonment import Fate, Progress, fate

MEBIBYTE = 2**20
PATIENCE = Patience(missing_bytes=MEBIBYTE, done_share=0.9, seconds=60.0)


def decided(received_bytes, size_bytes, running_seconds=0.5, **more):
    return fate(Progress(received_bytes, size_bytes, running_seconds, **more), PATIENCE)


@pytest.mark.parametrize(
    ("received_bytes", "size_bytes", "expected"),
    [
        (0, 1000, Fate.DROP),
        (1, 1000, Fate.FINISH),
        (MEBIBYTE, 10 * MEBIBYTE, Fate.KEEP),
        (9 * MEBIBYTE, 10 * MEBIBYTE, Fate.FINISH),
        (900 * MEBIBYTE, 1000 * MEBIBYTE, Fate.FINISH),
        (899 * MEBIBYTE, 1000 * MEBIBYTE, Fate.KEEP),
        (MEBIBYTE, None, Fate.KEEP),
        (1000, None, Fate.DROP),
        (1000, 10 * MEBIBYTE, Fate.DROP),
    ],
)
def test_it_is_finished_when_little_is_missing_and_kept_when_much_is_here(
    received_bytes, size_bytes, expected
):
    assert decided(received_bytes, size_bytes) is expected


def test_it_is_finished_only_where_the_rest_comes_in_time_at_the_rate_so_far():
    half_at_59_seconds = decided(MEBIBYTE, 2 * MEBIBYTE, running_seconds=59.0)
    half_at_61_seconds = decided(MEBIBYTE, 2 * MEBIBYTE, running_seconds=61.0)

    assert (half_at_59_seconds, half_at_61_seconds) == (Fate.FINISH, Fate.KEEP)


def test_the_time_since_the_last_caller_left_counts():
    in_time = decided(MEBIBYTE, 2 * MEBIBYTE, running_seconds=30.0, unseen_seconds=29.0)
    too_late = decided(MEBIBYTE, 2 * MEBIBYTE, running_seconds=30.0, unseen_seconds=31.0)

    assert (in_time, too_late) == (Fate.FINISH, Fate.KEEP)


def test_nothing_outlives_its_time():
    assert decided(2 * MEBIBYTE, 2 * MEBIBYTE, unseen_seconds=60.0) is Fate.KEEP


def test_what_is_pinned_is_finished_whatever_it_takes():
    found = decided(1, 100 * MEBIBYTE, running_seconds=1e6, unseen_seconds=1e6, is_pinned=True)

    assert found is Fate.FINISH


class Stalled:
    """An origin that says what it will send, sends half of it, and nothing more."""

    def __init__(self, is_pinned=False):
        self.is_pinned = is_pinned
        self.half_sent, self.released = asyncio.Event(), asyncio.Event()
        self.cancelled = asyncio.Event()
        self.may_keep = None

    async def __call__(self, fill):
        fill.is_pinned = lambda: self.is_pinned
        fill.announce("head", 2 * MEBIBYTE)
        try:
            await fill.spool.write(bytes(MEBIBYTE))
            self.half_sent.set()
            await self.released.wait()
            await fill.spool.write(bytes(MEBIBYTE))
        except asyncio.CancelledError:
            self.may_keep = fill.may_keep
            self.cancelled.set()
            raise


@pytest.fixture
async def fills(tmp_path):
    numbers = iter(range(10_000))
    made = Fills(lambda: tmp_path / str(next(numbers)), patience=Patience(seconds=0.02))
    yield made
    await made.close()


async def left(fills, work):
    async with fills.join("key", work) as (fill, _):
        await work.half_sent.wait()
    return fill


async def test_a_fill_that_outlives_its_time_is_cancelled_and_what_came_may_be_kept(fills):
    work = Stalled()
    await left(fills, work)

    await work.cancelled.wait()

    assert "key" not in fills
    assert work.may_keep is True


async def test_a_pinned_one_goes_on_until_it_is_pinned_no_longer(fills):
    work = Stalled(is_pinned=True)
    await left(fills, work)
    # Its time is over when that of another one is, which was left later.
    other = Stalled()
    async with fills.join("other", other):
        await other.half_sent.wait()
    await other.cancelled.wait()
    assert not work.cancelled.is_set()

    work.is_pinned = False

    await work.cancelled.wait()


async def test_who_joins_before_its_time_is_over_keeps_it_alive(fills):
    work = Stalled()
    fill = await left(fills, work)
    async with fills.join("key", work) as (joined, started):
        # The time of another one, which was left later, is over.
        other = Stalled()
        async with fills.join("other", other):
            await other.half_sent.wait()
        await other.cancelled.wait()

        assert (joined is fill, started, work.cancelled.is_set()) == (True, False, False)
        work.released.set()
        await joined.whole()


async def test_what_is_hardly_begun_is_dropped(fills):
    may_keep = []
    written = asyncio.Event()

    async def work(fill):
        fill.announce("head", 100 * MEBIBYTE)
        try:
            await fill.spool.write(b"x")
            written.set()
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            may_keep.append(fill.may_keep)
            raise

    async with fills.join("key", work):
        await written.wait()
    await fills.close()

    assert may_keep == [False]
