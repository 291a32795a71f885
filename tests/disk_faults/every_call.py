"""Child: one life of a cache for each of its calls on the disk, which then fails.

    python -m disk_faults.every_call CACHE ERRNO [lasting]

A life opens the store, fills it, makes it evict, removes and stops. Whatever fails, every
caller gets its image, and afterwards images are stored again. Prints how many calls failed.
"""

from __future__ import annotations

import asyncio
import errno
import shutil
import sys
from pathlib import Path

from tests.resolver.conftest import Answer, World, world_at

from disk_faults import Faults

IMAGES = {name: (name * 90_000)[:90_000].encode() for name in ("a", "b", "c", "d")}


async def live(cache: Path, faults: Faults, at: int, error: int, *, lasting: bool) -> bool:
    """One life; whether it lasted as long as to the `at`-th call."""
    shutil.rmtree(cache, ignore_errors=True)
    cache.mkdir()
    faults.fail(at, error, from_then_on=lasting)
    async with world_at(
        cache, limit_bytes=300_000, probe_after_seconds=0.001, decodes=False
    ) as world:
        for name, data in IMAGES.items():
            loaded = await world.load(world.loader.serve(name, Answer(data)))
            assert loaded.data == data, f"call {at}"
        await world.resolver.evict(["x:d"], count_only=False)
        await world.store._upkeep.turn()
        reached = faults.calls >= at
        faults.stop()
        await has_recovered(world, at)
        faults.fail(max(1, at - faults.calls), error, from_then_on=lasting)
    faults.stop()
    return reached


async def has_recovered(world: World, at: int) -> None:
    async with asyncio.timeout(20):
        await world.store.disk.recovered()
    image_id = world.loader.serve(f"after {at}", Answer(b"afterwards"))
    assert (await world.load(image_id)).stored, f"call {at}"
    assert (await world.load(image_id)).status == "hit", f"call {at}"
    ledger = world.store.ledger
    assert (ledger.reserved_bytes, ledger.held_blobs) == (0, 0), f"call {at}"


def main() -> None:
    cache, error, lasting = Path(sys.argv[1]), getattr(errno, sys.argv[2]), len(sys.argv) > 3
    faults, at = Faults(cache), 1
    while asyncio.run(live(cache, faults, at, error, lasting=lasting)):
        at += 1
    print(at - 1)


if __name__ == "__main__":
    main()
