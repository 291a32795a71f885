import pytest

from imageid_loaders.body import Body, OnlyPart
from imageid_loaders.errors import Corrupt, Unavailable


async def chunks_of(*chunks):
    for chunk in chunks:
        if isinstance(chunk, Exception):
            raise chunk
        yield chunk


async def read(body):
    return b"".join([chunk async for chunk in body])


async def test_a_look_at_the_beginning_takes_nothing_away():
    body = Body(chunks_of(b"ab", b"cd", b"ef"))

    assert await body.peek(3) == b"abcd"
    assert await read(body) == b"abcdef"


async def test_a_look_waits_for_no_more_than_it_needs():
    body = Body(chunks_of(b"ab", Unavailable("the origin hung up")))

    assert await body.peek(2) == b"ab"


@pytest.mark.parametrize("size_bytes", [1, 5])
async def test_another_size_than_promised_is_corrupt(size_bytes):
    with pytest.raises(Corrupt, match="promised"):
        await read(Body(chunks_of(b"ab"), size_bytes))


async def test_what_follows_the_closing_delimiter_cannot_harm():
    chunks = chunks_of(b"--b\r\n\r\nabc\r\n--b--", Unavailable("the origin hung up"))
    part = OnlyPart(chunks, "b")
    await part.headers()

    assert await read(part) == b"abc"


async def test_an_endless_epilogue_is_not_waited_for():
    async def chunks():
        yield b"--b\r\n\r\nabc\r\n--b--"
        while True:
            yield bytes(1000)

    part = OnlyPart(chunks(), "b")
    await part.headers()

    assert await read(part) == b"abc"


async def test_a_multipart_body_without_parts_is_corrupt():
    with pytest.raises(Corrupt, match="no part"):
        await OnlyPart(chunks_of(b"--b--"), "b").headers()
