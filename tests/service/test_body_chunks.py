"""Large bodies are read ahead of who sends them, and what is read is what was asked for."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import google_crc32c
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from imageid.v1.image_service_pb2 import LoadImageResponse
from imageid_daemon.fills import Blob, Unreadable
from imageid_daemon.fills.body import OpenFile
from imageid_daemon.service.body_chunks import body_chunks
from imageid_daemon.service.requests import Range
from imageid_daemon.service.wire import Part, load_image_response

BODY = os.urandom(3 * 1024 * 1024 + 5)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bodies") / "body"
    path.write_bytes(BODY)
    return path


def opened(path: Path) -> Blob:
    return Blob(OpenFile(os.open(path, os.O_RDONLY)))


@settings(max_examples=30)
@given(reads=st.lists(st.tuples(st.integers(0, len(BODY)), st.integers(1, 600_000)), max_size=6))
def test_each_read_gives_the_bytes_of_its_own_range(path, reads):
    async def act() -> list[bytes]:
        blob = opened(path)
        async with body_chunks(blob, len(BODY)) as read:
            found = [(await read(offset, limit)).data for offset, limit in reads]
        blob.close()
        return found

    assert asyncio.run(act()) == [BODY[offset : offset + limit] for offset, limit in reads]


@settings(max_examples=30)
@given(chunk_bytes=st.integers(100_000, 1_500_000), start=st.integers(0, len(BODY)))
def test_reads_in_order_give_the_whole_body(path, chunk_bytes, start):
    async def act() -> bytes:
        blob, found = opened(path), bytearray()
        async with body_chunks(blob, len(BODY)) as read:
            while data := (await read(start + len(found), chunk_bytes)).data:
                found += data
        blob.close()
        return bytes(found)

    assert asyncio.run(act()) == BODY[start:]


async def test_a_file_that_cannot_be_read_is_an_error(tmp_path):
    blob = Blob(OpenFile(os.open(tmp_path, os.O_RDONLY)))

    async with body_chunks(blob, len(BODY)) as read:
        with pytest.raises(Unreadable):
            await read(0, 1024)

    blob.close()


async def test_a_chunk_comes_with_the_message_that_says_it(path):
    blob = opened(path)

    async with body_chunks(blob, len(BODY)) as read:
        chunk = await read(7, 300_000)
    blob.close()

    message = LoadImageResponse.FromString(chunk.message)
    assert (message.chunk.offset, message.chunk.data) == (7, BODY[7:300_007])
    assert message.chunk.crc32c == google_crc32c.value(message.chunk.data)
    assert load_image_response(Part(chunk=chunk)) == chunk.message


async def test_a_large_body_comes_in_large_chunks_unless_the_caller_cuts_it():
    left_open = Range(0, None, 256 * 1024, is_cut_as_fits=True)
    cut = Range(0, None, 256 * 1024)

    assert left_open.chunk_bytes_of(64 * 1024 * 1024) == 1024 * 1024
    assert left_open.chunk_bytes_of(1024) == left_open.chunk_bytes_of(None) == 256 * 1024
    assert cut.chunk_bytes_of(64 * 1024 * 1024) == 256 * 1024
