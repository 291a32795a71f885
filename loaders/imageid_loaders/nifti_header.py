"""How many slices a NIfTI file has, by the beginning of its bytes (NIfTI-1 and NIfTI-2)."""

from __future__ import annotations

import math
import struct
import zlib

from imageid_loaders.errors import Corrupt

_HEADER_BYTES = 540
_GZIP = b"\x1f\x8b"


def has_magic(head: bytes) -> bool:
    """Whether a file begins so; not in gzip."""
    return _is_version_1(head) or _is_version_2(head)


def slice_count(data: bytes) -> int:
    """Of slices along z, those of every volume in time.

    Args:
        data: of the file from its beginning, in gzip or not.

    Raises:
        errors.Corrupt: it is no NIfTI file.
    """
    try:
        head = _inflated(data) if data.startswith(_GZIP) else data
        sizes = _sizes(head)
    except (struct.error, zlib.error) as error:
        raise _corrupt() from error
    if min(sizes) < 1:
        raise _corrupt()
    return math.prod(sizes[2:])


def _is_version_1(head: bytes) -> bool:
    return head[344:348] in (b"n+1\0", b"ni1\0")


def _is_version_2(head: bytes) -> bool:
    return head[4:8] in (b"n+2\0", b"ni2\0")


def _corrupt() -> Corrupt:
    return Corrupt("The file is no NIfTI volume, or its header is damaged: correct the root.")


def _inflated(data: bytes) -> bytes:
    # No more than the header, whatever it would inflate to.
    return zlib.decompressobj(16 + zlib.MAX_WBITS).decompress(data, _HEADER_BYTES)


def _sizes(head: bytes) -> tuple[int, ...]:
    """Of the axes that there are; `dim` is 8 int16 at 40, or 8 int64 at 16."""
    if _is_version_2(head):
        order, form, at = _byte_order(head, 540), "8q", 16
    elif _is_version_1(head):
        order, form, at = _byte_order(head, 348), "8h", 40
    else:
        raise _corrupt()
    rank, *sizes = struct.unpack_from(order + form, head, at)
    if not 1 <= rank <= 7:
        raise _corrupt()
    return tuple(sizes[:rank])


def _byte_order(head: bytes, header_bytes: int) -> str:
    return "<" if head[:4] == header_bytes.to_bytes(4, "little") else ">"
