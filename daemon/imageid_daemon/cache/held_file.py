"""A stored blob that somebody has open: it is not evicted meanwhile."""

from __future__ import annotations

import os

from imageid_daemon.cache.ledger import Ledger


class HeldFile:
    """Takes over a descriptor, and a hold on its blob; close it exactly once."""

    def __init__(self, descriptor: int, digest: str, ledger: Ledger) -> None:
        self.descriptor = descriptor
        self._digest = digest
        self._ledger = ledger

    def duplicate(self) -> HeldFile:
        """The same file, held by somebody else too."""
        descriptor = os.dup(self.descriptor)
        self._ledger.hold(self._digest)
        return HeldFile(descriptor, self._digest, self._ledger)

    def close(self) -> None:
        os.close(self.descriptor)
        self._ledger.let_go(self._digest)
