"""What the rows of the index mean. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from imageid_daemon.cache import entry as entries
from imageid_daemon.cache.entry import Entry
from imageid_daemon.cache.eviction import Standing
from imageid_daemon.cache.facts import is_digest
from imageid_daemon.cache.index import Row

# What stands before the colon of a row's name; behind it stands a key or a digest.
_ENTRY, _UNFLUSHED, _STANDING, _PIN = "entry:", "unflushed:", "standing:", "pin:"
_GHOSTS, _IDENTITY = "ghosts:", "identity:"

Ghosts = list[tuple[str, int]]


class Pin(msgspec.Struct, frozen=True, array_like=True):
    """How long a key is kept.

    Args:
        until_seconds: Unix time.
        tag: a label of the caller's choice.
    """

    until_seconds: float
    tag: str = ""


class Brief(msgspec.Struct, frozen=True, gc=False):
    """What the books need of an `Entry`.

    Of 200 000 entries at a start, hardly one is asked for before the first image.
    """

    key: str
    digest: str
    size_bytes: int
    response_seconds: float
    parents: tuple[str, ...]


class _Row(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An `Entry` whose other fields are left unread; it holds on to the bytes of its row."""

    key: str
    digest: str
    size_bytes: int
    media_type: msgspec.Raw
    headers: msgspec.Raw
    response_seconds: float = 0.0
    fresh_for_seconds: msgspec.Raw = msgspec.Raw()
    parents: tuple[str, ...] = ()


_row_decoder = msgspec.msgpack.Decoder(_Row)
_standing_decoder = msgspec.msgpack.Decoder(Standing)


@dataclass(slots=True)
class Stored:
    """What an earlier run left in the index.

    Args:
        entries: of different keys.
        standings: by digest; where each blob stood among those to evict.
        unflushed: digests of blobs that were published and perhaps never reached the disk.
        pins: by key.
        ghosts: digest and bytes of what was evicted lately.
        identity: of the cache directory that the index belongs to.
        outdated: names of rows that mean nothing to this version.
    """

    entries: list[Brief] = field(default_factory=list)
    standings: dict[str, Standing] = field(default_factory=dict)
    unflushed: set[str] = field(default_factory=set)
    pins: dict[str, Pin] = field(default_factory=dict)
    ghosts: Ghosts = field(default_factory=list)
    identity: str = ""
    outdated: list[str] = field(default_factory=list)


def read(rows: Iterable[tuple[str, bytes]]) -> Stored:
    """Sort the rows, names and values; those of blobs that no entry names are outdated."""
    stored = Stored()
    for row_name, value in rows:
        try:
            known = _take(stored, row_name, value)
        except msgspec.MsgspecError:
            known = False
        if not known:
            stored.outdated.append(row_name)
    held = {entry.digest for entry in stored.entries}
    stored.outdated += [_STANDING + digest for digest in stored.standings if digest not in held]
    stored.outdated += [_UNFLUSHED + digest for digest in stored.unflushed - held]
    stored.unflushed &= held
    return stored


def read_entry(key: str, value: bytes) -> Entry:
    """Read the row of a key.

    Raises:
        msgspec.MsgspecError: the row is damaged, of another version, or names no blob.
    """
    entry = entries.decode(value)
    _check(key, entry)
    return entry


def brief(entry: Entry | _Row) -> Brief:
    """What the books need of it."""
    return Brief(entry.key, entry.digest, entry.size_bytes, entry.response_seconds, entry.parents)


def _check(key: str, entry: Entry | _Row) -> None:
    # Whoever wrote the row chose the name of the file that is opened.
    if entry.key != key or not is_digest(entry.digest):
        raise msgspec.ValidationError("the row is another key's, or names no blob")


def entry_key(row: Row) -> str:
    return row.name.removeprefix(_ENTRY)


ENTRIES = _ENTRY


def entry_name(key: str) -> str:
    return _ENTRY + key


def entry_row(entry: Entry) -> Row:
    return Row(_ENTRY + entry.key, entries.encode(entry))


def unflushed_name(digest: str) -> str:
    return _UNFLUSHED + digest


def unflushed_row(digest: str) -> Row:
    return Row(_UNFLUSHED + digest, b"")


def standing_row(digest: str, standing: Standing) -> Row:
    return Row(_STANDING + digest, msgspec.msgpack.encode(standing))


def ghosts_row(ghosts: Iterable[tuple[str, int]]) -> Row:
    return Row(_GHOSTS, msgspec.msgpack.encode(list(ghosts)))


def pin_name(key: str) -> str:
    return _PIN + key


def pin_row(key: str, pin: Pin) -> Row:
    return Row(_PIN + key, msgspec.msgpack.encode(pin))


def identity_row(identity: str) -> Row:
    return Row(_IDENTITY, msgspec.msgpack.encode(identity))


def names_of_blob(digest: str) -> list[str]:
    """The rows that are of no use without the blob."""
    return [_UNFLUSHED + digest, _STANDING + digest]


def _take(stored: Stored, row_name: str, value: bytes) -> bool:
    """Take one row; False where its kind is unknown."""
    # Nearly all rows are of the first two kinds.
    if row_name.startswith(_ENTRY):
        row = _row_decoder.decode(value)
        _check(row_name[len(_ENTRY) :], row)
        stored.entries.append(brief(row))
        return True
    if row_name.startswith(_STANDING):
        stored.standings[row_name[len(_STANDING) :]] = _standing_decoder.decode(value)
        return True
    kind, colon, name = row_name.partition(":")
    prefix = kind + colon
    if prefix == _UNFLUSHED:
        stored.unflushed.add(name)
    elif prefix == _PIN:
        stored.pins[name] = msgspec.msgpack.decode(value, type=Pin)
    elif prefix == _IDENTITY:
        stored.identity = msgspec.msgpack.decode(value, type=str)
    elif prefix == _GHOSTS:
        stored.ghosts = msgspec.msgpack.decode(value, type=Ghosts)
    else:
        return False
    return True
