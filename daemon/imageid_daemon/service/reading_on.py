"""A stored body that the disk does not give back is had anew, and read on from where it stopped."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager

from imageid_daemon.fills import Unreadable
from imageid_daemon.resolver import Answer
from imageid_daemon.service.body_chunks import Read, body_chunks
from imageid_daemon.service.wire import Chunk
from imageid_loaders.errors import ContentChanged

Again = Callable[[], AbstractAsyncContextManager[Answer]]


@asynccontextmanager
async def reading_on(answer: Answer, again: Again) -> AsyncIterator[Read]:
    """Gives what reads the answer's body, as `body_chunks`.

    Args:
        again: asks for the image once more; what cannot be read is fetched then.
    """
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(body_chunks(answer.body, answer.size_bytes))
        current = first

        async def read(offset: int, limit_bytes: int) -> Chunk:
            nonlocal current
            try:
                return await current(offset, limit_bytes)
            except Unreadable:
                # Once; and what its caller has the beginning of must be known to be the same.
                if current is not first or answer.entry is None:
                    raise
            anew = await stack.enter_async_context(again())
            if (await anew.whole()).etag != answer.entry.etag:
                raise ContentChanged("The stored image could not be read, and there is another.")
            current = await stack.enter_async_context(body_chunks(anew.body, anew.size_bytes))
            return await current(offset, limit_bytes)

        yield read
