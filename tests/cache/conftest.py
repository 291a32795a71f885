"""Stores over one directory, opened and left as a daemon does, or as one that was killed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from imageid_daemon.cache import Entry, Store
from imageid_daemon.config import MinFree


@dataclass
class Disk:
    """A cache directory."""

    directory: Path
    corrupt: list[None] = field(default_factory=list)

    def store(
        self,
        *,
        limit_bytes: int = 2**30,
        min_free: MinFree | None = None,
        durable: bool = False,
        **settings: Any,
    ) -> Store:
        return Store(
            self.directory,
            limit_bytes=limit_bytes,
            min_free=min_free or MinFree(amount_bytes=0),
            durable=durable,
            on_corrupt=lambda: self.corrupt.append(None),
            **settings,
        )

    @asynccontextmanager
    async def opened(self, **settings: object) -> AsyncIterator[Store]:
        store = self.store(**settings)  # type: ignore[arg-type]
        await store.open()
        yield store
        await store.close()

    @asynccontextmanager
    async def opened_and_killed(self) -> AsyncIterator[Store]:
        """Nothing that a clean stop does is done: only the index's thread ends."""
        store = self.store()
        await store.open()
        yield store
        await store.removed()
        for task in (store._upkeep._sweeping, store._upkeep._turning):
            task.cancel()
        await store._contents.index.close()

    def blobs(self) -> list[Path]:
        return list((self.directory / "blobs").glob("*/*"))

    def quarantined(self) -> list[Path]:
        return list((self.directory / "quarantine").iterdir())


async def keep(store: Store, key: str, data: bytes, *parents: str) -> Entry:
    """Store a body as a fill does."""
    spool = store.new_spool_path()
    spool.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    entry = Entry(key, digest, len(data), "image/png", response_seconds=1.0, parents=parents)
    reservation = store.reservation()
    assert await reservation.grow(len(data))
    await store.commit(spool, entry, reservation)
    return entry


async def read(store: Store, key: str) -> bytes | None:
    """What the store gives for a key; None for nothing."""
    entry = await store.find(key)
    file = None if entry is None else await store.open_blob(entry)
    if file is None or entry is None:
        return None
    data = os.pread(file.descriptor, entry.size_bytes + 1, 0)
    file.close()
    return data


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    directory = tmp_path / "cache"
    directory.mkdir(mode=0o700)
    return Disk(directory)
