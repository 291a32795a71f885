"""Child: one decoding for each call on the cache's files that takes part in it, which then fails.

    python -m disk_faults.every_decode CACHE ERRNO reads|changes [lasting]

The calls are those of the daemon and of its workers together. Whatever fails, the caller gets its
pixels, and afterwards they are stored again. Prints how many calls failed.
"""

from __future__ import annotations

import asyncio
import errno
import shutil
import sys
from pathlib import Path

from pydicom import dcmread
from pydicom.data import get_testdata_file
from tests.resolver.conftest import Answer, World, pool_of_two, world_at

from disk_faults import Faults
from disk_faults.every_read import load
from imageid_daemon.pixels import PixelsOptions
from imageid_daemon.workers import Pool

CT = Path(get_testdata_file("CT_small.dcm", download=False))
PIXELS = PixelsOptions()


async def live(
    cache: Path, pool: Pool, faults: Faults, at: int, error: int, *, lasting: bool
) -> bool:
    """One decoding; whether it took as many calls."""
    faults.stop()
    shutil.rmtree(cache, ignore_errors=True)
    async with world_at(cache, pool=pool, probe_after_seconds=0.001) as world:
        image_id = world.loader.serve("ct", Answer(CT.read_bytes()))
        await world.load(image_id)
        faults.fail(at, error, from_then_on=lasting)
        samples = await load(world, image_id, PIXELS)
        reached = faults.calls >= at
        faults.stop()
        assert samples == dcmread(CT).pixel_array.tobytes(), f"call {at}"
        await has_recovered(world, image_id, samples, at)
    return reached


async def has_recovered(world: World, image_id: str, samples: bytes, at: int) -> None:
    async with asyncio.timeout(20):
        await world.store.disk.recovered()
    await world.load(image_id, PIXELS)
    again = await world.load(image_id, PIXELS)
    assert (again.data, again.status) == (samples, "hit"), f"call {at}"
    ledger = world.store.ledger
    assert (ledger.reserved_bytes, ledger.held_blobs) == (0, 0), f"call {at}"


async def lives(cache: Path, faults: Faults, error: int, *, lasting: bool) -> int:
    at = 1
    async with pool_of_two() as pool:
        while await live(cache, pool, faults, at, error, lasting=lasting):
            at += 1
    return at - 1


def main() -> None:
    cache, error = Path(sys.argv[1]), getattr(errno, sys.argv[2])
    faults = Faults(cache, reads=sys.argv[3] == "reads")
    print(asyncio.run(lives(cache, faults, error, lasting=len(sys.argv) > 4)))


if __name__ == "__main__":
    main()
