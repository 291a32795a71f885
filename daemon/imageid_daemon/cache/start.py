"""What an earlier run left: the index is read, or rebuilt from the blobs' facts."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import structlog

from imageid_daemon.cache import rows
from imageid_daemon.cache.contents import Contents
from imageid_daemon.cache.entry import Entry
from imageid_daemon.cache.index import Index, IndexDamaged
from imageid_daemon.cache.rows import Stored

_ROWS_AT_ONCE = 5000

log = structlog.get_logger("imageid.cache")


async def restore(contents: Contents) -> None:
    """Open the index and fill the books.

    An index that is damaged, was deleted or belongs to another directory is set aside and
    made anew from the facts beside the blobs; what is restored so is verified before it is
    served.

    Raises:
        OSError: the disk does not take an index.
    """
    await asyncio.to_thread(contents.prepare)
    identity = await asyncio.to_thread(_identity, contents.directory)
    with _uncollected():
        stored = await _read(contents, identity)
        await asyncio.to_thread(_enter, contents, stored)
    with contextlib.suppress(OSError):
        await contents.index.write(delete=stored.outdated)


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Millions of objects are made that all stay: looking for garbage doubles the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.freeze()  # nor ever look at them again: that would stop everything for 0.3 s


async def _read(contents: Contents, identity: str) -> Stored:
    try:
        await contents.index.open()
        stored = await contents.index.scan(rows.read)
        if stored.identity == identity:
            return stored
        _check_owner(stored)
        if stored.entries:  # of a version that gave no identity
            await contents.index.write(put=[rows.identity_row(identity)])
            return stored
    except IndexDamaged as error:
        log.warning("cache index set aside; it is rebuilt from the blobs", reason=str(error))
        await _set_aside(contents)
    return await _rebuild(contents, identity)


def _check_owner(stored: Stored) -> None:
    if stored.identity:
        raise IndexDamaged("the cache index belongs to another directory")


async def _set_aside(contents: Contents) -> None:
    index = contents.directory / "index"
    aside = contents.directory / f"index-damaged-{time.time_ns()}"
    await contents.index.close()
    contents.index = Index(index)
    await asyncio.to_thread(index.rename, aside)
    try:
        await contents.index.open()
    except IndexDamaged as error:
        raise OSError(errno.EIO, f"not even a new index can be opened: {error}") from error


async def _rebuild(contents: Contents, identity: str) -> Stored:
    found = await asyncio.to_thread(lambda: dict(_facts(contents)))
    entries = list(found.values())
    for start in range(0, len(entries), _ROWS_AT_ONCE):
        some = entries[start : start + _ROWS_AT_ONCE]
        await contents.index.write(
            put=[row for e in some for row in (rows.entry_row(e), rows.unflushed_row(e.digest))]
        )
    # Last: a rebuilding that is broken off begins anew.
    await contents.index.write(put=[rows.identity_row(identity)])
    if entries:
        log.info("cache index rebuilt", entries=len(entries))
    briefs = list(map(rows.brief, entries))
    return Stored(briefs, unflushed={entry.digest for entry in entries}, identity=identity)


def _facts(contents: Contents) -> Iterator[tuple[str, Entry]]:
    """The last answer of each key whose blob is there."""
    newest: dict[str, float] = {}
    for digest in contents.facts.digests():
        for record in contents.facts.read(digest):
            entry = record.entry
            is_newer = entry.response_seconds > newest.get(entry.key, float("-inf"))
            if is_newer and contents.blobs.has(digest, entry.size_bytes):
                newest[entry.key] = entry.response_seconds
                yield entry.key, entry


def _enter(contents: Contents, stored: Stored) -> None:
    ledger, standings = contents.ledger, stored.standings
    # In the order in which they stood; what stood nowhere yet came last.
    placed = [entry for entry in stored.entries if entry.digest in standings]
    placed.sort(key=lambda entry: standings[entry.digest].turn)
    new = [entry for entry in stored.entries if entry.digest not in standings]
    new.sort(key=lambda entry: entry.response_seconds)
    for entry in (*placed, *new):
        standing = standings.get(entry.digest)
        ledger.add(entry.key, entry.digest, entry.size_bytes, entry.parents, standing)
    ledger.eviction.remember(stored.ghosts)
    for key, pin in stored.pins.items():
        ledger.pin(key, pin.until_seconds)
    contents.pins = stored.pins
    contents.suspect = stored.unflushed


def _identity(directory: Path) -> str:
    """What tells this cache directory from others; made at its first start."""
    path = directory / "identity"
    with contextlib.suppress(OSError, UnicodeDecodeError):
        if identity := path.read_text(encoding="ascii").strip():
            return identity
    identity = secrets.token_hex(16)
    path.write_text(identity, encoding="ascii")
    path.chmod(0o600)
    return identity
