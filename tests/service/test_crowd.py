"""Chunks get smaller where many bodies are sent at once, and never of no use."""

from contextlib import ExitStack

from hypothesis import given
from hypothesis import strategies as st

from imageid_daemon.service.crowd import Crowd

MIB = 1024 * 1024


@given(streams=st.integers(0, 3000), wanted_bytes=st.integers(1, 2 * MIB))
def test_chunks_are_no_larger_than_wanted_nor_all_together_than_their_limit(streams, wanted_bytes):
    crowd = Crowd()
    with ExitStack() as stack:
        for _ in range(streams):
            stack.enter_context(crowd.joined())

        chunk_bytes = crowd.chunk_bytes(wanted_bytes)

    assert chunk_bytes <= wanted_bytes
    assert chunk_bytes >= min(wanted_bytes, 8 * 1024)
    assert streams * chunk_bytes <= max(8 * MIB, streams * 8 * 1024)


def test_a_few_streams_have_the_chunks_that_they_want():
    crowd = Crowd()
    with crowd.joined(), crowd.joined():
        assert crowd.chunk_bytes(2 * MIB) == 2 * MIB


def test_who_has_left_takes_no_share():
    crowd = Crowd()
    for _ in range(1000):
        with crowd.joined():
            pass

    assert crowd.chunk_bytes(2 * MIB) == 2 * MIB
