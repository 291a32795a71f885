"""Unlinks blobs behind everybody's back; until then their bytes count.

One at a time, in batches: several unlinking at once are slower on most file systems.
"""

from __future__ import annotations

import asyncio
import itertools

from imageid_daemon.cache.blobs import Blobs
from imageid_daemon.cache.facts import Facts
from imageid_daemon.cache.ledger import Ledger

_BATCH = 64


class Remover:
    """Args:
    mutation: held while files go, so that none of them is published anew meanwhile.
    """

    def __init__(self, ledger: Ledger, blobs: Blobs, facts: Facts, mutation: asyncio.Lock) -> None:
        self._ledger = ledger
        self._blobs = blobs
        self._facts = facts
        self._mutation = mutation
        self._waiting: dict[str, None] = {}
        self._running: asyncio.Task[None] | None = None

    def add(self, digests: list[str]) -> None:
        """Remove the files of blobs that the ledger has struck out."""
        self._waiting |= dict.fromkeys(digests)
        if self._waiting and (self._running is None or self._running.done()):
            self._running = asyncio.create_task(self._remove_all())

    async def drained(self) -> None:
        """Wait until nothing is left to remove. Not to be called by who holds `mutation`."""
        while self._running is not None and not self._running.done():
            await asyncio.wait([self._running])

    async def _remove_all(self) -> None:
        while self._waiting:
            async with self._mutation:
                batch = list(itertools.islice(self._waiting, _BATCH))
                # Published anew since: the name is another file's.
                gone = [digest for digest in batch if not self._ledger.holds(digest)]
                await asyncio.to_thread(self._unlink, gone)
                for digest in batch:
                    del self._waiting[digest]
                    self._ledger.deleted(digest)

    def _unlink(self, digests: list[str]) -> None:
        self._blobs.unlink(*digests)
        self._facts.remove(*digests)
