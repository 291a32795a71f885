"""What a worker has written, looked at by the daemon itself before anybody gets it.

A worker that a hostile image has taken over may lie about its work, but not so that a reader
runs over an end, or that bytes get a name in the cache that is not their digest.
"""

from __future__ import annotations

import hashlib
import os
from typing import NamedTuple

from imageid_daemon.checksums import Checksums
from imageid_daemon.pixels import Description, Layout
from imageid_loaders.errors import Undecodable

_PIECE_BYTES = 1 << 20
# Of the contract's sample types.
_ITEM_BYTES = {
    "uint8": 1, "int8": 1, "uint16": 2, "int16": 2, "uint32": 4, "int32": 4,
    "float32": 4, "float64": 8, "uint64": 8, "int64": 8,
}  # fmt: skip


class Found(NamedTuple):
    """A file as it is.

    Args:
        checksums: as `Checksums` counts them.
    """

    size_bytes: int
    sha256: str
    checksums: bytes


def inspect(descriptor: int, description: Description, media_type: str) -> Found:
    """Read the file and compare it with what is said of it. Blocking.

    Args:
        media_type: what was asked for.

    Raises:
        Undecodable: they differ.
    """
    found = _read(descriptor)
    layout = description.layout
    if (
        description.content_type != media_type
        or (layout is None) == (media_type == "application/octet-stream")
        or found.size_bytes != (found.size_bytes or 1 if layout is None else length_bytes(layout))
    ):
        raise Undecodable(
            "the image cannot be decoded because its decoder gave something else than it said; "
            "ask for ENCODED to get it as it is"
        )
    return found


def length_bytes(layout: Layout) -> int:
    """Of contiguous samples; -1 where the layout cannot be one of them."""
    expected = _ITEM_BYTES.get(layout.dtype, 0)
    for length, stride in zip(reversed(layout.shape), reversed(layout.strides), strict=False):
        if stride != expected or length <= 0:
            return -1
        expected *= length
    complete = len(layout.shape) == len(layout.strides) and len(layout.shape) in (2, 3)
    return expected if expected and complete else -1


def _read(descriptor: int) -> Found:
    # Not mapped: who has a file mapped dies of its being cut short.
    digest, checksums, offset = hashlib.sha256(), Checksums(), 0
    while piece := os.pread(descriptor, _PIECE_BYTES, offset):
        digest.update(piece)
        checksums.update(piece)
        offset += len(piece)
    return Found(offset, digest.hexdigest(), checksums.digest())
