"""Entries that are stored at the same time, as whoever stores one of them sees it."""

from __future__ import annotations

import asyncio
import hashlib

import pytest_asyncio

from imageid_daemon.cache import Entry, Store
from imageid_daemon.config import MinFree


@pytest_asyncio.fixture
async def store(tmp_path):
    made = Store(
        tmp_path / "cache",
        limit_bytes=2**30,
        min_free=MinFree(amount_bytes=0),
        durable=False,
        on_corrupt=lambda: None,
    )
    (tmp_path / "cache").mkdir(mode=0o700)
    await made.open()
    yield made
    await made.close()


async def commit(store, key, data, *, loses_spool=False):
    spool = store.new_spool_path()
    if not loses_spool:
        spool.write_bytes(data)
    entry = Entry(
        key=key,
        digest=hashlib.sha256(data).hexdigest(),
        size_bytes=len(data),
        media_type="x/y",
        response_seconds=0.0,
    )
    reservation = store.reservation()
    try:
        await reservation.grow(len(data))
        await store.commit(spool, entry, reservation)
    finally:
        reservation.release()


async def body(store, key):
    entry = await store.find(key)
    return entry and store.path(entry).read_bytes()


async def test_all_of_them_are_stored_and_no_room_stays_set_aside(store):
    await asyncio.gather(*(commit(store, f"{n}", b"%d" % n) for n in range(50)))

    assert [await body(store, f"{n}") for n in range(50)] == [b"%d" % n for n in range(50)]
    assert store.ledger.entries == 50
    assert store.ledger.reserved_bytes == 0


async def test_one_that_the_disk_does_not_take_fails_alone(store):
    results = await asyncio.gather(
        *(commit(store, f"{n}", b"%d" % n, loses_spool=n == 3) for n in range(6)),
        return_exceptions=True,
    )

    assert [type(each) for each in results] == [
        FileNotFoundError if n == 3 else type(None) for n in range(6)
    ]
    assert [await body(store, f"{n}") is not None for n in range(6)] == [n != 3 for n in range(6)]


async def test_equal_bodies_under_many_keys_are_one_blob_that_each_of_them_holds(store, tmp_path):
    await asyncio.gather(*(commit(store, f"{n}", b"same") for n in range(8)))
    await store.forget(f"{n}" for n in range(7))

    assert await body(store, "7") == b"same"
    assert len(list((tmp_path / "cache" / "blobs").glob("*/*"))) == 1


async def test_what_equal_bodies_are_known_as_survives_a_lost_index(store, tmp_path):
    await asyncio.gather(*(commit(store, f"{n}", b"same") for n in range(8)))
    (facts,) = (tmp_path / "cache" / "facts").glob("*/*")

    assert all(f"{n}".encode() in facts.read_bytes() for n in range(8))


async def test_of_several_bodies_for_one_key_the_last_counts(store, tmp_path):
    await asyncio.gather(*(commit(store, "key", b"%d" % n) for n in range(8)))
    await store.removed()

    assert await body(store, "key") == b"7"
    assert len(list((tmp_path / "cache" / "blobs").glob("*/*"))) == 1
