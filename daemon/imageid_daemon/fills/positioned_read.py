"""Reading a file without a thread where its bytes are in memory, as those just written are."""

from __future__ import annotations

import asyncio
import errno
import os

# Copying more takes longer than the way to a thread and back.
_AT_ONCE_BYTES = 2 * 1024 * 1024


async def read_at(descriptor: int, limit_bytes: int, offset: int) -> bytes:
    """Some bytes from `offset` on; b"" at the end of the file. Holds up nobody.

    Raises:
        OSError: the file cannot be read.
    """
    if limit_bytes <= _AT_ONCE_BYTES:
        at_once = _read_at_once(descriptor, limit_bytes, offset)
        if at_once is not None:
            return at_once
    return await asyncio.to_thread(os.pread, descriptor, limit_bytes, offset)


def _read_at_once(descriptor: int, limit_bytes: int, offset: int) -> bytes | None:
    """None where the disk would have to be waited for, or the file system cannot tell."""
    buffer = bytearray(limit_bytes)
    try:
        read_bytes = os.preadv(descriptor, [buffer], offset, os.RWF_NOWAIT)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EOPNOTSUPP):
            return None
        raise
    return bytes(memoryview(buffer)[:read_bytes])
