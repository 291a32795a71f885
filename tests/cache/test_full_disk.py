"""A real disk that is too small, and one that others fill. Mounting it takes root."""

import asyncio
import os
import random
import subprocess

import pytest
from tests.resolver.conftest import Answer, world_at

MIB = 2**20


def mount(*arguments):
    as_root = [] if os.geteuid() == 0 else ["sudo", "-n"]
    subprocess.run([*as_root, *arguments], check=True)


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 8 MiB. Needs root, or sudo without a password."""
    folder = tmp_path / "disk"
    folder.mkdir()
    owner = f"size=8m,mode=0700,uid={os.getuid()}"
    mount("mount", "-t", "tmpfs", "-o", owner, "tmpfs", str(folder))
    yield folder
    mount("umount", "-l", str(folder))


def image(number, size_bytes=700_000):
    return random.Random(number).randbytes(size_bytes)


async def load(world, number):
    data = image(number)
    loaded = await world.load(world.loader.serve(f"{number}", Answer(data)))
    assert loaded.data == data
    return loaded


def fill_up(folder):
    """Take every byte, as another program would."""
    path = folder / "somebody else's"
    with path.open("wb", buffering=0) as file:
        for size_bytes in (MIB, 4096, 1):
            try:
                while file.write(bytes(size_bytes)):
                    pass
            except OSError:
                continue
    return path


async def recovered(world):
    async with asyncio.timeout(20):
        await world.store.disk.recovered()


async def test_more_images_than_the_disk_holds_are_all_served_and_the_last_are_kept(small_disk):
    async with world_at(small_disk / "cache", probe_after_seconds=0.01) as world:
        for number in range(60):
            await load(world, number)
            await recovered(world)

        assert (await load(world, 60)).stored
        assert world.store.ledger.evicted_blobs > 20
        again = await world.load("x:60")
    assert (again.data, again.status) == (image(60), "hit")


async def test_a_disk_that_others_fill_costs_nobody_an_image_and_is_used_again_when_they_leave(
    small_disk,
):
    async with world_at(small_disk / "cache", probe_after_seconds=0.01) as world:
        others = fill_up(small_disk)

        passed = [await load(world, number) for number in range(1, 8)]

        others.unlink()
        await recovered(world)
        stored = await load(world, 100)

    assert not any(loaded.stored for loaded in passed)
    assert stored.stored


async def test_on_a_full_disk_deleting_still_works(small_disk):
    async with world_at(small_disk / "cache") as world:
        for number in range(4):
            await load(world, number)
        await world.store._upkeep.turn()
        assert world.store._contents.ballast.size_bytes > 0
        fill_up(small_disk)

        gone = await world.resolver.evict_all(count_only=False)

        assert gone.entries == 4
        assert world.blobs() == []
    async with world_at(small_disk / "cache") as world:
        assert world.store.ledger.entries == 0


async def test_the_ballast_is_taken_again_when_there_is_room(small_disk):
    async with world_at(small_disk / "cache") as world:
        await load(world, 0)
        await world.store._upkeep.turn()
        ballast = world.store._contents.ballast
        ballast.drop()
        others = fill_up(small_disk)
        await world.store._upkeep.turn()
        assert ballast.size_bytes == 0

        others.unlink()
        await world.store._upkeep.turn()

        assert ballast.size_bytes > 0
