"""Chunks get smaller where many bodies are sent at once, and never of no use."""

from contextlib import ExitStack

from hypothesis import given
from hypothesis import strategies as st

from imageid_daemon.service.crowd import Crowd

KIB, MIB = 1024, 1024 * 1024


@given(starting=st.integers(0, 3000), reading=st.integers(0, 3000), wanted=st.integers(1, 2 * MIB))
def test_chunks_are_no_larger_than_wanted_nor_all_together_than_their_limit(
    starting, reading, wanted
):
    crowd = Crowd()
    with ExitStack() as stack:
        beginners = [stack.enter_context(crowd.joined()) for _ in range(starting)]
        readers = [stack.enter_context(crowd.joined()) for _ in range(reading)]
        for reader in readers:
            reader.chunk_bytes(wanted, MIB)
        chunks = [each.chunk_bytes(wanted, 0) for each in beginners]
        chunks += [each.chunk_bytes(wanted, MIB) for each in readers]

    assert all(min(wanted, 2 * KIB) <= chunk_bytes <= wanted for chunk_bytes in chunks)
    assert sum(chunks) <= max(3 * MIB, MIB + starting * 2 * KIB, len(chunks) * 2 * KIB)


def test_a_few_streams_have_the_chunks_that_they_want():
    crowd = Crowd()
    with crowd.joined() as one, crowd.joined() as other:
        assert one.chunk_bytes(MIB, 0) == other.chunk_bytes(MIB, 0) == MIB
        assert [each.chunk_bytes(512 * KIB, MIB) for each in (one, other)] == [512 * KIB] * 2


def test_who_reads_is_not_slowed_by_a_thousand_who_have_stopped():
    crowd = Crowd()
    with ExitStack() as stack:
        for _ in range(1000):
            stack.enter_context(crowd.joined()).chunk_bytes(MIB, 128 * KIB)
        reader = stack.enter_context(crowd.joined())

        assert reader.chunk_bytes(MIB, 128 * KIB) < 3 * KIB
        assert reader.chunk_bytes(MIB, 256 * KIB) == MIB


def test_who_has_left_takes_no_share():
    crowd = Crowd()
    for _ in range(1000):
        with crowd.joined() as member:
            member.chunk_bytes(MIB, MIB)

    with crowd.joined() as alone:
        assert alone.chunk_bytes(MIB, 0) == alone.chunk_bytes(MIB, MIB) == MIB
