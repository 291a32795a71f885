"""What is stored at the same time is written at the same time.

Each write of the index is a transaction, and each way to a thread and back takes longer
than what is done there. So entries that come while others are being written go together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from imageid_daemon.cache.contents import Contents, Publication


class Reserved(Protocol):
    """Bytes set aside for a blob."""

    def release(self) -> None: ...


@dataclass(slots=True, eq=False)
class _Waiting:
    publication: Publication
    reservation: Reserved
    is_settled: bool = False
    error: OSError | None = field(default=None)


class Commits:
    def __init__(self, contents: Contents) -> None:
        self._contents = contents
        self._waiting: list[_Waiting] = []

    async def commit(self, publication: Publication, reservation: Reserved) -> None:
        """Publish a complete spool, and enter it in index and books.

        To be carried out to its end: others may wait for it.

        Raises:
            OSError: the disk does not take it; nothing is stored.
        """
        own = _Waiting(publication, reservation)
        self._waiting.append(own)
        async with self._contents.mutation:
            # Whoever was here before may have done it.
            while not own.is_settled:
                await self._write_together()
        if own.error is not None:
            raise own.error

    async def _write_together(self) -> None:
        together = _together(self._waiting)
        self._waiting = [each for each in self._waiting if each not in together]
        errors = await self._contents.add([each.publication for each in together])
        for each, error in zip(together, errors, strict=True):
            each.error, each.is_settled = error, True
            if error is None:
                each.reservation.release()
                await self._contents.enter(each.publication.entry)


def _together(waiting: Sequence[_Waiting]) -> list[_Waiting]:
    """The first ones, without those that have to see another one stored before."""
    seen: set[str] = set()
    together = []
    for each in waiting:
        entry = each.publication.entry
        if seen.isdisjoint((entry.key, entry.digest)):
            together.append(each)
        seen |= {entry.key, entry.digest}
    return together
