"""What the ledger chooses to evict, after any history."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from imageid_daemon.cache.ledger import Ledger

KEYS = [f"k{number}" for number in range(8)]
# A digest names its bytes, so it has one length.
SIZES_BYTES = {f"D{number}": 37 * number for number in range(6)}
DIGESTS = sorted(SIZES_BYTES)


class Books(RuleBasedStateMachine):
    """The ledger beside a model that remembers only who holds what."""

    @initialize(limit_bytes=st.integers(0, 500))
    def begin(self, limit_bytes: int) -> None:
        self.ledger = Ledger(limit_bytes)
        self.digest_of: dict[str, str] = {}
        self.parents_of: dict[str, tuple[str, ...]] = {}
        self.reserved: list[int] = []
        self.deleting: dict[str, int] = {}
        self.held: list[str] = []
        self.pinned: set[str] = set()

    def drop(self, key: str) -> None:
        del self.digest_of[key]
        del self.parents_of[key]

    @rule(
        key=st.sampled_from(KEYS),
        digest=st.sampled_from(DIGESTS),
        parents=st.lists(st.sampled_from(DIGESTS), max_size=2),
    )
    def add(self, key: str, digest: str, parents: list[str]) -> None:
        if key in self.digest_of:
            return
        self.ledger.add(key, digest, SIZES_BYTES[digest], parents)
        self.digest_of[key], self.parents_of[key] = digest, tuple(parents)

    @rule(key=st.sampled_from(KEYS))
    def remove(self, key: str) -> None:
        orphan = self.ledger.remove(key)
        if key not in self.digest_of:
            assert orphan is None
            return
        digest = self.digest_of[key]
        self.drop(key)
        assert orphan == (None if digest in self.digest_of.values() else digest)
        self.note_orphan(orphan)

    def note_orphan(self, orphan: str | None) -> None:
        if orphan is not None:
            self.deleting[orphan] = self.deleting.get(orphan, 0) + SIZES_BYTES[orphan]

    @precondition(lambda self: self.deleting)
    @rule()
    def unlink(self) -> None:
        digest, _ = self.deleting.popitem()
        self.ledger.deleted(digest)

    @rule(digest=st.sampled_from(DIGESTS))
    def hold(self, digest: str) -> None:
        self.ledger.hold(digest)
        self.held.append(digest)

    @precondition(lambda self: self.held)
    @rule()
    def let_go(self) -> None:
        self.ledger.let_go(self.held.pop())

    @rule(key=st.sampled_from(KEYS))
    def pin(self, key: str) -> None:
        self.ledger.pin(key, 100.0)
        self.pinned.add(key)

    @rule(key=st.sampled_from(KEYS))
    def unpin(self, key: str) -> None:
        assert self.ledger.unpin(key) is (key in self.pinned)
        self.pinned.discard(key)

    @rule(digest=st.sampled_from(DIGESTS))
    def touch(self, digest: str) -> None:
        self.ledger.eviction.touch(digest)

    @rule(size_bytes=st.integers(0, 300), free_bytes=st.integers(-300, 600))
    def reserve(self, size_bytes: int, free_bytes: int) -> None:
        limit_bytes = self.limit_bytes(free_bytes)
        fits = sum(self.reserved) + size_bytes <= limit_bytes
        assert self.ledger.can_fit(size_bytes, free_bytes) is fits
        used_bytes = self.stored_bytes() + sum(self.deleting.values()) + sum(self.reserved)
        fits_now = used_bytes + size_bytes <= limit_bytes
        assert self.ledger.fits(size_bytes, free_bytes) is fits_now
        if fits:
            self.ledger.reserve(size_bytes)
            self.reserved.append(size_bytes)

    @precondition(lambda self: self.reserved)
    @rule()
    def release(self) -> None:
        self.ledger.release(self.reserved.pop())

    @rule(free_bytes=st.integers(-300, 600))
    def evict(self, free_bytes: int) -> None:
        limit_bytes = self.limit_bytes(free_bytes)
        needed = self.stored_bytes() + sum(self.reserved) > limit_bytes
        victims = self.ledger.victims(free_bytes, now_seconds=99.0)

        assert needed or not victims
        assert not victims & self.pinned
        assert not {self.digest_of[key] for key in victims}.intersection(self.held)
        self.assert_descendants_go_too(victims)
        for key in victims:
            self.note_orphan(self.ledger.remove(key))
            self.drop(key)
        if needed and not self.pinned and not self.held:
            used_bytes = self.ledger.stored_bytes + self.ledger.reserved_bytes
            assert used_bytes <= 0.95 * limit_bytes + 1 or not self.ledger.entries

    def assert_descendants_go_too(self, victims: set[str]) -> None:
        gone = {self.digest_of[key] for key in victims}
        for key, parents in self.parents_of.items():
            assert key in victims or not gone.intersection(parents)

    def limit_bytes(self, free_bytes: int) -> int:
        on_disk_bytes = self.stored_bytes() + sum(self.deleting.values())
        return max(0, min(self.ledger.limit_bytes, on_disk_bytes + free_bytes))

    def stored_bytes(self) -> int:
        return sum(SIZES_BYTES[digest] for digest in set(self.digest_of.values()))

    @invariant()
    def stored_bytes_are_those_of_the_held_blobs(self) -> None:
        assert self.ledger.stored_bytes == self.stored_bytes()
        assert self.ledger.reserved_bytes == sum(self.reserved)
        assert self.ledger.deleting_bytes == sum(self.deleting.values())
        assert self.ledger.held_blobs == len(set(self.held))

    @invariant()
    def every_held_blob_stands_somewhere_and_no_other(self) -> None:
        held = set(self.digest_of.values())
        assert self.ledger.digests() == held
        standing = {digest for digest in DIGESTS if self.ledger.eviction.standing(digest)}
        assert standing == held

    @invariant()
    def every_blob_knows_its_keys(self) -> None:
        for digest in DIGESTS:
            holders = {key for key, held in self.digest_of.items() if held == digest}
            assert self.ledger.keys_of(digest) == holders


test_the_books_hold_after_any_history = Books.TestCase


def ledger_of(*blobs: tuple[str, int], limit_bytes: int) -> Ledger:
    ledger = Ledger(limit_bytes)
    for name, size_bytes in blobs:
        ledger.add(f"key {name}", name, size_bytes)
    return ledger


def test_no_more_goes_than_the_low_water_mark_asks_for():
    ledger = ledger_of(*((str(number), 100) for number in range(10)), limit_bytes=1000)
    ledger.reserve(100)

    # 100 to come, 50 down to the mark: two blobs of 100 cover it.
    assert ledger.victims(10**9) == {"key 0", "key 1"}


def test_where_free_bytes_are_negative_stored_blobs_go_until_the_disk_has_them_back():
    ledger = ledger_of(("A", 100), ("B", 100), ("C", 100), limit_bytes=10**6)

    assert ledger.victims(free_bytes=-150) == {"key A", "key B"}


def test_where_more_is_missing_than_is_stored_everything_goes():
    ledger = ledger_of(("A", 100), ("B", 100), limit_bytes=10**6)

    assert ledger.victims(free_bytes=-(10**9)) == {"key A", "key B"}


def test_a_blob_goes_with_all_the_keys_that_hold_it():
    ledger = ledger_of(("A", 600), ("B", 600), limit_bytes=1000)
    ledger.add("another key of A", "A", 600)
    ledger.eviction.touch("B")
    ledger.eviction.touch("B")

    assert ledger.victims(10**9) == {"key A", "another key of A"}


def test_what_is_its_own_parent_has_a_finite_family():
    ledger = Ledger(1000)
    ledger.add("a", "A", 1, parents=("A", "B"))
    ledger.add("b", "B", 1, parents=("A",))

    assert ledger.family("a") == ledger.family("b") == {"a", "b"}
