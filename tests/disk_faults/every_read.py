"""Child: one life of a filled cache for each call that reads its files, which then fails.

    python -m disk_faults.every_read CACHE ERRNO [lasting]

A life opens a store with images in it, loads them from it, looks at what it has and walks over
it. Whatever cannot be read, every caller gets its image, and afterwards images are served from
the cache again. Prints how many calls failed.
"""

from __future__ import annotations

import asyncio
import errno
import shutil
import sys
from contextlib import AbstractAsyncContextManager, aclosing
from pathlib import Path

from tests.resolver.conftest import Answer, World, demand_of, world_at

from disk_faults import Faults
from imageid_daemon import resolver
from imageid_daemon.resolver import Output
from imageid_daemon.service.reading_on import reading_on

# Of one part, of several, and one that is read in several pieces.
IMAGES = {name: (name * size)[:size].encode() for name, size in (("a", 700), ("b", 90_000))}
IMAGES["c"] = bytes(range(251)) * 12_000


async def fill(cache: Path) -> None:
    shutil.rmtree(cache, ignore_errors=True)
    cache.mkdir()
    async with world_at(cache, decodes=False) as world:
        for name, data in IMAGES.items():
            assert (await world.load(served(world, name))).data == data


def served(world: World, name: str) -> str:
    return world.loader.serve(name, Answer(IMAGES[name]))


async def load(world: World, image_id: str, output: Output = None) -> bytes:
    """As the service reads, which goes on where a stored body could not be read to its end."""

    def ask() -> AbstractAsyncContextManager[resolver.Answer]:
        return world.resolver.load(image_id, output, demand_of())

    data = b""
    async with ask() as answer:
        entry = await answer.whole()
        async with reading_on(answer, ask) as read:
            while len(data) < entry.size_bytes:
                data += (await read(len(data), 2**20)).data
    return data


async def live(cache: Path, faults: Faults, at: int, error: int, *, lasting: bool) -> bool:
    """One life; whether it lasted as long as to the `at`-th call."""
    faults.stop()
    await fill(cache)
    faults.fail(at, error, from_then_on=lasting)
    async with world_at(cache, probe_after_seconds=0.001, decodes=False) as world:
        for name, data in IMAGES.items():
            assert await load(world, served(world, name)) == data, f"call {at}, {name}"
            await world.stat(f"x:{name}")
        async with aclosing(world.store.verify()) as walk:
            progress = [each async for each in walk][-1]
        # What a broken disk does not give is as good as damaged; too many open files say nothing.
        assert progress.damaged_blobs == 0 or error == errno.EIO, f"call {at}"
        reached = faults.calls >= at
        faults.stop()
        await has_recovered(world, at)
    return reached


async def has_recovered(world: World, at: int) -> None:
    async with asyncio.timeout(20):
        await world.store.disk.recovered()
    for name, data in IMAGES.items():
        await world.load(served(world, name))
        again = await world.load(f"x:{name}")
        assert (again.data, again.status) == (data, "hit"), f"call {at}, {name}"
    ledger = world.store.ledger
    assert (ledger.reserved_bytes, ledger.held_blobs) == (0, 0), f"call {at}"


def main() -> None:
    cache, error, lasting = Path(sys.argv[1]), getattr(errno, sys.argv[2]), len(sys.argv) > 3
    faults, at = Faults(cache, reads=True), 1
    while asyncio.run(live(cache, faults, at, error, lasting=lasting)):
        at += 1
    print(at - 1)


if __name__ == "__main__":
    main()
