"""What came of an image is free again at once: Python's search for circles may take minutes to
find megabytes that a kept error leads to by its frames.
"""

import gc
import weakref
from contextlib import suppress

import pytest

from imageid_daemon.cache import Failures
from imageid_daemon.fills import Fills, gathered_pieces
from imageid_daemon.resolver.remembered_failures import RememberedFailures
from imageid_loaders.errors import Corrupt, ImageError, NotFound, Undecodable
from turns import settled


class Piece:
    """Some bytes of an image that can be asked for when they are gone."""

    def __len__(self):
        return 1


@pytest.fixture(autouse=True)
def no_search_for_circles():
    gc.disable()
    yield
    gc.enable()


class Pieces:
    """Remembers which were made, and holds none of them."""

    def __init__(self):
        self.made = []

    def piece(self):
        piece = Piece()
        self.made.append(weakref.ref(piece))
        return piece

    async def chunks(self, *, break_off=False):
        for _ in range(3):
            piece = self.piece()
            yield piece
        if break_off:
            raise Corrupt("broke off")

    def error_within(self, kind, **metadata):
        """An error that was raised where a piece was at hand."""
        piece = self.piece()
        assert piece
        try:
            raise kind("with a piece at hand", **metadata)
        except ImageError as error:
            return error

    @property
    def are_free(self):
        return self.made and not any(made() for made in self.made)


@pytest.fixture
def pieces():
    return Pieces()


async def read(chunks):
    async with gathered_pieces(chunks) as arriving:
        async for some in arriving:
            assert some


async def test_pieces_that_were_read_to_their_end(pieces):
    await read(pieces.chunks())

    assert pieces.are_free


async def test_pieces_that_broke_off(pieces):
    with suppress(Corrupt):
        await read(pieces.chunks(break_off=True))

    assert pieces.are_free


async def test_pieces_that_nobody_read(pieces):
    async with gathered_pieces(pieces.chunks(break_off=True)):
        await settled()

    assert pieces.are_free


async def test_what_a_fill_had_when_it_failed(pieces, tmp_path):
    async def work(fill):
        piece = pieces.piece()
        assert piece
        raise Corrupt("broke off")

    async with Fills(lambda: tmp_path / "spool").join("key", work) as (fill, _):
        for wait in (fill.head, fill.whole, fill.head):
            with pytest.raises(Corrupt):
                await wait()
        await settled()

        assert pieces.are_free


async def test_what_the_caller_of_a_failed_fill_had(pieces, tmp_path):
    async def work(fill):
        fill.announce("head")
        raise Corrupt("broke off")

    async def call(fill):
        piece = pieces.piece()
        with pytest.raises(Corrupt):
            await fill.spool.read(0, len(piece))

    async with Fills(lambda: tmp_path / "spool").join("key", work) as (fill, _):
        await call(fill)

        assert pieces.are_free


async def test_what_was_at_hand_where_a_remembered_failure_was_raised(pieces):
    failures, of_decoding = Failures(), RememberedFailures()

    failures.remember("key", pieces.error_within(NotFound, http_status="404"), {}, 0.0)
    of_decoding.note("key", pieces.error_within(Undecodable), 0.0)

    assert failures.has("key")
    assert len(of_decoding) == 1
    assert pieces.are_free
