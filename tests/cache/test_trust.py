"""What is looked at before it is served, and what somebody wrote who should not have."""

import os
import pickle
import shutil

import msgspec
import pytest
from tests.cache.conftest import keep, read
from tests.cache.test_index_damage import Planted, execute, plant

from imageid_daemon.cache import Entry, Ledger, Verify, VerifyProgress, rows
from imageid_daemon.cache.index import Row

LARGE = bytes(range(256)) * 10_000  # two and a half parts


def blob_of(disk, entry):
    return disk.directory / "blobs" / entry.digest[:2] / entry.digest


def flip(blob, place):
    blob.chmod(0o600)
    data = bytearray(blob.read_bytes())
    data[place] ^= 1
    blob.write_bytes(data)


def swap(one, other):
    aside = one.with_name("aside")
    one.rename(aside)
    other.rename(one)
    aside.rename(other)


@pytest.mark.parametrize("place", [0, 2**20, len(LARGE) - 1])
async def test_where_all_is_verified_a_flipped_bit_is_never_served(disk, place):
    async with disk.opened(verify=Verify.FULL) as store:
        entry = await keep(store, "a", LARGE)
        assert await read(store, "a") == LARGE
        flip(blob_of(disk, entry), place)

        assert await read(store, "a") is None
        assert (len(disk.corrupt), len(disk.quarantined())) == (1, 1)

        await keep(store, "a", LARGE)
        assert await read(store, "a") == LARGE


async def test_where_samples_are_verified_a_small_image_is_checked_once_a_start(disk):
    async with disk.opened() as store:
        entry = await keep(store, "a", b"body")
    flip(blob_of(disk, entry), 0)

    async with disk.opened() as store:
        assert await read(store, "a") is None
    assert len(disk.corrupt) == 1


async def test_where_samples_are_verified_every_part_has_its_turn(disk):
    async with disk.opened() as store:
        entry = await keep(store, "a", LARGE)
    flip(blob_of(disk, entry), 2**20)

    for _ in range(200):
        async with disk.opened() as store:
            if await read(store, "a") is None:
                break
    assert len(disk.corrupt) == 1


async def test_where_nothing_is_verified_the_length_is(disk):
    async with disk.opened(verify=Verify.OFF) as store:
        entry = await keep(store, "a", b"body")
        flip(blob_of(disk, entry), 0)
        assert await read(store, "a") == b"cody"

        blob_of(disk, entry).write_bytes(b"bod")
        assert await read(store, "a") is None


async def test_blobs_that_were_swapped_are_neither_served_for_the_other(disk):
    async with disk.opened() as store:
        one, other = await keep(store, "a", b"one."), await keep(store, "b", b"two.")
    swap(blob_of(disk, one), blob_of(disk, other))

    async with disk.opened() as store:
        assert await read(store, "a") is None
        assert await read(store, "b") is None
    assert len(disk.corrupt) == 2


async def test_without_its_facts_a_blobs_digest_decides(disk):
    async with disk.opened() as store:
        good, bad = await keep(store, "a", b"body"), await keep(store, "b", b"evil")
    shutil.rmtree(disk.directory / "facts")
    flip(blob_of(disk, bad), 0)

    async with disk.opened() as store:
        assert await read(store, "a") == b"body"
        assert await read(store, "b") is None
    assert [path.name for path in disk.blobs()] == [good.digest]


async def test_wrong_facts_condemn_no_good_blob(disk):
    async with disk.opened(verify=Verify.FULL) as store:
        entry = await keep(store, "a", b"body")
        (facts,) = (disk.directory / "facts").glob("*/*")
        facts.write_bytes(b"nonsense")

        assert await read(store, "a") == b"body"
        assert await store.find("a") == entry
    assert disk.corrupt == []


async def test_a_walk_over_everything_finds_what_is_damaged_and_tells_how_far_it_is(disk):
    async with disk.opened() as store:
        for number in range(4):
            entry = await keep(store, f"{number}", b"body" + bytes([number]))
        flip(blob_of(disk, entry), 0)

        progress = [step async for step in store.verify()]

        assert progress[0] == VerifyProgress(4)
        assert [step.checked_blobs for step in progress] == [0, 1, 2, 3, 4]
        assert progress[-1] == VerifyProgress(4, 4, 20, 1)
        assert store.ledger.keys() == {"0", "1", "2"}
        assert [await read(store, key) is not None for key in "012"] == [True] * 3


# The index


def damaged(index):
    (index / "cache.db").write_bytes(b"damaged" * 1000)


def emptied(index):
    (index / "cache.db").write_bytes(b"")
    (index / "cache.db-wal").unlink(missing_ok=True)


def deleted(index):
    shutil.rmtree(index)


@pytest.mark.parametrize("harm", [damaged, emptied, deleted])
async def test_an_index_is_rebuilt_from_the_blobs_with_headers_and_parents(disk, harm):
    async with disk.opened() as store:
        source = await keep(store, "a", b"body")
        derived = await keep(store, "b", b"derived", source.digest)
        await keep(store, "c", b"body")
    harm(disk.directory / "index")

    async with disk.opened() as store:
        assert [await store.find(key) for key in "ab"] == [source, derived]
        assert store.ledger.family("a") == {"a", "b"}
        assert store.ledger.stored_bytes == 11
        assert await read(store, "c") == b"body"
    async with disk.opened() as store:
        assert store.ledger.keys() == {"a", "b", "c"}


async def test_what_is_rebuilt_is_verified_before_it_is_served(disk):
    async with disk.opened(verify=Verify.OFF) as store:
        entry = await keep(store, "a", b"body")
    flip(blob_of(disk, entry), 0)
    deleted(disk.directory / "index")

    async with disk.opened(verify=Verify.OFF) as store:
        assert await read(store, "a") is None
    assert len(disk.corrupt) == 1


async def test_a_rebuilt_index_gives_a_key_its_last_answer(disk):
    async with disk.opened() as store:
        await keep(store, "b", b"first")
        await keep(store, "a", b"first")
        await keep(store, "a", b"second")
    deleted(disk.directory / "index")

    async with disk.opened() as store:
        assert await read(store, "a") == b"second"
        assert await read(store, "b") == b"first"


async def test_a_rebuilt_index_knows_what_an_origin_has_confirmed_last(disk):
    async with disk.opened() as store:
        entry = await keep(store, "a", b"body")
        await keep(store, "b", b"body")
        renewed = msgspec.structs.replace(
            entry, headers={"cache-control": "no-cache"}, response_seconds=2.0
        )
        await store.renew(renewed)
    deleted(disk.directory / "index")

    async with disk.opened() as store:
        assert await store.find("a") == renewed
        assert (await store.find("b")).response_seconds == 1.0
        assert await read(store, "a") == b"body"


async def test_it_knows_it_of_a_daemon_that_was_killed_a_while_later(disk):
    async with disk.opened_and_killed() as store:
        entry = await keep(store, "a", b"body")
        renewed = msgspec.structs.replace(entry, response_seconds=2.0)
        await store.renew(renewed)
        await store._upkeep.turn()
    deleted(disk.directory / "index")

    async with disk.opened() as store:
        assert await store.find("a") == renewed


async def test_a_rebuilt_index_does_not_know_what_was_removed(disk):
    async with disk.opened() as store:
        await keep(store, "a", b"body")
        await keep(store, "b", b"body")
        await keep(store, "c", b"other")
        await store.forget(["a", "c"])
    deleted(disk.directory / "index")

    async with disk.opened() as store:
        assert store.ledger.keys() == {"b"}


async def test_the_index_of_another_cache_is_set_aside(disk, tmp_path):
    async with disk.opened() as store:
        await keep(store, "a", b"body")
    foreign = type(disk)(tmp_path / "foreign")
    foreign.directory.mkdir(mode=0o700)
    async with foreign.opened() as store:
        await keep(store, "x", b"elsewhere")
    deleted(disk.directory / "index")
    shutil.copytree(foreign.directory / "index", disk.directory / "index")

    async with disk.opened() as store:
        assert store.ledger.keys() == {"a"}
        assert await read(store, "a") == b"body"
    assert list(disk.directory.glob("index-damaged-*"))


async def test_a_cache_of_an_earlier_version_without_identity_keeps_its_entries(disk):
    async with disk.opened() as store:
        await keep(store, "a", b"body")
        await store._contents.index.write(delete=["identity:"])
    (disk.directory / "identity").unlink()
    shutil.rmtree(disk.directory / "facts")

    async with disk.opened() as store:
        assert await read(store, "a") == b"body"


@pytest.mark.parametrize(
    "digest", ["../../outside", "/etc/hostname", "", "A" * 64, "ab" * 31 + "/."]
)
async def test_a_row_that_names_a_path_opens_none(disk, digest):
    outside = disk.directory.parent / "outside"
    outside.write_bytes(b"evil")
    async with disk.opened() as store:
        await keep(store, "a", b"body")
        await store._contents.index.write(
            put=[rows.entry_row(Entry("b", digest, 4, "image/png", response_seconds=1.0))]
        )

    async with disk.opened() as store:
        assert await store.find("b") is None
        assert await read(store, "a") == b"body"
    assert outside.read_bytes() == b"evil"


async def test_a_row_that_changes_under_a_running_daemon_is_not_believed(disk):
    async with disk.opened() as store:
        entry = await keep(store, "a", b"body")
        await keep(store, "b", b"evil")
        evil = await store.find("b")
        store._contents._hot.clear()
        row = Row("entry:a", rows.entry_row(evil).value)
        await store._contents.index.write(put=[row])

        assert await store.find("a") is None
        await store.commit(
            spool_of(store, b"body"), entry, await reserved(store, 4)
        )  # fetched again
        assert await read(store, "a") == b"body"


async def test_a_pickle_in_the_index_is_not_run_by_a_store_that_opens_it(disk, tmp_path):
    trace = tmp_path / "trace"
    async with disk.opened() as store:
        await keep(store, "a", b"body")
    folder = disk.directory / "index"
    plant(folder, key="entry:x", mode=4, value=pickle.dumps(Planted(trace)))
    plant(folder, key=pickle.dumps(Planted(trace)), raw=0, value=b"1")
    execute(folder, "UPDATE Settings SET value = 99 WHERE key = 'disk_pickle_protocol'")

    async with disk.opened() as store:
        assert await read(store, "a") == b"body"
    assert not trace.exists()


def spool_of(store, data):
    spool = store.new_spool_path()
    spool.write_bytes(data)
    return spool


async def reserved(store, size_bytes):
    reservation = store.reservation()
    assert await reservation.grow(size_bytes)
    return reservation


# Who needs a blob


async def test_what_is_open_is_not_evicted(disk):
    async with disk.opened(limit_bytes=1000) as store:
        file = await store.open_blob(await keep(store, "a", b"a" * 400))
        await keep(store, "b", b"b" * 400)

        await keep(store, "c", b"c" * 400)

        assert store.ledger.keys() == {"a", "c"}
        assert os.pread(file.descriptor, 1, 0) == b"a"
        file.close()
        await keep(store, "d", b"d" * 400)
        assert store.ledger.keys() == {"c", "d"}


async def test_a_copy_of_an_open_blob_holds_it_too(disk):
    async with disk.opened(limit_bytes=1000) as store:
        file = await store.open_blob(await keep(store, "a", b"a" * 600))
        copy = file.duplicate()
        file.close()

        assert not await store.reservation().grow(600)

        copy.close()
        assert await store.reservation().grow(600)


async def test_what_is_pinned_is_not_evicted_until_its_time_is_over(disk):
    async with disk.opened(limit_bytes=1000) as store:
        await keep(store, "a", b"a" * 600)
        await store.pin(["a"], until_seconds=2**40)

        assert not await store.reservation().grow(600)

        await store.pin(["a"], until_seconds=1.0)
        assert await store.reservation().grow(600)


async def test_a_pin_outlives_a_restart_and_ends_when_it_is_taken_back(disk):
    async with disk.opened() as store:
        await keep(store, "a", b"a" * 600)
        await store.pin(["a"], until_seconds=2**40)

    async with disk.opened(limit_bytes=500) as store:
        assert await read(store, "a") is not None
        assert await store.unpin(["a", "b"]) == 1
    async with disk.opened(limit_bytes=500) as store:
        assert store.ledger.keys() == set()


async def test_an_item_above_its_limit_is_refused_however_much_room_there_is(disk):
    async with disk.opened(max_item_bytes=500) as store:
        reservation = store.reservation()

        assert not await reservation.grow(501)
        assert await reservation.grow(400)
        assert not await reservation.grow(101)


async def test_stored_reserved_and_being_deleted_never_exceed_the_limit(disk):
    totals = []

    class Watched(Ledger):
        def __setattr__(self, name, value):
            super().__setattr__(name, value)
            totals.append(self.stored_bytes + self.reserved_bytes + self.deleting_bytes)

    async with disk.opened(limit_bytes=10_000) as store:
        store.ledger.__class__ = Watched
        for number in range(200):
            await keep(store, f"{number}", bytes([number]) * (300 + 7 * number))

    assert 9_000 < max(totals) <= 10_000
