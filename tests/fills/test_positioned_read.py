"""Reading what is in memory at once, and everything else in a thread."""

import os

import pytest

from imageid_daemon.fills.positioned_read import read_at


@pytest.fixture
def descriptor(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 20_000)
    opened = os.open(path, os.O_RDONLY)
    yield opened
    os.close(opened)


@pytest.mark.parametrize("limit_bytes", [1, 1000, 4_000_000])
async def test_the_bytes_are_those_of_the_file(descriptor, limit_bytes):
    data = await read_at(descriptor, limit_bytes, 300)

    assert data == (bytes(range(256)) * 20_000)[300 : 300 + limit_bytes][: len(data)]
    assert data


async def test_behind_the_end_is_nothing(descriptor):
    assert await read_at(descriptor, 10, 256 * 20_000) == b""


async def test_what_is_not_in_memory_is_read_from_the_disk(descriptor):
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)

    assert await read_at(descriptor, 4, 256) == bytes(range(4))


async def test_a_file_that_cannot_be_read_is_an_error(tmp_path):
    with (tmp_path / "file").open("wb") as file, pytest.raises(OSError, match="Bad file"):
        await read_at(file.fileno(), 10, 0)
