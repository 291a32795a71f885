"""A stored body that the disk does not give back costs its caller a pause, not the image."""

from __future__ import annotations

import hashlib
import os
from contextlib import asynccontextmanager

import pytest

from imageid_daemon.cache import Entry
from imageid_daemon.fills import Blob, Unreadable
from imageid_daemon.fills.body import OpenFile
from imageid_daemon.resolver import Answer, CacheStatus
from imageid_daemon.service.reading_on import reading_on
from imageid_loaders.errors import ContentChanged

SMALL, LARGE = b"a small body", os.urandom(3 * 1024 * 1024 + 5)
OTHER = b"another body"
CHUNK_BYTES = 300_000


def answer(tmp_path, data):
    path = tmp_path / hashlib.sha256(data).hexdigest()
    path.write_bytes(data)
    body = Blob(OpenFile(os.open(path, os.O_RDONLY)))
    entry = Entry("key", path.name, len(data), "image/png")
    return Answer(body, "image/png", CacheStatus.HIT, len(data), entry)


def break_off(stored, folder):
    """From now on its file cannot be read, as a folder cannot."""
    descriptor = os.open(folder, os.O_RDONLY)
    os.dup2(descriptor, stored.body.descriptor)
    os.close(descriptor)


async def read_all(stored, again, folder, broken_after):
    """What its caller has in the end; the file breaks after so many chunks."""
    found = bytearray()
    async with reading_on(stored, again) as read:
        for number in range(1000):
            if number == broken_after:
                break_off(stored, folder)
            chunk = (await read(len(found), CHUNK_BYTES)).data
            found += chunk
            if not chunk:
                break
    return bytes(found)


def asking(tmp_path, *answers):
    """Gives these in turn, and closes them."""
    remaining = list(answers)

    @asynccontextmanager
    async def again():
        given = remaining.pop(0)
        yield given
        given.body.close()

    return again


@pytest.mark.parametrize(("data", "broken_after"), [(SMALL, 0), (LARGE, 0), (LARGE, 4)])
async def test_it_is_read_on_from_where_it_stopped(tmp_path, data, broken_after):
    stored, anew = answer(tmp_path, data), answer(tmp_path, data)

    found = await read_all(stored, asking(tmp_path, anew), tmp_path, broken_after)
    stored.body.close()

    assert found == data


async def test_another_body_is_not_read_on_with(tmp_path):
    stored, anew = answer(tmp_path, SMALL), answer(tmp_path, OTHER)

    with pytest.raises(ContentChanged):
        await read_all(stored, asking(tmp_path, anew), tmp_path, 0)
    stored.body.close()


async def test_a_second_failure_is_told(tmp_path):
    stored, anew = answer(tmp_path, SMALL), answer(tmp_path, SMALL)
    break_off(anew, tmp_path)

    with pytest.raises(Unreadable):
        await read_all(stored, asking(tmp_path, anew), tmp_path, 0)
    stored.body.close()
