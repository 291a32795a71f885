"""One writer, any number of readers, one growing file."""

import asyncio
import hashlib
import os
from pathlib import Path

import pytest

from imageid_daemon.fills import Spool
from imageid_loaders.errors import Corrupt

DATA = bytes(range(256)) * 40


@pytest.fixture
def spool(tmp_path):
    made = Spool(tmp_path / "spool")
    yield made
    made.close()


async def read_all(spool, limit_bytes=1000):
    data = b""
    while part := await spool.read(len(data), limit_bytes):
        data += part
    return data


async def test_readers_get_every_byte_each_at_its_own_pace(spool):
    readers = [asyncio.create_task(read_all(spool, limit)) for limit in (1000, 333, 7)]
    for offset in range(0, len(DATA), 1024):
        await spool.write(DATA[offset : offset + 1024])
    spool.seal()

    assert await asyncio.gather(*readers) == [DATA] * 3
    assert spool.sha256 == hashlib.sha256(DATA).hexdigest()


async def test_a_reader_waits_at_the_end_of_what_there_is(spool):
    await spool.write(b"ab")
    assert await spool.read(0, 100) == b"ab"

    waiting = asyncio.create_task(spool.read(2, 100))
    await asyncio.sleep(0)
    assert not waiting.done()
    await spool.write(b"c")

    assert await waiting == b"c"


async def test_a_reader_learns_of_the_end_only_when_the_body_is_whole(spool):
    await spool.write(b"ab")
    waiting = asyncio.create_task(spool.read(2, 100))
    await asyncio.sleep(0)
    spool.seal()

    assert await waiting == b""


async def test_a_failure_reaches_readers_that_wait_and_those_that_come_later(spool):
    await spool.write(b"ab")
    waiting = asyncio.create_task(spool.read(2, 100))
    await asyncio.sleep(0)
    spool.fail(Corrupt("cut"))

    with pytest.raises(Corrupt):
        await waiting
    with pytest.raises(Corrupt):
        await spool.read(0, 100)


async def test_the_disk_may_fail_from_the_start(tmp_path):
    spool = Spool(tmp_path / "no such folder" / "spool")
    await spool.write(DATA)
    spool.seal()

    assert (spool.in_memory, await read_all(spool)) == (True, DATA)
    spool.close()


async def test_readers_do_not_notice_when_the_disk_fails_in_between(spool, tmp_path):
    reader = asyncio.create_task(read_all(spool, 100))
    await spool.write(DATA[:5000])
    await asyncio.to_thread(spool.move_to_memory)
    await spool.write(DATA[5000:])
    spool.seal()

    assert await reader == DATA
    assert spool.sha256 == hashlib.sha256(DATA).hexdigest()
    assert list(tmp_path.iterdir()) == []


async def test_a_disk_that_is_full_costs_nobody_a_byte(tmp_path):
    # Every write to /dev/full is refused as on a full disk, and reads of it give zeros.
    spool = Spool(tmp_path / "spool")
    with Path("/dev/full").open("r+b", buffering=0) as full:
        os.dup2(full.fileno(), spool.descriptor)
    await spool.write(DATA)
    spool.seal()

    assert (spool.in_memory, await read_all(spool)) == (True, DATA)
    spool.close()


async def test_a_duplicate_outlives_the_spool(tmp_path):
    spool = Spool(tmp_path / "spool")
    await spool.write(b"body")
    spool.seal()
    duplicate = spool.duplicate()
    spool.close()

    assert await duplicate.read(0, 100) == b"body"
    duplicate.close()


async def test_a_spool_that_was_not_published_leaves_nothing(tmp_path):
    spool = Spool(tmp_path / "spool")
    await spool.write(b"body")
    spool.close()

    assert list(tmp_path.iterdir()) == []


async def test_nor_does_one_that_nothing_was_written_to(tmp_path):
    spool = Spool(tmp_path / "spool")
    assert list(tmp_path.iterdir()) == []
    spool.close()


async def test_writing_nothing_makes_an_empty_file(spool, tmp_path):
    await spool.write()
    spool.seal()

    assert [file.stat().st_size for file in tmp_path.iterdir()] == [0]
    assert await spool.read(0, 100) == b""


async def test_what_was_published_is_not_the_spools_to_remove(tmp_path):
    spool = Spool(tmp_path / "spool")
    await spool.write(b"body")
    spool.published()
    spool.close()

    assert (tmp_path / "spool").read_bytes() == b"body"
