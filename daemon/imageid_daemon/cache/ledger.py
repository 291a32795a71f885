"""The cache's books: which entry holds which blob, how many bytes, and what goes first.

No I/O; the store carries out what the ledger decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from imageid_daemon.cache.eviction import Eviction, Standing
from imageid_daemon.cache.handed_out import HandedOut

_LOW_WATER = 0.95
# Of the limit: what callers are told the paths of stays for a while.
_HANDED_OUT_SHARE = 0.5


@dataclass(slots=True)
class _Blob:
    size_bytes: int
    # Hardly any blob has a second key, and 200 000 sets take 30 MB more than tuples.
    keys: tuple[()] | tuple[str] | set[str]
    is_checked: bool = False

    def add(self, key: str) -> None:
        if isinstance(self.keys, set):
            self.keys.add(key)
        else:
            self.keys = {*self.keys, key}

    def remove(self, key: str) -> None:
        if isinstance(self.keys, set):
            self.keys.discard(key)
        elif key in self.keys:
            self.keys = ()


class Ledger:
    """Bytes stored, kept of what broke off, reserved and being deleted: together never more
    than the limit.

    Eviction goes from the limit (high water) down to 95 % of it (low water), so that a
    full cache does not evict for every image.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.stored_bytes = 0
        self.reserved_bytes = 0
        # Of bodies that broke off and are kept for a while (`partials`).
        self.partial_bytes = 0
        # Of files whose entries are gone and that are not unlinked yet.
        self.deleting_bytes = 0
        self.evicted_bytes = 0
        self.evicted_blobs = 0
        self.eviction = Eviction()
        self._handed_out = HandedOut()
        self._blobs: dict[str, _Blob] = {}
        self._digest_of: dict[str, str] = {}
        # Parent digest -> keys of what was derived from it, and the way back.
        self._derived: dict[str, set[str]] = {}
        self._parents: dict[str, tuple[str, ...]] = {}
        self._deleting: dict[str, int] = {}
        # Digest -> how many have it open; key -> Unix time until which it is pinned.
        self._holders: dict[str, int] = {}
        self._pins: dict[str, float] = {}

    @property
    def entries(self) -> int:
        return len(self._digest_of)

    @property
    def blobs(self) -> int:
        return len(self._blobs)

    def __contains__(self, key: object) -> bool:
        return key in self._digest_of

    def holds(self, digest: str) -> bool:
        return digest in self._blobs

    def digest_of(self, key: str) -> str | None:
        """The blob that answers a key."""
        return self._digest_of.get(key)

    def digests(self) -> set[str]:
        """Every blob."""
        return set(self._blobs)

    def add(
        self,
        key: str,
        digest: str,
        size_bytes: int,
        parents: tuple[str, ...] = (),
        standing: Standing | None = None,
    ) -> None:
        """Enter a key's blob; the key must not be held by another blob.

        Args:
            standing: where an earlier run left the blob; None is a new one.
        """
        blob = self._blobs.get(digest)
        if blob is None:
            self._blobs[digest] = _Blob(size_bytes, (key,))
            self.stored_bytes += size_bytes
            if standing is None:
                self.eviction.add(digest, size_bytes)
            else:
                self.eviction.restore(digest, size_bytes, standing)
        else:
            blob.add(key)
            if standing is None:
                self.eviction.touch(digest)
        self._digest_of[key] = digest
        if parents:
            self._parents[key] = parents
            for parent in parents:
                self._derived.setdefault(parent, set()).add(key)

    def remove(self, key: str) -> str | None:
        """Strike out a key; gives the digest of its blob when no other key holds it.

        Its bytes count as being deleted until `deleted` is called.
        """
        digest = self._digest_of.pop(key, None)
        for parent in set(self._parents.pop(key, ())):
            self._derived[parent].discard(key)
            if not self._derived[parent]:
                del self._derived[parent]
        if digest is None:
            return None
        blob = self._blobs[digest]
        blob.remove(key)
        if blob.keys:
            return None
        del self._blobs[digest]
        self.eviction.remove(digest)
        self.stored_bytes -= blob.size_bytes
        self.deleting_bytes += blob.size_bytes
        self._deleting[digest] = self._deleting.get(digest, 0) + blob.size_bytes
        return digest

    def deleted(self, digest: str) -> None:
        """The file of a blob that was struck out is gone, or another one's now."""
        self.deleting_bytes -= self._deleting.pop(digest, 0)

    # Who needs a blob

    def hold(self, digest: str) -> None:
        """Somebody has it open: it is not evicted until `let_go`."""
        self._holders[digest] = self._holders.get(digest, 0) + 1

    def let_go(self, digest: str) -> None:
        self._holders[digest] -= 1
        if not self._holders[digest]:
            del self._holders[digest]

    def hand_out(self, digest: str, until_seconds: float) -> None:
        """Somebody was told where it is, and has until a Unix time to open it."""
        if (blob := self._blobs.get(digest)) is not None:
            self._handed_out.add(digest, blob.size_bytes, until_seconds)

    def may_hand_out(self, digest: str, now_seconds: float) -> bool:
        """Whether it may be kept from eviction for that, with all that is already."""
        self._handed_out.forget_old(now_seconds)
        if self._handed_out.has(digest, now_seconds):
            return True
        blob = self._blobs.get(digest)
        limit_bytes = self.limit_bytes * _HANDED_OUT_SHARE
        return blob is not None and self._handed_out.size_bytes + blob.size_bytes <= limit_bytes

    @property
    def held_blobs(self) -> int:
        """How many blobs somebody has open."""
        return len(self._holders)

    def pin(self, key: str, until_seconds: float) -> None:
        """Keep what answers a key, now or later, until a Unix time."""
        self._pins[key] = until_seconds

    def unpin(self, key: str) -> bool:
        """Whether it was pinned."""
        return self._pins.pop(key, None) is not None

    def is_pinned(self, key: str, now_seconds: float) -> bool:
        return self._pins.get(key, float("-inf")) > now_seconds

    def expired_pins(self, now_seconds: float) -> list[str]:
        """The keys whose pins have run out."""
        return [key for key, until in self._pins.items() if until <= now_seconds]

    def pinned_bytes(self, now_seconds: float, and_keys: Iterable[str] = ()) -> int:
        """Bytes of the blobs that pinned keys hold; with these keys, if they were pinned too."""
        pinned = {key for key, until in self._pins.items() if until > now_seconds}
        digests = {self._digest_of.get(key) for key in pinned.union(and_keys)} - {None}
        return sum(self._blobs[digest].size_bytes for digest in digests if digest)

    def is_checked(self, digest: str) -> bool:
        """Whether the blob's bytes were seen to be right since the start."""
        blob = self._blobs.get(digest)
        return blob is not None and blob.is_checked

    def note_checked(self, digest: str) -> None:
        if (blob := self._blobs.get(digest)) is not None:
            blob.is_checked = True

    # What there is

    def keys_of(self, digest: str) -> set[str]:
        """The keys whose answer is this blob."""
        blob = self._blobs.get(digest)
        return set(blob.keys) if blob else set()

    def family(self, key: str) -> set[str]:
        """The key and those of everything derived from its blob, at any remove."""
        found: set[str] = set()
        pending = [key]
        while pending:
            current = pending.pop()
            if current in found or current not in self._digest_of:
                continue
            found.add(current)
            pending.extend(self._derived.get(self._digest_of[current], ()))
        return found

    def keys(self) -> set[str]:
        """Every key."""
        return set(self._digest_of)

    def bytes_of(self, keys: Iterable[str]) -> int:
        """Bytes of the blobs that only these keys hold."""
        wanted = set(keys)
        digests = {self._digest_of[key] for key in wanted if key in self._digest_of}
        return sum(
            self._blobs[digest].size_bytes
            for digest in digests
            if wanted.issuperset(self._blobs[digest].keys)
        )

    # Room

    def can_fit(self, size_bytes: int, free_bytes: int) -> bool:
        """Whether bytes could be reserved if everything stored were evicted.

        Args:
            free_bytes: what the disk may take besides what is stored; it lowers the limit,
                and is negative where stored blobs have to go.
        """
        return self.reserved_bytes + size_bytes <= self._limit(free_bytes)

    def fits(self, size_bytes: int, free_bytes: int) -> bool:
        """Whether they can be reserved now."""
        held_bytes = self.stored_bytes + self.partial_bytes + self.reserved_bytes
        return held_bytes + self.deleting_bytes + size_bytes <= self._limit(free_bytes)

    def reserve(self, size_bytes: int) -> None:
        """Set bytes aside before they are fetched."""
        self.reserved_bytes += size_bytes

    def release(self, size_bytes: int) -> None:
        """Give a reservation back: the bytes are stored now, or will not come."""
        self.reserved_bytes -= size_bytes

    def excess_bytes(self, free_bytes: int, wanted_bytes: int = 0) -> int:
        """How much has to go before these bytes fit; 0 or less where they do."""
        kept_bytes = self.stored_bytes + self.partial_bytes + self.reserved_bytes
        return kept_bytes + wanted_bytes - self._limit(free_bytes)

    def victims(self, free_bytes: int, wanted_bytes: int = 0, now_seconds: float = 0.0) -> set[str]:
        """The keys to evict now, in the order of `eviction`.

        What was derived from a blob goes with it: it is found through its source alone.
        Whatever is open, pinned or just handed out stays, and so does its source.

        Args:
            wanted_bytes: to be reserved when they are gone.
        """
        excess = self.excess_bytes(free_bytes, wanted_bytes)
        if excess <= 0:
            return set()
        target = excess + int(self._limit(free_bytes) * (1 - _LOW_WATER))
        chosen: set[str] = set()
        leaving = self.eviction.leaving()
        while target > 0 and (digest := next(leaving, None)) is not None:
            family = set().union(*map(self.family, self._blobs[digest].keys)) - chosen
            if any(self._is_needed(key, now_seconds) for key in family):
                continue
            target -= self.bytes_of(family)
            chosen |= family
        return chosen

    def _is_needed(self, key: str, now_seconds: float) -> bool:
        digest = self._digest_of[key]
        is_handed_out = self._handed_out.has(digest, now_seconds)
        return is_handed_out or digest in self._holders or self.is_pinned(key, now_seconds)

    def note_eviction(self, blobs: int, size_bytes: int) -> None:
        self.evicted_blobs += blobs
        self.evicted_bytes += size_bytes

    def _limit(self, free_bytes: int) -> int:
        on_disk_bytes = self.stored_bytes + self.partial_bytes + self.deleting_bytes
        return max(0, min(self.limit_bytes, on_disk_bytes + free_bytes))
