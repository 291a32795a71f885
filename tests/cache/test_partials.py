"""Bodies that broke off: kept for a while within a share of the cache, and first to go."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

import pytest

from imageid_daemon.cache import Entry, Keeping, Store
from imageid_daemon.checksums import Checksums
from imageid_daemon.config import MinFree
from imageid_loaders.base import Continuation

LIMIT_BYTES = 1000


@dataclass
class Spool:
    """What a fill has received."""

    file_path: Path
    data: bytes
    in_memory: bool = False

    @property
    def size_bytes(self):
        return len(self.data)

    @property
    def checksums(self):
        checksums = Checksums()
        checksums.update(self.data)
        return checksums.digest()

    def grow(self, data):
        self.data += data
        self.file_path.write_bytes(self.data)


@pytest.fixture
async def opened(tmp_path):
    open_stores = []

    async def made(**keeping):
        store = Store(
            tmp_path,
            limit_bytes=LIMIT_BYTES,
            min_free=MinFree(amount_bytes=0),
            durable=False,
            on_corrupt=lambda: None,
            keeping=Keeping(**{"share": 0.5, **keeping}),
        )
        await store.open()
        open_stores.append(store)
        return store

    async def close(store):
        open_stores.remove(store)
        await store.close()

    made.close = close
    yield made
    for store in open_stores:
        await store.close()


def known(validator='"1"'):
    return Continuation("request", validator, LIMIT_BYTES, {"etag": validator})


async def broken_off(store, key, data, validator='"1"'):
    """A fill of this key receives these bytes, and no more."""
    reservation = store.reservation()
    assert await reservation.grow(LIMIT_BYTES // 2)
    spool = Spool(store.new_spool_path(), b"")
    async with store.partials.growing(key, known(validator), spool) as growth:
        spool.grow(data)
        await growth.note()
        await growth.keep(reservation)
    spool.file_path.unlink(missing_ok=True)
    reservation.release()


async def taken(store, key):
    kept = await store.partials.take(key)
    if kept is None:
        return None
    data = b"".join([chunk async for chunk in kept.chunks()])
    await store.partials.give_back(kept, is_spent=False)
    return data


async def stored(store, key, data):
    reservation = store.reservation()
    assert await reservation.grow(len(data))
    path = store.new_spool_path()
    path.write_bytes(data)
    digest = hashlib.sha256(data).hexdigest()
    await store.commit(path, Entry(key, digest, len(data), "text/plain"), reservation)


async def test_what_is_kept_is_found_under_its_key_alone(opened):
    store = await opened()
    await broken_off(store, "a", b"beginning")

    assert await taken(store, "a") == b"beginning"
    assert await taken(store, "b") is None
    assert (store.ledger.partial_bytes, store.ledger.reserved_bytes) == (9, 0)


async def test_of_two_beginnings_of_one_body_the_longer_one_stays(opened):
    store = await opened()
    await broken_off(store, "a", b"beginning, and more")
    await broken_off(store, "a", b"beginning")

    assert await taken(store, "a") == b"beginning, and more"
    assert store.ledger.partial_bytes == 19


async def test_of_two_bodies_the_newer_one_stays(opened):
    store = await opened()
    await broken_off(store, "a", b"beginning, and more", '"1"')
    await broken_off(store, "a", b"new", '"2"')

    assert await taken(store, "a") == b"new"
    assert store.ledger.partial_bytes == 3


async def test_they_take_no_more_than_their_share_and_the_oldest_goes_first(opened, tmp_path):
    store = await opened()
    await broken_off(store, "a", b"a" * 200)
    await broken_off(store, "b", b"b" * 200)
    await broken_off(store, "c", b"c" * 200)

    assert [await taken(store, key) for key in "abc"] == [None, b"b" * 200, b"c" * 200]
    assert store.ledger.partial_bytes == 400
    assert len(list((tmp_path / "partials").iterdir())) == 4


async def test_one_that_is_larger_than_the_share_is_not_kept(opened, tmp_path):
    store = await opened(share=0.1)
    await broken_off(store, "a", b"a" * 101)

    assert await taken(store, "a") is None
    assert list((tmp_path / "partials").iterdir()) == []


async def test_they_go_before_any_whole_image_does(opened):
    store = await opened()
    await stored(store, "whole", b"w" * 300)
    await broken_off(store, "a", b"a" * 200)
    await broken_off(store, "b", b"b" * 200)

    reservation = store.reservation()
    assert await reservation.grow(450)

    assert [await taken(store, key) for key in "ab"] == [None, b"b" * 200]
    assert await store.find("whole") is not None
    reservation.release()


async def test_stored_kept_and_reserved_together_never_exceed_the_limit(opened):
    store = await opened()
    await stored(store, "whole", b"w" * 300)
    await broken_off(store, "a", b"a" * 200)

    reservation = store.reservation()
    assert await reservation.grow(900)

    ledger = store.ledger
    held = (ledger.stored_bytes, ledger.partial_bytes, ledger.reserved_bytes)
    assert held == (0, 0, 900)
    reservation.release()


async def test_one_that_is_being_read_is_not_dropped_for_another(opened):
    store = await opened()
    await broken_off(store, "a", b"a" * 300)
    kept = await store.partials.take("a")

    await broken_off(store, "b", b"b" * 300)

    assert b"".join([chunk async for chunk in kept.chunks()]) == b"a" * 300
    await store.partials.give_back(kept, is_spent=False)
    assert ("a" in store.partials, "b" in store.partials) == (True, False)


async def test_one_that_was_used_up_is_gone(opened, tmp_path):
    store = await opened()
    await broken_off(store, "a", b"beginning")
    kept = await store.partials.take("a")

    await store.partials.give_back(kept, is_spent=True)

    assert await taken(store, "a") is None
    assert store.ledger.partial_bytes == 0
    assert list((tmp_path / "partials").iterdir()) == []


async def test_they_are_kept_over_a_restart_for_what_is_left_of_their_time(opened):
    store = await opened()
    await broken_off(store, "a", b"beginning")
    await opened.close(store)

    again = await opened()
    assert (await taken(again, "a"), again.ledger.partial_bytes) == (b"beginning", 9)
    await opened.close(again)

    much_later = await opened(seconds=1e-9)
    assert (await taken(much_later, "a"), much_later.ledger.partial_bytes) == (None, 0)


async def test_a_daemon_that_was_killed_leaves_what_it_had_noted(opened, tmp_path):
    store = await opened(noted_bytes=4)
    spool = Spool(store.new_spool_path(), b"")
    async with store.partials.growing("a", known(), spool) as growth:
        spool.grow(b"noted")
        await growth.note()
        spool.grow(b"not")  # less than is noted at a time, and perhaps torn
        await growth.note()

        after_the_kill = await opened()
        await after_the_kill.swept()

        assert await taken(after_the_kill, "a") == b"noted"
        assert after_the_kill.ledger.partial_bytes == 5
        assert list((tmp_path / "spool").iterdir()) == []


async def test_one_that_was_stored_before_the_kill_leaves_nothing(opened, tmp_path):
    store = await opened(noted_bytes=1)
    spool = Spool(store.new_spool_path(), b"")
    async with store.partials.growing("a", known(), spool) as growth:
        spool.grow(b"whole")
        await growth.note()
        spool.file_path.unlink()  # it has its name among the blobs

        after_the_kill = await opened()

        assert len(after_the_kill.partials) == 0
        assert list((tmp_path / "partials").iterdir()) == []


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"Beginning"),
        lambda path: path.write_bytes(b"begin"),
        lambda path: path.unlink(),
    ],
)
async def test_a_damaged_one_is_forgotten(opened, tmp_path, damage):
    store = await opened()
    await broken_off(store, "a", b"beginning")
    (path,) = (path for path in (tmp_path / "partials").iterdir() if not path.suffix)
    damage(path)

    assert await taken(store, "a") is None
    assert (len(store.partials), store.ledger.partial_bytes) == (0, 0)
    assert list((tmp_path / "partials").iterdir()) == []


@pytest.mark.parametrize("facts", [b"", b"\0\0\0\0damaged", b"\x93\x01"])
async def test_facts_that_cannot_be_read_are_removed_with_their_bytes(opened, tmp_path, facts):
    store = await opened()
    await broken_off(store, "a", b"beginning")
    await opened.close(store)
    (path,) = (tmp_path / "partials").glob("*.facts")
    path.write_bytes(facts)

    again = await opened()

    assert len(again.partials) == 0
    assert list((tmp_path / "partials").iterdir()) == []


async def test_a_link_to_another_file_is_never_read(opened, tmp_path):
    store = await opened()
    await broken_off(store, "a", b"beginning")
    (path,) = (path for path in (tmp_path / "partials").iterdir() if not path.suffix)
    elsewhere = tmp_path / "elsewhere"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)

    assert await taken(store, "a") is None
    assert elsewhere.read_bytes() == b"beginning"
