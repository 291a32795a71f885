"""A body that outlives the connections it comes over.

What breaks off is asked for from where it stopped, as long as the origin says by a strong
validator that it is still the same. Whoever reads notices nothing but a pause.

A body that has changed cannot be continued: those who follow it have read bytes of the old
one. They get `ContentChanged`, ask again, and have the new one from its first byte.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, aclosing
from dataclasses import dataclass, replace
from typing import Protocol

from imageid_daemon.origins import ranges
from imageid_daemon.origins.body import is_delimited
from imageid_daemon.origins.connections import Answer
from imageid_daemon.origins.ranges import Kind, Rest
from imageid_daemon.origins.retry import backoff_seconds
from imageid_loaders.base import Continuation
from imageid_loaders.errors import ContentChanged, Corrupt, ImageError, Unavailable

Ask = Callable[[Mapping[str, str]], AbstractAsyncContextManager[Answer]]

# An origin that gives less than this at a time is not tried for ever.
_PROGRESS_BYTES = 1024 * 1024


class Kept(Protocol):
    """The beginning of a body that broke off earlier, checked."""

    @property
    def continuation(self) -> Continuation: ...

    @property
    def size_bytes(self) -> int: ...

    def chunks(self) -> AsyncGenerator[bytes, None]: ...

    def refuse(self) -> None:
        """It continues nothing that its origin has now."""
        ...


@dataclass(slots=True)
class Opened:
    """An answer from its first byte on, however many requests it takes.

    Args:
        chunks: the answer's; whoever opened it closes them.
        continuation: None where the answer cannot be continued.
    """

    answer: Answer
    chunks: AsyncGenerator[bytes, None]
    continuation: Continuation | None


class Resuming:
    """One GET whose body is continued where it breaks off.

    Args:
        ask: sends it with these fields.
        held: closes the answer that is being read.
        retries: how often it is continued without getting ahead.
    """

    def __init__(
        self, ask: Ask, url: str, headers: Mapping[str, str], retries: int, held: AsyncExitStack
    ) -> None:
        self._ask = ask
        self._headers = headers
        self._request = ranges.digest_of(url, headers)
        self._retries = retries
        self._held = held

    async def open(self, kept: Kept | None) -> Opened:
        """Ask for the body, or for what is missing of it.

        Raises:
            ImageError: there is no answer.
        """
        if kept is None or kept.continuation.request != self._request:
            return self._fresh(await self._answer(self._headers))
        known, offset = kept.continuation, kept.size_bytes
        # With its conditions: a stored copy that is still current needs no body at all.
        answer = await self._answer({**self._headers, **ranges.fields_for({}, known, offset)})
        found = ranges.rest(known, offset, answer.status, answer.headers)
        if found.kind is Kind.FOLLOWS:
            return self._continued(kept, known, answer, found)
        if answer.status in (200, 206, 416):
            kept.refuse()
        if answer.status in (206, 416):
            answer = await self._answer(self._headers)
        return self._fresh(answer)

    def _fresh(self, answer: Answer) -> Opened:
        known = ranges.continuation(
            self._request, answer.status, answer.headers, is_delimited=is_delimited(answer)
        )
        chunks = self._chunks(answer, known, 0, Rest(Kind.WHOLE))
        return Opened(replace(answer, chunks=chunks), chunks, known)

    def _continued(self, kept: Kept, known: Continuation, answer: Answer, found: Rest) -> Opened:
        size_bytes = found.size_bytes or 0
        headers = ranges.continued(known, size_bytes, answer.headers)
        known = replace(known, size_bytes=size_bytes)
        rest = self._chunks(answer, known, kept.size_bytes, found)
        chunks = _both(kept.chunks(), rest)
        return Opened(Answer(200, headers, chunks), chunks, known)

    async def _chunks(
        self, answer: Answer, known: Continuation | None, offset: int, found: Rest
    ) -> AsyncGenerator[bytes, None]:
        """The body from `offset` on, of which `answer` is the first piece."""
        fruitless = 0
        while True:
            begun, broken = offset, None
            try:
                known_bytes = 0 if found.kind is Kind.FOLLOWS else offset
                async with aclosing(_piece(answer, known_bytes)) as piece:
                    async for chunk in piece:
                        offset += len(chunk)
                        _check_end(offset, found, known)
                        yield chunk
            except (Corrupt, Unavailable) as error:
                broken = error
            if broken is None and _is_whole(offset, known):
                return
            fruitless = 0 if offset - begun >= _PROGRESS_BYTES else fruitless + 1
            if known is None or fruitless > self._retries:
                raise broken or _short(offset)
            await self._held.aclose()
            await asyncio.sleep(backoff_seconds(max(1, fruitless), random.random()))  # noqa: S311 - spreads load
            answer = await self._answer(ranges.fields_for(self._headers, known, offset))
            found = ranges.rest(known, offset, answer.status, answer.headers)
            known = _still_known(known, found, broken or _short(offset))

    async def _answer(self, headers: Mapping[str, str]) -> Answer:
        # The turn that the last one had is given back first.
        await self._held.aclose()
        return await self._held.enter_async_context(self._ask(headers))


async def _piece(answer: Answer, known_bytes: int) -> AsyncGenerator[bytes, None]:
    """An answer's body, without the bytes at its beginning that came before."""
    async for chunk in answer.chunks:
        known, known_bytes = known_bytes, max(0, known_bytes - len(chunk))
        if new := chunk[known:]:
            yield new


async def _both(
    beginning: AsyncGenerator[bytes, None], rest: AsyncGenerator[bytes, None]
) -> AsyncGenerator[bytes, None]:
    async with aclosing(beginning), aclosing(rest):
        async for chunk in beginning:
            yield chunk
        async for chunk in rest:
            yield chunk


def _check_end(offset: int, found: Rest, known: Continuation | None) -> None:
    size_bytes = known.size_bytes if known is not None else None
    for end_bytes in (found.end_bytes, size_bytes):
        if end_bytes is not None and offset > end_bytes:
            raise ContentChanged(
                "The origin continued the image with more bytes than it announced. Load it anew."
            )


def _is_whole(offset: int, known: Continuation | None) -> bool:
    return known is None or known.size_bytes in (None, offset)


def _still_known(known: Continuation, found: Rest, broken: ImageError) -> Continuation:
    if found.kind is Kind.CHANGED:
        raise ContentChanged("The image was replaced at its origin while it came. Load it anew.")
    if found.kind is Kind.REFUSED:
        raise broken
    return replace(known, size_bytes=found.size_bytes or known.size_bytes)


def _short(offset: int) -> Corrupt:
    return Corrupt(f"The origin ended the body after {offset} bytes; load it again.")
