"""The bytes of a representation, growing or whole, read at any offset."""

from __future__ import annotations

import asyncio
import os
from typing import Protocol


class Body(Protocol):
    """Bytes that any number of readers read at their own offsets."""

    async def read(self, offset: int, limit_bytes: int) -> bytes:
        """Some bytes from `offset` on, at least one; b"" only at the end.

        Waits while the body has not grown so far.

        Raises:
            ImageError: the body broke off; it will never be whole.
        """
        ...

    def duplicate(self) -> Blob:
        """The same bytes, held open by somebody else too. Only once the body is whole."""
        ...


class Blob:
    """A stored blob, held open: it stays readable after its eviction."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    async def read(self, offset: int, limit_bytes: int) -> bytes:
        return await asyncio.to_thread(os.pread, self._descriptor, limit_bytes, offset)

    def duplicate(self) -> Blob:
        return Blob(os.dup(self._descriptor))

    @property
    def descriptor(self) -> int:
        """Valid while this is open."""
        return self._descriptor

    def close(self) -> None:
        os.close(self._descriptor)
