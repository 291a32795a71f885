"""A response's body as loaders get it: unpacked, and never beyond the size limit."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Mapping

from imageid_daemon.origins.connections import Answer
from imageid_daemon.origins.content_coding import Inflater, coding
from imageid_loaders.errors import TooLarge


def checked_size(answer: Answer, limit_bytes: int) -> None:
    """Refuse a body by its announced length, before any of it is read.

    Raises:
        TooLarge: it would go beyond the limit.
    """
    length = answer.headers.get("content-length", "")
    if answer.status in (200, 206) and length.isdigit() and int(length) > limit_bytes:
        raise _too_large(limit_bytes)


def is_delimited(answer: Answer) -> bool:
    """Whether the response itself says where its body ends (RFC 9112 section 6.3)."""
    return answer.is_framed or not {"content-length", "transfer-encoding"}.isdisjoint(
        answer.headers
    )


def headers(answer: Answer) -> Mapping[str, str]:
    """Give the fields without those that describe the packed body."""
    if coding(answer.headers) == "identity":
        return answer.headers
    packed = ("content-encoding", "content-length")
    return {name: value for name, value in answer.headers.items() if name not in packed}


async def chunks(answer: Answer, limit_bytes: int) -> AsyncGenerator[bytes, None]:
    """Give the body, its Content-Encoding undone.

    Raises:
        TooLarge: it goes beyond the limit once unpacked; a bomb ends here.
        Unsupported: a coding that is not known.
        Corrupt, Unavailable: it breaks off.
    """
    size_bytes = 0
    async for chunk in _unpacked(answer):
        size_bytes += len(chunk)
        if size_bytes > limit_bytes:
            raise _too_large(limit_bytes)
        yield chunk


async def _unpacked(answer: Answer) -> AsyncIterator[bytes]:
    name = coding(answer.headers)
    if name == "identity":
        async for chunk in answer.chunks:
            yield chunk
        return
    inflater = Inflater(name)
    async for packed in answer.chunks:
        for chunk in inflater.feed(packed):
            yield chunk
    for chunk in inflater.finish():
        yield chunk


def _too_large(limit_bytes: int) -> TooLarge:
    return TooLarge(
        f"the body is larger than {limit_bytes} bytes; if that is meant, raise cache.max_image"
    )
