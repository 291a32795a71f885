"""The bytes of a representation, growing or whole, read at any offset."""

from __future__ import annotations

import os
from typing import Protocol

from imageid_daemon.fills.positioned_read import read_at
from imageid_loaders.errors import Unavailable


class Body(Protocol):
    """Bytes that any number of readers read at their own offsets."""

    async def arrived(self, offset: int) -> None:
        """Wait until `read` need not wait."""
        ...

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


class Unreadable(Unavailable):
    """The disk does not give back what it took. Who asks again has it fetched anew."""

    def __init__(self) -> None:
        super().__init__("The disk does not give the stored image back. Ask again.")


class File(Protocol):
    """An open file, closed exactly once."""

    descriptor: int

    def duplicate(self) -> File: ...

    def give_up(self) -> None:
        """It cannot be read: whoever opens it next looks at it first."""

    def close(self) -> None: ...


class OpenFile:
    """A file that nobody counts."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def duplicate(self) -> OpenFile:
        return OpenFile(os.dup(self.descriptor))

    def give_up(self) -> None:
        """Nobody will open it again."""

    def close(self) -> None:
        os.close(self.descriptor)


class Blob:
    """A whole body, held open: it stays readable after its eviction."""

    def __init__(self, file: File) -> None:
        self._file = file

    async def arrived(self, offset: int) -> None:
        """All of it is here."""

    async def read(self, offset: int, limit_bytes: int) -> bytes:
        try:
            return await read_at(self._file.descriptor, limit_bytes, offset)
        except OSError as error:
            raise self.unreadable() from error

    def unreadable(self) -> Unreadable:
        """What its caller is told when it cannot be read; who asks again gets it."""
        self._file.give_up()
        return Unreadable()

    def duplicate(self) -> Blob:
        return Blob(self._file.duplicate())

    @property
    def descriptor(self) -> int:
        """Valid while this is open."""
        return self._file.descriptor

    def close(self) -> None:
        self._file.close()
