"""What becomes of stored images where the disk, or somebody on it, does not play along."""

import asyncio
import hashlib
import shutil
import stat

import pytest
from tests.cache.conftest import Disk, keep, read

from descriptors import open_files
from imageid_daemon.cache import Entry
from imageid_daemon.cache.index import Row
from imageid_daemon.config import MinFree
from turns import until


def alter(blob, data):
    blob.chmod(0o600)
    blob.write_bytes(data)


def power_cut(disk, tmp_path):
    """The disk as it is at this moment, under a daemon that goes on running."""
    directory = tmp_path / "after-the-power-cut"
    shutil.copytree(disk.directory, directory)
    return Disk(directory)


async def test_after_a_power_cut_a_good_blob_is_served(disk, tmp_path):
    async with disk.opened() as store:
        await keep(store, "a", b"body")
        found = power_cut(disk, tmp_path)

    async with found.opened() as store:
        assert await read(store, "a") == b"body"
        assert await read(store, "a") == b"body"
    assert found.corrupt == []


@pytest.mark.parametrize("data", [b"", b"bod", b"b0dy", b"\0\0\0\0"])
async def test_after_a_power_cut_a_torn_blob_is_not_served(disk, tmp_path, data):
    async with disk.opened() as store:
        await keep(store, "a", b"body")
        found = power_cut(disk, tmp_path)
    alter(found.blobs()[0], data)

    async with found.opened() as store:
        assert await read(store, "a") is None
        (bad,) = found.quarantined()
        assert bad.read_bytes() == data
    assert (len(found.corrupt), found.blobs()) == (1, [])


async def test_a_blob_that_was_never_checked_stays_unchecked_through_a_second_power_cut(
    disk, tmp_path
):
    async with disk.opened() as store:
        await keep(store, "a", b"body")
        found = power_cut(disk, tmp_path)
    async with found.opened():
        pass  # a clean stop does not vouch for what another boot published
    alter(found.blobs()[0], b"b0dy")

    async with found.opened() as store:
        assert await read(store, "a") is None


async def test_after_a_power_cut_a_durable_store_has_nothing_left_to_check(disk, tmp_path):
    async with disk.opened(durable=True) as store:
        await keep(store, "a", b"body")
        found = power_cut(disk, tmp_path)

    async with found.opened() as store:
        assert store._contents.suspect == set()
        assert await read(store, "a") == b"body"


async def test_a_bad_blob_is_reported_once_however_many_ask_for_it(disk):
    async with disk.opened() as store:
        entry = await keep(store, "a", b"body")
        alter(disk.blobs()[0], b"bod")

        assert await asyncio.gather(*(store.open_blob(entry) for _ in range(8))) == [None] * 8
        assert await store.open_blob(entry) is None

    assert (len(disk.corrupt), len(disk.quarantined())) == (1, 1)


async def test_a_bad_blob_is_forgotten_by_every_key_that_held_it(disk):
    async with disk.opened() as store:
        await keep(store, "a", b"body")
        await keep(store, "b", b"body")
        await keep(store, "c", b"other")
        alter(disk.directory / "blobs" / digest(b"body")[:2] / digest(b"body"), b"")

        assert await read(store, "a") is None

        assert store.ledger.keys() == {"c"}
        assert await read(store, "c") == b"other"


async def test_an_image_fetched_again_after_damage_is_served(disk):
    async with disk.opened() as store:
        await keep(store, "a", b"body")
        alter(disk.blobs()[0], b"b")
        assert await read(store, "a") is None

        await keep(store, "a", b"body")

        assert await read(store, "a") == b"body"
    assert len(disk.corrupt) == 1


async def test_a_missing_blob_is_still_missing_after_a_restart(disk):
    async with disk.opened() as store:
        await keep(store, "a", b"body")
        disk.blobs()[0].unlink()
        assert await read(store, "a") is None

    async with disk.opened() as store:
        assert await store.find("a") is None
        assert store.ledger.stored_bytes == 0


async def test_a_disk_that_takes_no_index_keeps_nothing_and_fails_nobody(disk):
    (disk.directory / "index").write_text("not a folder")

    async with disk.opened() as store:
        assert not await store.reservation().grow(1)
        assert await store.find("a") is None
    assert (disk.directory / "index").read_text() == "not a folder"


async def test_rows_that_are_no_entries_hide_no_entry(disk):
    async with disk.opened() as store:
        await keep(store, "a", b"body")
    async with disk.opened() as store:
        await store._contents.index.write(put=[Row(f"entry:{n}", b"\xc1") for n in range(3)])

    async with disk.opened() as store:
        assert await read(store, "a") == b"body"
        assert store.ledger.keys() == {"a"}


async def test_blobs_of_a_damaged_index_without_facts_are_swept_and_the_new_one_lasts(disk):
    async with disk.opened() as store:
        await keep(store, "a", b"body")
    (disk.directory / "index" / "cache.db").write_bytes(b"damaged" * 1000)
    shutil.rmtree(disk.directory / "facts")

    async with disk.opened() as store:
        await store.swept()
        assert disk.blobs() == []
        await keep(store, "b", b"other")
    async with disk.opened() as store:
        assert store.ledger.keys() == {"b"}
        assert await read(store, "b") == b"other"


async def test_the_sweep_leaves_this_boots_spools_and_blobs(disk):
    async with disk.opened() as store:
        growing = store.new_spool_path()
        growing.write_bytes(b"half")
        await keep(store, "a", b"body")

        await store.swept()

        assert growing.read_bytes() == b"half"
        assert await read(store, "a") == b"body"


async def test_a_limit_that_was_lowered_holds_from_the_next_start(disk):
    async with disk.opened() as store:
        for number in range(10):
            await keep(store, f"{number}", bytes([number]) * 100)

    async with disk.opened(limit_bytes=500) as store:
        assert store.ledger.stored_bytes <= 0.95 * 500
        assert store.ledger.keys() == {"6", "7", "8", "9"}
    assert len(disk.blobs()) == 4


async def test_a_full_cache_makes_room_down_to_the_low_water_mark(disk):
    async with disk.opened(limit_bytes=1000) as store:
        for number in range(10):
            await keep(store, f"{number}", bytes([number]) * 100)
        assert len(disk.blobs()) == 10

        await keep(store, "10", b"x" * 100)

        # 100 to come and 50 down to the mark.
        assert not {"0", "1"} & store.ledger.keys()
        assert len(store.ledger.keys()) == len(disk.blobs()) == 9
        assert (store.ledger.evicted_blobs, store.ledger.evicted_bytes) == (2, 200)


async def test_a_disk_with_less_free_than_asked_for_gets_all_of_it_back(disk):
    async with disk.opened() as store:
        await keep(store, "a", b"body")

    async with disk.opened(min_free=MinFree(amount_bytes=2**62)) as store:
        assert store.ledger.entries == 0
    assert disk.blobs() == []


async def test_a_reservation_beyond_what_the_disk_may_take_is_refused(disk):
    free = shutil.disk_usage(disk.directory).free
    # Others write to this disk too, but hardly so much meanwhile.
    some_bytes = free // 4
    async with disk.opened(
        limit_bytes=2**62, min_free=MinFree(amount_bytes=free - some_bytes)
    ) as store:
        assert not await store.reservation().grow(3 * some_bytes)

        small = store.reservation()
        assert await small.grow(1024)
        small.release()
        assert store.ledger.reserved_bytes == 0


async def test_a_refused_reservation_holds_nothing(disk):
    async with disk.opened(limit_bytes=1000) as store:
        reservation = store.reservation()
        assert await reservation.grow(600)

        assert not await reservation.grow(600)

        assert (reservation.size_bytes, store.ledger.reserved_bytes) == (600, 600)
        reservation.release()
        assert store.ledger.reserved_bytes == 0


async def test_a_commit_without_its_spool_stores_nothing_and_keeps_the_reservation(disk):
    async with disk.opened() as store:
        entry = Entry("a", digest(b"body"), 4, "image/png")
        reservation = store.reservation()
        assert await reservation.grow(4)

        with pytest.raises(FileNotFoundError):
            await store.commit(store.new_spool_path(), entry, reservation)

        assert await store.find("a") is None
        assert (store.ledger.stored_bytes, store.ledger.reserved_bytes) == (0, 4)
        reservation.release()


async def test_everything_on_the_disk_is_its_owners_alone(disk):
    async with disk.opened() as store:
        await keep(store, "a", b"body")
        await keep(store, "b", b"bad")
        alter(disk.directory / "blobs" / digest(b"bad")[:2] / digest(b"bad"), b"")
        assert await read(store, "b") is None
        assert disk.quarantined()

        for path in disk.directory.rglob("*"):
            allowed = 0o700 if path.is_dir() else 0o600
            assert stat.S_IMODE(path.stat().st_mode) | allowed == allowed, path


async def test_a_caller_that_leaves_while_a_blob_is_opened_leaves_no_descriptor(disk):
    async with disk.opened() as store:
        entry = await keep(store, "a", b"body")
        before = open_files()

        for _ in range(20):
            opening = asyncio.create_task(store.open_blob(entry))
            await asyncio.sleep(0)
            opening.cancel()
            await asyncio.wait([opening])
            if not opening.cancelled():
                opening.result().close()

        await until(lambda: open_files() == before)


async def test_a_caller_that_leaves_in_mid_removal_leaves_books_and_files_in_step(disk):
    async with disk.opened() as store:
        await keep(store, "a", b"body")
        removal = asyncio.create_task(store.forget(["a"]))
        await asyncio.sleep(0)
        removal.cancel()

    async with disk.opened() as store:
        assert (store.ledger.entries, disk.blobs()) == (0, [])


def digest(data):
    return hashlib.sha256(data).hexdigest()
