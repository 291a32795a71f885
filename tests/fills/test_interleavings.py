"""A fill that dies while it is being left never takes a new caller with it: every schedule."""

import asyncio
import itertools

import pytest

from imageid_daemon.fills import Fills
from imageid_loaders.errors import Unavailable

# What happens beside the fill, in every order, with no or two turns of the loop in between.
STEPS = ("leave", "join", "fail", "die slowly")


class Origin:
    """The first fetch fails when it is told to, or is slow to die; later ones succeed."""

    def __init__(self):
        self.begun = 0
        self.fails, self.may_die = asyncio.Event(), asyncio.Event()
        self.is_slow = False

    async def __call__(self, fill):
        self.begun += 1
        if self.begun > 1:
            fill.announce("head", 4)
            await fill.spool.write(b"good")
            return
        fill.announce("head", 100 * 2**20)
        try:
            await fill.spool.write(b"bad")
            await self.fails.wait()
        except asyncio.CancelledError:
            if self.is_slow:
                await self.may_die.wait()
            raise
        raise Unavailable("the origin broke off")


async def follow(fills, origin):
    async with fills.join("key", origin) as (fill, _):
        await fill.head()
        data = b""
        while part := await fill.spool.read(len(data), 100):
            data += part
        await fill.whole()
        return data


@pytest.mark.parametrize("turns", list(itertools.product((0, 2), repeat=3)))
@pytest.mark.parametrize("order", list(itertools.permutations(STEPS)))
async def test_a_new_caller_gets_the_body_or_the_origins_own_failure(tmp_path, order, turns):
    numbers = itertools.count()
    fills = Fills(lambda: tmp_path / str(next(numbers)))
    origin = Origin()
    first = asyncio.create_task(follow(fills, origin))
    second = None
    was_left = False

    for step, pause in zip(order, (*turns, 0), strict=True):
        match step:
            case "leave":
                first.cancel()
                was_left = second is None
            case "join":
                second = asyncio.create_task(follow(fills, origin))
            case "fail":
                origin.fails.set()
            case "die slowly":
                origin.is_slow = True
        for _ in range(pause):
            await asyncio.sleep(0)
    assert second is not None
    async with asyncio.timeout(10):
        await asyncio.wait([second])
    origin.may_die.set()
    await fills.close()

    # Only the failure of a fill that it has joined alive is its own; never a foreign end.
    if isinstance(second.exception(), Unavailable):
        assert type(second.exception()) is Unavailable
        assert origin.begun == 1
    else:
        assert second.result() == b"good"
        assert origin.begun == 2 or was_left
    assert len(fills) == 0
    assert list(tmp_path.iterdir()) == []
