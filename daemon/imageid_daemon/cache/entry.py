"""One row of the index: which blob answers a key, and for how long."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Representation: TypeAlias = Literal["encoded", "pixels", "rendered", ""]


class Entry(msgspec.Struct, frozen=True, array_like=True, weakref=True):
    """A key's answer.

    Args:
        key: the cache key: credential scope and resource, or parent digests and options.
        digest: SHA-256 of the blob, in hex.
        headers: of the origin as its loader gave them, lower case, without those of the
            connection.
        response_seconds: Unix time at which the origin gave or last confirmed it.
        fresh_for_seconds: lifetime where the headers give none.
        parents: digests that this was derived from; empty for what an origin delivered.
        description: what else the maker of the blob wants to find with it; not read here.
        url: of the resource, or of that which this was derived from, without secrets; to
            show and to select entries by, never to fetch.
        nominated: the request's fields that the origin's Vary names, with the values that it
            was asked with; None for a field that was not sent.
    """

    key: str
    digest: str
    size_bytes: int
    media_type: str
    headers: dict[str, str] = {}
    response_seconds: float = 0.0
    fresh_for_seconds: float = 0.0
    parents: tuple[str, ...] = ()
    description: bytes = b""
    nominated: dict[str, str | None] = {}
    url: str = ""

    @property
    def etag(self) -> str:
        """A strong validator of the blob (RFC 9110 section 8.8.3): its digest."""
        return f'"{self.digest}"'

    @property
    def representation(self) -> Representation:
        """ "" is none: an index of frames, say, or an unpacked volume, kept for the others."""
        if not self.parents:
            return "encoded"
        if self.media_type.startswith("image/"):
            return "rendered"
        return "pixels" if self.media_type == "application/octet-stream" else ""


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Entry)


def encode(entry: Entry) -> bytes:
    return _encoder.encode(entry)


def decode(row: bytes) -> Entry:
    """Read a row.

    Raises:
        msgspec.MsgspecError: the row is damaged, or of another version.
    """
    return _decoder.decode(row)
