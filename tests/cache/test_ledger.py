"""The cache's books: bytes, and what goes first."""

from hypothesis import given
from hypothesis import strategies as st

from imageid_daemon.cache.ledger import Ledger

ROOMY = 10**12


def ledger_of(*blobs, limit_bytes=1000):
    ledger = Ledger(limit_bytes)
    for key, digest, size_bytes, *parents in blobs:
        ledger.add(key, digest, size_bytes, parents)
    return ledger


def test_a_blob_that_two_entries_hold_counts_once_and_stays_until_both_are_gone():
    ledger = ledger_of(("a", "D", 100), ("b", "D", 100))

    assert (ledger.stored_bytes, ledger.entries, ledger.blobs) == (100, 2, 1)
    assert ledger.remove("a") is None
    assert ledger.remove("b") == "D"
    assert ledger.stored_bytes == 0


def test_what_was_asked_for_again_stays_longer():
    ledger = ledger_of(("a", "A", 400), ("b", "B", 400), ("c", "C", 400))

    ledger.eviction.touch("A")

    assert ledger.victims(ROOMY) == {"b"}


def test_eviction_goes_down_to_the_low_water_mark():
    ledger = ledger_of(*((str(n), str(n), 10) for n in range(101)))

    # 1010 of 1000 stored: down to 950, so that the next image need not evict.
    assert ledger.victims(ROOMY) == {str(n) for n in range(6)}


def test_nothing_is_evicted_below_the_limit():
    assert ledger_of(("a", "A", 1000)).victims(ROOMY) == set()


def test_reserved_bytes_push_stored_ones_out():
    ledger = ledger_of(("a", "A", 600))

    ledger.reserve(600)

    assert ledger.victims(ROOMY) == {"a"}


def test_what_can_never_fit_is_refused():
    ledger = Ledger(1000)

    assert not ledger.can_fit(1001, ROOMY)
    assert ledger.can_fit(600, ROOMY)
    ledger.reserve(600)
    assert not ledger.can_fit(600, ROOMY)
    ledger.release(600)
    assert ledger.can_fit(600, ROOMY)


def test_a_disk_with_little_room_lowers_the_limit():
    ledger = ledger_of(("a", "A", 100))

    assert ledger.fits(50, free_bytes=60)
    assert not ledger.fits(100, free_bytes=60)
    assert ledger.can_fit(100, free_bytes=60)
    assert not ledger.can_fit(200, free_bytes=60)


def test_a_disk_that_others_have_filled_makes_stored_blobs_go():
    ledger = ledger_of(("a", "A", 100), ("b", "B", 100))

    assert ledger.victims(free_bytes=-50) == {"a"}


def test_a_family_is_what_was_derived_at_any_remove():
    ledger = ledger_of(
        ("file", "F", 1), ("pixels", "P", 1, "F"), ("png", "R", 1, "F", "P"), ("other", "O", 1)
    )

    assert ledger.family("file") == {"file", "pixels", "png"}
    assert ledger.family("pixels") == {"pixels", "png"}
    assert ledger.family("unknown") == set()


def test_what_was_derived_goes_with_its_source():
    ledger = ledger_of(("file", "F", 600), ("pixels", "P", 600, "F"), limit_bytes=1000)

    assert ledger.victims(ROOMY) == {"file", "pixels"}


def test_what_was_handed_out_stays_for_a_while_and_so_does_its_source():
    ledger = ledger_of(("file", "F", 600), ("pixels", "P", 600, "F"), limit_bytes=1000)

    ledger.hand_out("P", until_seconds=20.0)

    assert ledger.victims(ROOMY, now_seconds=19.0) == set()
    assert ledger.victims(ROOMY, now_seconds=20.0) == {"file", "pixels"}


def test_what_is_handed_out_again_is_not_kept_for_less():
    ledger = ledger_of(("a", "A", 2000))

    ledger.hand_out("A", until_seconds=20.0)
    ledger.hand_out("A", until_seconds=10.0)

    assert ledger.victims(ROOMY, now_seconds=15.0) == set()


def test_no_more_than_half_of_the_cache_is_handed_out_at_a_time():
    ledger = ledger_of(("a", "A", 300), ("b", "B", 300), ("c", "C", 200), limit_bytes=1000)

    ledger.hand_out("A", until_seconds=20.0)
    ledger.hand_out("A", until_seconds=21.0)

    assert [ledger.may_hand_out(digest, 19.0) for digest in "ABCX"] == [True, False, True, False]
    assert ledger.may_hand_out("B", 21.0)


def test_counting_before_evicting_counts_shared_blobs_only_if_all_their_entries_go():
    ledger = ledger_of(("a", "D", 100), ("b", "D", 100))

    assert ledger.bytes_of({"a"}) == 0
    assert ledger.bytes_of({"a", "b"}) == 100


steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), st.integers(0, 9), st.integers(0, 5)),
        st.tuples(st.just("remove"), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("touch"), st.just(0), st.integers(0, 5)),
        st.tuples(st.just("reserve"), st.integers(0, 400), st.just(0)),
        st.tuples(st.just("release"), st.just(0), st.just(0)),
        st.tuples(st.just("evict"), st.just(0), st.just(0)),
    ),
    max_size=60,
)


@given(steps)
def test_the_books_balance_after_any_sequence_of_changes(steps):
    ledger, model, reserved = Ledger(1000), {}, []
    for what, number, blob in steps:
        key, digest = f"k{number}", f"d{blob}"
        if what == "add" and key not in model:
            ledger.add(key, digest, 100 + blob)
            model[key] = (digest, 100 + blob)
        elif what == "remove":
            ledger.remove(key)
            model.pop(key, None)
        elif what == "touch":
            ledger.eviction.touch(digest)
        elif what == "reserve" and ledger.can_fit(number, ROOMY):
            ledger.reserve(number)
            reserved.append(number)
        elif what == "release" and reserved:
            ledger.release(reserved.pop())
        elif what == "evict":
            for victim in ledger.victims(ROOMY):
                ledger.remove(victim)
                del model[victim]
            assert ledger.stored_bytes + ledger.reserved_bytes <= ledger.limit_bytes
        assert ledger.stored_bytes == sum(dict(model.values()).values())
        assert ledger.keys() == set(model)
        assert ledger.digests() == {held for held, _ in model.values()}
        assert ledger.reserved_bytes == sum(reserved)
