"""LoadImage's and LoadImages' messages, serialized by hand.

protobuf copies the bytes of a chunk twice before gRPC copies them once more. Here they are
joined once with what stands before them. What comes out is what protobuf would have written,
field by field in the order of their numbers: any client reads it as ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

# (field number << 3) | wire type, of protobuf's encoding; all field numbers are below 16.
_VARINT, _FIXED32, _BYTES = 0, 5, 2


class Chunk(NamedTuple):
    """Some bytes of a body.

    Args:
        offset: of the first, in the whole body.
        crc32c: of the data.
    """

    offset: int
    crc32c: int
    data: bytes


class Part(NamedTuple):
    """What one message of LoadImage says, or one result of LoadImages.

    Args:
        header: a serialized ImageHeader; the first part has it.
        summary: a serialized LoadSummary; the last part has it.
        local_file: a serialized LocalFile.
        error: code, reason and message of the failure that ends the image.
    """

    header: bytes = b""
    summary: bytes = b""
    local_file: bytes = b""
    chunk: Chunk | None = None
    error: tuple[int, str, str] | None = None

    @property
    def is_last(self) -> bool:
        return bool(self.summary) or self.error is not None

    @property
    def size_bytes(self) -> int:
        """Of its message, within a few bytes."""
        return len(self.header) + self.data_bytes

    @property
    def data_bytes(self) -> int:
        return 0 if self.chunk is None else len(self.chunk.data)


def load_image_response(part: Part) -> bytes:
    """A LoadImageResponse."""
    return b"".join(
        (
            *_delimited(1, part.header),
            *_delimited(2, part.summary),
            *_delimited(4, part.local_file),
            *_chunk(part.chunk),
        )
    )


def load_images_response(results: Iterable[tuple[int, Part]]) -> bytes:
    """A LoadImagesResponse of parts, each with the index of its image."""
    pieces: list[bytes] = []
    for index, part in results:
        result = _result(index, part)
        pieces += (_tag(1, _BYTES), varint(sum(map(len, result))), *result)
    return b"".join(pieces)


def local_file(path: str, offset: int, length_bytes: int) -> bytes:
    """A LocalFile."""
    return b"".join((*_delimited(1, path.encode()), *_number(2, offset), *_number(3, length_bytes)))


def varint(number: int) -> bytes:
    """Base 128, the lowest seven bits first; not for negative numbers."""
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


def _result(index: int, part: Part) -> list[bytes]:
    pieces = [
        *_number(1, index),
        *_delimited(2, part.header),
        *_delimited(3, part.summary),
        *_delimited(4, part.local_file),
    ]
    if part.error is not None:
        code, reason, message = part.error
        pieces += _number(5, code)
        pieces += _delimited(6, reason.encode())
        pieces += _delimited(7, message.encode())
    return [*pieces, *_chunk(part.chunk)]


def _chunk(chunk: Chunk | None) -> tuple[bytes, ...]:
    if chunk is None:
        return ()
    before = b"".join(
        (
            *_number(1, chunk.offset),
            _tag(2, _FIXED32),
            chunk.crc32c.to_bytes(4, "little"),
            _tag(15, _BYTES),
            varint(len(chunk.data)),
        )
    )
    return (_tag(15, _BYTES), varint(len(before) + len(chunk.data)), before, chunk.data)


def _delimited(field: int, value: bytes) -> tuple[bytes, ...]:
    # What is empty is absent: none of these messages is ever empty but by being so.
    return (_tag(field, _BYTES), varint(len(value)), value) if value else ()


def _number(field: int, value: int) -> tuple[bytes, ...]:
    return (_tag(field, _VARINT), varint(value)) if value else ()


def _tag(field: int, wire_type: int) -> bytes:
    return bytes((field << 3 | wire_type,))
