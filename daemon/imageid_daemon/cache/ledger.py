"""The cache's books: which entry holds which blob, how many bytes, and what goes first.

No I/O; the store carries out what the ledger decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from imageid_daemon.cache.eviction import Eviction, Standing

_LOW_WATER = 0.95


@dataclass(slots=True)
class _Blob:
    size_bytes: int
    keys: set[str] = field(default_factory=set)


class Ledger:
    """Bytes stored and reserved against a limit.

    Eviction goes from the limit (high water) down to 95 % of it (low water), so that a
    full cache does not evict for every image.
    """

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        self.stored_bytes = 0
        self.reserved_bytes = 0
        self.evicted_bytes = 0
        self.evicted_blobs = 0
        self.eviction = Eviction()
        self._blobs: dict[str, _Blob] = {}
        self._digest_of: dict[str, str] = {}
        # Parent digest -> keys of what was derived from it, and the way back.
        self._derived: dict[str, set[str]] = {}
        self._parents: dict[str, tuple[str, ...]] = {}

    @property
    def entries(self) -> int:
        return len(self._digest_of)

    @property
    def blobs(self) -> int:
        return len(self._blobs)

    def __contains__(self, key: str) -> bool:
        return key in self._digest_of

    def holds(self, digest: str) -> bool:
        return digest in self._blobs

    def digests(self) -> set[str]:
        """Every blob."""
        return set(self._blobs)

    def add(
        self,
        key: str,
        digest: str,
        size_bytes: int,
        parents: Iterable[str] = (),
        standing: Standing | None = None,
    ) -> None:
        """Enter a key's blob; the key must not be held by another blob.

        Args:
            standing: where an earlier run left the blob; None is a new one.
        """
        blob = self._blobs.get(digest)
        if blob is None:
            blob = self._blobs[digest] = _Blob(size_bytes)
            self.stored_bytes += size_bytes
            if standing is None:
                self.eviction.add(digest, size_bytes)
            else:
                self.eviction.restore(digest, size_bytes, standing)
        elif standing is None:
            self.eviction.touch(digest)
        blob.keys.add(key)
        self._digest_of[key] = digest
        if parents := tuple(parents):
            self._parents[key] = parents
        for parent in parents:
            self._derived.setdefault(parent, set()).add(key)

    def remove(self, key: str) -> str | None:
        """Strike out a key; gives the digest of its blob when no other key holds it."""
        digest = self._digest_of.pop(key, None)
        for parent in set(self._parents.pop(key, ())):
            self._derived[parent].discard(key)
            if not self._derived[parent]:
                del self._derived[parent]
        if digest is None:
            return None
        blob = self._blobs[digest]
        blob.keys.discard(key)
        if blob.keys:
            return None
        del self._blobs[digest]
        self.eviction.remove(digest)
        self.stored_bytes -= blob.size_bytes
        return digest

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
            if self._blobs[digest].keys <= wanted
        )

    def reserve(self, size_bytes: int, free_bytes: int) -> bool:
        """Set bytes aside before they are fetched.

        Args:
            free_bytes: what the disk may take besides what is stored; it lowers the limit,
                and is negative where stored blobs have to go.

        Returns:
            False when they can never fit, however much is evicted.
        """
        if self.reserved_bytes + size_bytes > self._limit(free_bytes):
            return False
        self.reserved_bytes += size_bytes
        return True

    def release(self, size_bytes: int) -> None:
        """Give a reservation back: the bytes are stored now, or will not come."""
        self.reserved_bytes -= size_bytes

    def victims(self, free_bytes: int) -> set[str]:
        """The keys to evict now, in the order of `eviction`.

        What was derived from a blob goes with it: it is found through its source alone.
        """
        limit = self._limit(free_bytes)
        excess = self.stored_bytes + self.reserved_bytes - limit
        if excess <= 0:
            return set()
        target = excess + int(limit * (1 - _LOW_WATER))
        chosen: set[str] = set()
        leaving = self.eviction.leaving()
        while target > 0 and (digest := next(leaving, None)) is not None:
            families = set().union(*map(self.family, self._blobs[digest].keys)) - chosen
            target -= self.bytes_of(families)
            chosen |= families
        return chosen

    def note_eviction(self, blobs: int, size_bytes: int) -> None:
        self.evicted_blobs += blobs
        self.evicted_bytes += size_bytes

    def _limit(self, free_bytes: int) -> int:
        return max(0, min(self.limit_bytes, self.stored_bytes + free_bytes))
