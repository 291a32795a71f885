"""How many pages a TIFF has: its chain of directories, which a hostile file makes a circle."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import BinaryIO

from imageid_loaders.errors import Undecodable

PAGES_LIMIT = 1 << 16


@dataclass(frozen=True, slots=True)
class _Form:
    """Of TIFF 6 (section 2), or of BigTIFF, whose numbers are wider."""

    order: str
    first_at: int
    count: str
    entry_bytes: int
    offset: str


def count(stream: BinaryIO) -> int:
    """Follow the chain; only as many directories count as can be read.

    Raises:
        Undecodable: there is none, the chain is a circle, or longer than `PAGES_LIMIT`.
    """
    form = _form(stream)
    seen: set[int] = set()
    at = _number(stream, form, form.first_at, form.offset)
    while at:
        if at in seen or len(seen) == PAGES_LIMIT:
            raise _broken(f"its pages form a circle, or are more than {PAGES_LIMIT}")
        entries = _number(stream, form, at, form.count)
        if entries is None:
            break
        seen.add(at)
        next_at = at + struct.calcsize(form.order + form.count) + entries * form.entry_bytes
        at = _number(stream, form, next_at, form.offset)
    if not seen:
        raise _broken("it has no page")
    return len(seen)


def _form(stream: BinaryIO) -> _Form:
    stream.seek(0)
    head = stream.read(4)
    order = "<" if head[:2] == b"II" else ">"
    if b"+" in head:
        return _Form(order, 8, "Q", 20, "Q")
    return _Form(order, 4, "H", 12, "I")


def _number(stream: BinaryIO, form: _Form, at: int, kind: str) -> int | None:
    """None beyond the end of the file."""
    kind = form.order + kind
    size_bytes = struct.calcsize(kind)
    if at >= 1 << 63:
        return None
    stream.seek(at)
    data = stream.read(size_bytes)
    return int(struct.unpack(kind, data)[0]) if len(data) == size_bytes else None


def _broken(why: str) -> Undecodable:
    return Undecodable(
        f"the picture cannot be decoded because {why}; ask for ENCODED to get it as it is"
    )
