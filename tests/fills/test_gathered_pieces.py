"""Bytes that are received while those before them are written."""

import asyncio

import pytest

from imageid_daemon.fills import gathered_pieces
from imageid_loaders.errors import Corrupt
from turns import until

MEBIBYTE = 2**20


class Origin:
    """Gives pieces, and waits for `released` behind `pauses_after` of them."""

    def __init__(self, *pieces, error=None, pauses_after=None):
        self.pieces = pieces
        self.error = error
        self.pauses_after = pauses_after
        self.released = asyncio.Event()
        self.given = 0
        self.closed = False

    async def chunks(self):
        try:
            for piece in self.pieces:
                if self.given == self.pauses_after:
                    await self.released.wait()
                self.given += 1
                yield piece
            if self.error is not None:
                raise self.error
        finally:
            self.closed = True


async def test_pieces_that_come_together_are_given_together():
    async with gathered_pieces(Origin(b"ab", b"", b"cd", b"e").chunks()) as chunks:
        assert [some async for some in chunks] == [[b"ab", b"cd", b"e"]]


async def test_a_source_that_is_cancelled_beneath_its_reader_is_no_end():
    origin = Origin(b"a", error=asyncio.CancelledError())

    async with gathered_pieces(origin.chunks()) as chunks:
        assert await anext(chunks) == [b"a"]
        with pytest.raises(asyncio.CancelledError):
            await anext(chunks)


async def test_nothing_is_held_back_where_the_origin_pauses():
    origin = Origin(b"a", b"b", pauses_after=1)

    async with gathered_pieces(origin.chunks()) as chunks:
        assert await anext(chunks) == [b"a"]
        origin.released.set()
        assert [some async for some in chunks] == [[b"b"]]


async def test_more_is_received_while_something_is_written_but_not_without_bounds():
    origin = Origin(*[bytes(MEBIBYTE // 4)] * 20)

    async with gathered_pieces(origin.chunks()) as chunks:
        received = len(b"".join(await anext(chunks)))
        await until(lambda: origin.given >= 4)
        for _ in range(100):
            await asyncio.sleep(0)
        assert origin.given * MEBIBYTE // 4 <= received + MEBIBYTE
        received += sum([len(b"".join(some)) async for some in chunks])

    assert received == 5 * MEBIBYTE


async def test_what_came_before_an_error_is_given_before_it_is_raised():
    async with gathered_pieces(Origin(b"a", b"b", error=Corrupt("broke off")).chunks()) as chunks:
        assert await anext(chunks) == [b"a", b"b"]
        with pytest.raises(Corrupt):
            await anext(chunks)


async def test_an_empty_body_has_no_pieces():
    async with gathered_pieces(Origin().chunks()) as chunks:
        assert [some async for some in chunks] == []


async def test_who_leaves_early_leaves_nothing_running():
    origin = Origin(b"a", b"b", pauses_after=1)

    async with gathered_pieces(origin.chunks()) as chunks:
        await anext(chunks)

    assert origin.closed
    assert len(asyncio.all_tasks()) == 1
