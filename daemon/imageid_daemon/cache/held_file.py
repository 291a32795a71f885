"""A stored blob that somebody has open: it is not evicted meanwhile."""

from __future__ import annotations

import os
from collections.abc import Callable

from imageid_daemon.cache.ledger import Ledger


class HeldFile:
    """Takes over a descriptor, and a hold on its blob; close it exactly once.

    Args:
        on_unreadable: told the digest of a blob that could not be read.
    """

    def __init__(
        self,
        descriptor: int,
        digest: str,
        ledger: Ledger,
        on_unreadable: Callable[[str], None],
    ) -> None:
        self.descriptor = descriptor
        self._on_unreadable = on_unreadable
        self._digest = digest
        self._ledger = ledger

    def duplicate(self) -> HeldFile:
        """The same file, held by somebody else too."""
        descriptor = os.dup(self.descriptor)
        self._ledger.hold(self._digest)
        return HeldFile(descriptor, self._digest, self._ledger, self._on_unreadable)

    def give_up(self) -> None:
        """It cannot be read: whoever opens it next looks at all of it first."""
        self._on_unreadable(self._digest)

    def close(self) -> None:
        os.close(self.descriptor)
        self._ledger.let_go(self._digest)
