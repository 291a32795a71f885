"""sqlite://NAME/ROWID: an image in a column of a SQLite table, by its row id.

The configuration names the tables:

    [loaders.sqlite.archive]
    path = "/data/archive.db"
    table = "images"
    column = "file"
"""

from __future__ import annotations

import asyncio
import hashlib
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from imageid_loaders.base import Image, NotModified, Request, Resource, Settings, Source
from imageid_loaders.errors import ConfigurationError, InvalidImageId, NotFound, Unavailable
from imageid_loaders.sniff import media_type_of

_CHUNK_BYTES = 256 * 1024


@dataclass(frozen=True)
class Column:
    """Where the images are."""

    path: str
    table: str
    column: str


class SqliteLoader:
    """Reads one row for each image, in a thread."""

    name: ClassVar[str] = "sqlite"
    summary: ClassVar[str] = "images in a SQLite table by row id, e.g. sqlite://archive/42"

    def __init__(self, settings: Settings) -> None:
        problems = [text for item in settings.options.items() for text in _problems(*item)]
        if problems:
            raise ConfigurationError(*problems)
        self._columns = {
            name.lower(): Column(**table)
            for name, table in settings.options.items()
            if isinstance(table, Mapping)
        }

    def resolve(self, image_id: str) -> Image:
        """Pure: the imageId is read, the database is not."""
        server, _, row_id = image_id.partition(":")[2].removeprefix("//").partition("/")
        name = server.lower()
        if name not in self._columns:
            known = ", ".join(sorted(self._columns)) or "none"
            raise InvalidImageId(f"The imageId names no [loaders.sqlite.NAME]; known: {known}.")
        if not (row_id.isascii() and row_id.isdigit() and len(row_id) <= 18):
            raise InvalidImageId("A sqlite imageId ends in a row id, a whole number.")
        key = f"sqlite:{name}/{int(row_id)}"
        return Image(Resource(key, key))

    def open(self, request: Request) -> AbstractAsyncContextManager[Source]:
        name, _, row_id = request.resource.key.removeprefix("sqlite:").partition("/")
        return _open(self._columns[name], int(row_id), request)


@asynccontextmanager
async def _open(column: Column, row_id: int, request: Request) -> AsyncIterator[Source]:
    # Never on the event loop: while a disk is slow, every other image would wait.
    data = await asyncio.to_thread(_read, column, row_id)
    # "no-cache": keep it, and ask each time whether the row is still the same.
    headers = {"etag": f'"{hashlib.sha256(data).hexdigest()}"', "cache-control": "no-cache"}
    if request.validators.etag == headers["etag"]:
        raise NotModified(headers)
    media_type = media_type_of(data[:1024]) or "application/octet-stream"
    yield Source(media_type, _chunks(data), len(data), headers=headers)


async def _chunks(data: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(data), _CHUNK_BYTES):
        yield data[start : start + _CHUNK_BYTES]


def _read(column: Column, row_id: int) -> bytes:
    uri = f"{Path(column.path).absolute().as_uri()}?mode=ro"
    table, name = _quoted(column.table), _quoted(column.column)
    statement = f"SELECT {name} FROM {table} WHERE rowid = ?"  # noqa: S608 - both are quoted
    try:
        with closing(sqlite3.connect(uri, uri=True)) as database:
            row = database.execute(statement, (row_id,)).fetchone()
    except sqlite3.Error as error:
        raise Unavailable(
            "The database cannot be read: check the path, table and column of its settings."
        ) from error
    if row is None or not isinstance(row[0], bytes) or not row[0]:
        raise NotFound("The table has no image in this row: correct the imageId's row id.")
    return row[0]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _problems(name: str, table: object) -> list[str]:
    """Every mistake in one table, each with the setting's full name."""
    fields = ("path", "table", "column")
    given = table if isinstance(table, Mapping) else {}
    missing = [key for key in fields if not isinstance(given.get(key), str)]
    unknown = [key for key in given if key not in fields]
    return [
        *(f"loaders.sqlite.{name}.{key} must be a text" for key in missing),
        *(f"loaders.sqlite.{name}.{key} is no setting of this loader" for key in unknown),
    ]
