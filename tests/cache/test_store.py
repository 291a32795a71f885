"""The disk cache: what is stored is served whole, or not at all."""

import os
import stat
from pathlib import Path

import pytest
from tests.cache.conftest import keep, read

from imageid_daemon.config import MinFree


def alter(blob, data):
    blob.chmod(0o600)
    blob.write_bytes(data)


async def test_what_was_kept_is_found_and_read(disk):
    async with disk.opened() as store:
        entry = await keep(store, "a", b"body")

        assert await store.find("a") == entry
        assert await read(store, "a") == b"body"
        assert await store.find("b") is None


async def test_equal_bodies_are_one_blob(disk):
    async with disk.opened() as store:
        await keep(store, "a", b"body")
        await keep(store, "b", b"body")

        assert len(disk.blobs()) == 1
        await store.forget(["a"])
        assert await read(store, "b") == b"body"
        await store.forget(["b"])
        assert disk.blobs() == []


async def test_a_key_kept_anew_lets_its_old_blob_go(disk):
    async with disk.opened() as store:
        await keep(store, "a", b"old")
        await keep(store, "a", b"newer")

        assert await read(store, "a") == b"newer"
        await store.removed()
        assert (len(disk.blobs()), store.ledger.stored_bytes) == (1, 5)


async def test_everything_is_there_after_a_restart(disk):
    async with disk.opened() as store:
        await keep(store, "a", b"body")
        await keep(store, "b", b"derived", (await store.find("a")).digest)

    async with disk.opened() as store:
        assert await read(store, "a") == b"body"
        assert store.ledger.stored_bytes == 11
        assert store.ledger.family("a") == {"a", "b"}


async def test_everything_is_there_after_a_kill(disk):
    async with disk.opened_and_killed() as store:
        await keep(store, "a", b"body")

    async with disk.opened() as store:
        assert await read(store, "a") == b"body"
    assert disk.corrupt == []


async def test_the_order_of_use_is_there_after_a_restart(disk):
    async with disk.opened() as store:
        for key in "abc":
            await keep(store, key, key.encode() * 100)
        store.note_use(await store.find("a"))

    async with disk.opened(limit_bytes=200) as store:
        assert [await read(store, key) is not None for key in "abc"] == [True, False, False]


async def test_a_blob_that_was_not_flushed_before_a_kill_is_checked_on_its_first_read(disk):
    async with disk.opened_and_killed() as store:
        await keep(store, "a", b"body")
    alter(disk.blobs()[0], b"b0dy")

    async with disk.opened() as store:
        assert await read(store, "a") is None
        assert (len(disk.corrupt), len(disk.quarantined()), disk.blobs()) == (1, 1, [])
        assert await store.find("a") is None


async def test_what_was_flushed_is_not_checked_again(disk):
    async with disk.opened_and_killed() as store:
        await keep(store, "a", b"body")
        await store.flush()

    async with disk.opened() as store:
        assert store._contents.suspect == set()


async def test_a_durable_store_flushes_before_it_counts_as_stored(disk):
    async with disk.opened(durable=True) as store:
        await keep(store, "a", b"body")

        assert store._contents.unflushed == {}
        assert await read(store, "a") == b"body"


@pytest.mark.parametrize("data", [b"", b"bod", b"body and more"])
async def test_a_blob_of_another_length_is_never_served(disk, data):
    async with disk.opened() as store:
        await keep(store, "a", b"body")
        alter(disk.blobs()[0], data)

        assert await read(store, "a") is None
        assert (len(disk.corrupt), len(disk.quarantined())) == (1, 1)
        assert store.ledger.stored_bytes == 0


async def test_a_blob_that_somebody_deleted_is_forgotten(disk):
    async with disk.opened() as store:
        await keep(store, "a", b"body")
        disk.blobs()[0].unlink()

        assert await read(store, "a") is None
        assert (await store.find("a"), store.ledger.stored_bytes) == (None, 0)


async def test_a_symbolic_link_in_a_blobs_place_is_not_followed(disk, tmp_path):
    outside = tmp_path / "outside"
    outside.write_bytes(b"evil")
    async with disk.opened() as store:
        await keep(store, "a", b"body")
        (blob,) = disk.blobs()
        blob.unlink()
        blob.symlink_to(outside)

        assert await read(store, "a") is None
    assert outside.read_bytes() == b"evil"


async def test_a_damaged_index_is_set_aside_and_rebuilt_from_the_blobs(disk):
    async with disk.opened() as store:
        await keep(store, "a", b"body")
    (disk.directory / "index" / "cache.db").write_bytes(b"damaged" * 1000)

    async with disk.opened() as store:
        assert await read(store, "a") == b"body"
        await keep(store, "b", b"other")
        assert await read(store, "b") == b"other"
    assert list(disk.directory.glob("index-damaged-*"))


async def test_leftovers_of_a_killed_daemon_are_swept(disk):
    async with disk.opened_and_killed() as store:
        await keep(store, "a", b"body")
        store.new_spool_path().write_bytes(b"half")
        orphan = disk.directory / "blobs" / "ab" / ("ab" * 32)
        orphan.parent.mkdir(exist_ok=True)
        orphan.write_bytes(b"orphan")

    async with disk.opened() as store:
        await store.swept()
        assert list((disk.directory / "spool").iterdir()) == []
        assert not orphan.exists()
        assert await read(store, "a") == b"body"


async def test_what_was_used_least_recently_makes_room(disk):
    async with disk.opened(limit_bytes=1000) as store:
        for key in "abc":
            await keep(store, key, key.encode() * 300)
        store.note_use(await store.find("a"))

        await keep(store, "d", b"d" * 300)

        assert [await read(store, key) is not None for key in "abcd"] == [True, False, True, True]
        assert (store.ledger.evicted_blobs, store.ledger.evicted_bytes) == (1, 300)
        assert len(disk.blobs()) == 3


async def test_what_was_just_handed_out_does_not_make_room(disk):
    async with disk.opened(limit_bytes=1000) as store:
        handed_out = await keep(store, "a", bytes(500))
        path = Path(store.hand_out(handed_out))

        assert not await store.reservation().grow(600)

        assert path.read_bytes() == bytes(500)


async def test_what_half_of_the_cache_would_have_to_stay_for_is_not_handed_out(disk):
    async with disk.opened(limit_bytes=1000) as store:
        first, second = await keep(store, "a", b"a" * 300), await keep(store, "b", b"b" * 300)

        assert store.hand_out(first) is not None
        assert store.hand_out_at_once(first)
        assert store.hand_out(second) is None
        assert not store.hand_out_at_once(second)


async def test_what_is_stored_no_longer_is_not_handed_out(disk):
    async with disk.opened() as store:
        entry = await keep(store, "a", b"body")
        await store.forget(["a"])

        assert store.hand_out(entry) is None


async def test_what_is_larger_than_the_cache_is_refused_and_evicts_nothing(disk):
    async with disk.opened(limit_bytes=1000) as store:
        await keep(store, "a", b"a" * 300)

        assert not await store.reservation().grow(2000)
        assert await read(store, "a") is not None


async def test_the_disk_is_left_the_room_that_was_asked_for(disk):
    async with disk.opened(min_free=MinFree(percent=100)) as store:
        assert not await store.reservation().grow(1)


async def test_a_reader_reads_on_after_the_eviction_of_its_blob(disk):
    async with disk.opened() as store:
        entry = await keep(store, "a", b"body")
        file = await store.open_blob(entry)

        await store.forget(["a"])

        assert disk.blobs() == []
        assert os.pread(file.descriptor, 10, 0) == b"body"
        file.close()


async def test_files_are_their_owners_alone_and_blobs_are_read_only(disk):
    async with disk.opened() as store:
        await keep(store, "a", b"body")

        assert stat.S_IMODE(disk.blobs()[0].stat().st_mode) == 0o400
        for folder in ("blobs", "spool", "quarantine", "index"):
            assert stat.S_IMODE((disk.directory / folder).stat().st_mode) == 0o700


async def test_a_commit_that_the_disk_refuses_stores_nothing(disk):
    async with disk.opened() as store:
        (disk.directory / "blobs").rename(disk.directory / "gone")

        with pytest.raises(OSError):
            await keep(store, "a", b"body")
        (disk.directory / "gone").rename(disk.directory / "blobs")
        assert (await store.find("a"), store.ledger.stored_bytes) == (None, 0)
