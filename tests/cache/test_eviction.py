"""Which blob goes first: S3-FIFO over bytes."""

from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from imageid_daemon.cache.eviction import Eviction


def eviction_of(*digests: str, size_bytes: int = 10) -> Eviction:
    eviction = Eviction()
    for digest in digests:
        eviction.add(digest, size_bytes)
    return eviction


def evict(eviction: Eviction, count: int) -> list[str]:
    """Take and remove the first that leave."""
    gone = list(islice(eviction.leaving(), count))
    for digest in gone:
        eviction.remove(digest)
    return gone


def test_what_was_never_used_again_leaves_in_the_order_in_which_it_came():
    assert list(eviction_of("a", "b", "c").leaving()) == ["a", "b", "c"]


def test_what_was_used_again_is_passed_over():
    eviction = eviction_of("a", "b", "c")

    eviction.touch("a")

    assert list(eviction.leaving()) == ["b", "c", "a"]


def test_a_scroll_that_is_longer_than_the_cache_leaves_the_working_set_alone():
    working = [f"working {n}" for n in range(30)]
    eviction = eviction_of(*working)
    for digest in working:
        eviction.touch(digest)

    gone: list[str] = []
    for number in range(500):
        eviction.add(f"scroll {number}", 10)
        gone += evict(eviction, 1) if number >= 30 else []

    assert not set(gone) & set(working)


def test_what_comes_back_while_it_is_remembered_outlives_what_is_new():
    eviction = eviction_of("a", "b", "c", "d")
    assert evict(eviction, 1) == ["a"]

    eviction.add("a", 10)
    eviction.add("e", 10)

    assert list(eviction.leaving())[-1] == "a"


def test_what_was_removed_on_demand_is_not_remembered():
    eviction = eviction_of("a", "b")

    eviction.remove("a")
    eviction.add("a", 10)

    assert not eviction.standing("a").is_main


def test_no_more_bytes_are_remembered_than_are_stored():
    eviction = eviction_of(*(str(n) for n in range(10)))

    evict(eviction, 8)

    assert sum(size_bytes for _, size_bytes in eviction.ghosts) <= 20


def test_who_was_offered_and_stayed_is_the_first_to_leave_the_next_time():
    eviction = eviction_of("a", "b", "c")
    assert list(islice(eviction.leaving(), 2)) == ["a", "b"]

    assert list(eviction.leaving()) == ["a", "b", "c"]


def test_a_large_blob_counts_by_its_bytes():
    eviction = eviction_of("hot", size_bytes=100)
    eviction.touch("hot")
    list(islice(eviction.leaving(), 1))  # passes "hot" over, into the main queue
    eviction.add("large", 300)

    assert next(eviction.leaving()) == "large"


operations = st.lists(
    st.tuples(st.sampled_from(["add", "touch", "evict", "remove"]), st.integers(0, 20)),
    max_size=120,
)


@given(operations)
def test_it_leaves_a_restart_as_it_entered_it(steps):
    eviction = Eviction()
    held: dict[str, int] = {}
    for what, number in steps:
        digest = str(number)
        if what == "add" and digest not in held:
            held[digest] = 5 + number
            eviction.add(digest, held[digest])
        elif what == "touch":
            eviction.touch(digest)
        elif what == "evict":
            for gone in evict(eviction, 1):
                del held[gone]
        elif held.pop(digest, None):
            eviction.remove(digest)

    again = Eviction()
    standings = {digest: eviction.standing(digest) for digest in held}
    for digest in sorted(held, key=lambda digest: standings[digest].turn):
        again.restore(digest, held[digest], standings[digest])
    again.remember(eviction.ghosts)

    assert dict(again.ghosts).items() <= dict(eviction.ghosts).items()
    assert list(again.leaving()) == list(eviction.leaving())
    assert sorted(eviction.leaving()) == sorted(held)


@given(operations)
def test_what_moved_is_told_once(steps):
    eviction, known = Eviction(), {}
    for what, number in steps:
        digest = str(number)
        if what == "add" and eviction.standing(digest) is None:
            eviction.add(digest, 10)
        elif what == "touch":
            eviction.touch(digest)
        elif what == "evict":
            for gone in evict(eviction, 1):
                known.pop(gone, None)
        else:
            eviction.remove(digest)
            known.pop(digest, None)
        known |= eviction.moved()

    assert eviction.moved() == {}
    assert known == {digest: eviction.standing(digest) for digest in known}
    assert {str(n) for n in range(21) if eviction.standing(str(n))} == set(known)
