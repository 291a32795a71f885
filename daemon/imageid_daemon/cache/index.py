"""The table of entries on disk: diskcache, hardened, on one thread.

diskcache unpickles what it finds in its database, and opens and deletes paths written
there (CVE-2025-69872). `_PlainDisk` closes all three: rows are bytes, inline, and anything
else is refused on the way in and on the way out.

Nothing is called with `retry`: diskcache would try for ever where the disk has become
read-only, and this daemon, which holds a lock, is alone with its database.
"""

from __future__ import annotations

import asyncio
import errno
import json
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypeVar

import diskcache

T = TypeVar("T")

_RAW, _BINARY = 1, 1
# Every row stays in the database: no value file is ever written or opened.
_INLINE_BYTES = 2**30
_SELF_TEST = "self-test"

_ALL_ROWS = (
    "SELECT key, value FROM Cache WHERE raw = ? AND mode = ? AND filename IS NULL"
    " AND typeof(key) = 'text' AND typeof(value) = 'blob'"
)
_NAMED_ROWS = (
    "SELECT key, value FROM Cache WHERE raw = ? AND mode = ? AND filename IS NULL"
    " AND typeof(value) = 'blob' AND key IN (SELECT value FROM json_each(?))"
)
_NEXT_ROWS = (
    "SELECT key, value FROM Cache WHERE raw = ? AND mode = ? AND filename IS NULL"
    " AND typeof(value) = 'blob' AND key > ? AND key < ? ORDER BY key LIMIT ?"
)


class IndexDamaged(Exception):
    """The database cannot be read; it must be set aside."""


# The database is whole; the disk below it does not work, or not now.
_DISK_REFUSES = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
    }
)


class _PlainDisk(diskcache.Disk):
    """Only text keys and bytes values, only inline."""

    def hash(self, key: object) -> int:
        return int(super().hash(key))

    def put(self, key: object) -> tuple[object, bool]:
        if type(key) is not str:
            _refuse("a key that is not text")
        return key, True

    def get(self, key: object, raw: int) -> str:
        if raw != _RAW or type(key) is not str:
            _refuse("a pickled key")
        return key

    def store(self, value: object, read: bool, key: object = None) -> tuple[int, int, None, bytes]:
        if type(value) is not bytes or read:
            _refuse("a value that is not bytes")
        return len(value), _BINARY, None, value

    def fetch(self, mode: int, filename: str | None, value: object, read: bool) -> bytes:
        if mode != _BINARY or filename is not None or type(value) is not bytes:
            _refuse("a pickled or outside value")
        return value

    def remove(self, file_path: str) -> None:
        """No row has a file; one that names one must not have it deleted."""


def _refuse(what: str) -> NoReturn:
    raise IndexDamaged(f"the cache index holds {what}")


class Row(NamedTuple):
    name: str
    value: bytes


class Index:
    """Named rows that survive the process. Every call runs on the index's own thread."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        # diskcache keeps one connection a thread and never gives one back (grantjenks/
        # python-diskcache#336), so one thread does all the work.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="index")
        self._cache: Any = None

    async def open(self) -> None:
        """Open or create the database, and prove that it works.

        Raises:
            IndexDamaged: it exists and cannot be read.
            OSError: the disk does not take it.
        """
        await self._run(self._open)

    async def scan(self, take: Callable[[Iterable[tuple[str, bytes]]], T]) -> T:
        """What is made of every row, name and value; each is forgotten when it was taken.

        Raises:
            IndexDamaged: they cannot be read.
            OSError: not now, which says nothing about them.
        """
        # diskcache iterates with one query a row; one statement reads 400 000 rows in 0.3 s.
        return await self._run(lambda: self._select(take, _ALL_ROWS))

    async def get(self, name: str) -> bytes | None:
        """The value of a row.

        Raises:
            IndexDamaged: it cannot be read.
        """
        try:
            value: bytes | None = await self._run(lambda: self._cache.get(name))
        except (sqlite3.Error, diskcache.Timeout) as error:
            raise IndexDamaged(f"the cache index cannot be read: {error}") from error
        return value

    async def get_many(self, names: Sequence[str]) -> list[Row]:
        """Those of these rows that there are, in no order.

        Raises:
            IndexDamaged: they cannot be read.
            OSError: not now, which says nothing about them.
        """
        wanted = json.dumps(list(names))
        return await self._run(lambda: self._select(_rows, _NAMED_ROWS, wanted))

    async def page(self, prefix: str, after: str, count: int) -> list[Row]:
        """Rows in the order of their names: of those with a prefix, the next behind a name.

        Raises:
            IndexDamaged: they cannot be read.
            OSError: not now, which says nothing about them.
        """
        end = prefix[:-1] + chr(ord(prefix[-1]) + 1)
        start = max(after, prefix)
        return await self._run(lambda: self._select(_rows, _NEXT_ROWS, start, end, count))

    async def write(self, put: Iterable[Row] = (), delete: Iterable[str] = ()) -> None:
        """Carry out all of it, or none.

        Raises:
            OSError: the disk does not take it.
        """
        put, delete = list(put), list(delete)
        if put or delete:
            await self.write_made(lambda: put, delete)

    async def write_made(
        self, make: Callable[[], Iterable[Row]], delete: Iterable[str] = ()
    ) -> None:
        """As `write`, of the rows that are made on the index's own thread just before.

        Raises:
            OSError: the disk does not take it; the rows may have been made.
        """
        if self._cache is None:
            raise OSError(errno.EIO, "the cache index is not open")

        def transaction() -> None:
            put = list(make())
            if not put and not delete:
                return
            with self._cache.transact():
                for name in delete:
                    self._cache.delete(name)
                for row in put:
                    self._cache.set(row.name, row.value)

        try:
            await self._run(transaction)
        except (sqlite3.Error, diskcache.Timeout) as error:
            raise OSError(
                errno.EIO, f"the cache index does not take the change: {error}"
            ) from error

    async def try_to_write(self) -> None:
        """Write and delete a row.

        Raises:
            OSError: the disk does not take it.
        """
        await self.write(put=[Row(_SELF_TEST, b"")])
        await self.write(delete=[_SELF_TEST])

    async def close(self) -> None:
        if self._cache is not None:
            await self._run(self._cache.close)
        self._thread.shutdown()

    async def _run(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    def _open(self) -> None:
        self._directory.mkdir(mode=0o700, exist_ok=True)
        if self._cache is not None:  # a second try, after the disk refused
            self._cache.close()
        try:
            self._cache = diskcache.Cache(
                str(self._directory),
                timeout=60,
                disk=_PlainDisk,
                cull_limit=0,  # the ledger evicts; diskcache never does
                size_limit=2**62,
                eviction_policy="none",
                statistics=0,
                disk_min_file_size=_INLINE_BYTES,
                sqlite_synchronous=1,
                sqlite_journal_size_limit=16 * 2**20,
            )
            # Some builds of SQLite cannot run diskcache's statements at all
            # (grantjenks/python-diskcache#343): better known now than at the first image.
            self._cache.set(_SELF_TEST, b"")
            self._cache.delete(_SELF_TEST)
        except sqlite3.Error as error:
            raise _meaning(error, "opened") from error
        except diskcache.Timeout as error:  # what diskcache makes of a change that SQLite refuses
            raise OSError(errno.EIO, "the cache index takes no change") from error
        except OSError:
            raise
        except Exception as error:  # diskcache trusts the settings that it finds in the database
            reason = f"{type(error).__name__}: {error}"
            raise IndexDamaged(f"the cache index cannot be opened: {reason}") from error
        for file in self._directory.iterdir():
            file.chmod(0o600)

    def _select(
        self, take: Callable[[Iterable[tuple[str, bytes]]], T], statement: str, *values: object
    ) -> T:
        path = (self._directory / "cache.db").as_uri()
        database: sqlite3.Connection | None = None
        try:
            database = sqlite3.connect(f"{path}?mode=ro", uri=True)
            return take(database.execute(statement, (_RAW, _BINARY, *values)))
        except sqlite3.Error as error:
            raise _meaning(error, "read") from error
        finally:
            if database is not None:
                database.close()


def _rows(found: Iterable[tuple[str, bytes]]) -> list[Row]:
    return list(map(Row._make, found))


def _meaning(error: sqlite3.Error, wanted: str) -> OSError | IndexDamaged:
    # The low byte is the primary code (sqlite.org/rescode.html).
    if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DISK_REFUSES:
        return OSError(errno.EIO, f"the cache index cannot be {wanted}: {error}")
    return IndexDamaged(f"the cache index cannot be {wanted}: {error}")
