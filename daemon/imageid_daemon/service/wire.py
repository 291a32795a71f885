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
        message: a LoadImageResponse that says nothing else, where it is written already.
    """

    offset: int
    crc32c: int
    data: bytes
    message: bytes = b""


class Part(NamedTuple):
    """What one message of LoadImage says, or one result of LoadImages.

    Args:
        header: a serialized ImageHeader; the first part has it.
        summary: a serialized LoadSummary; the last part has it.
        local_file: a serialized LocalFile.
        error: code, reason and message of the failure that ends the image.
        handed_bytes: how much of the body the local file stands for; not sent.
    """

    header: bytes = b""
    summary: bytes = b""
    local_file: bytes = b""
    chunk: Chunk | None = None
    error: tuple[int, str, str] | None = None
    handed_bytes: int = 0

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
    if part.chunk is not None and part.chunk.message and part == Part(chunk=part.chunk):
        return part.chunk.message
    return b"".join(
        (
            field(1, part.header),
            field(2, part.summary),
            field(4, part.local_file),
            *_chunk(part.chunk),
        )
    )


def written(chunk: Chunk) -> Chunk:
    """The same with its message."""
    return chunk._replace(message=b"".join(_chunk(chunk)))


def load_images_response(results: Iterable[tuple[int, Part]]) -> bytes:
    """A LoadImagesResponse of parts, each with the index of its image."""
    pieces: list[bytes] = []
    for index, part in results:
        result = _result(index, part)
        pieces.append(_TAGS[_BYTES][1] + varint(sum(map(len, result))))
        pieces += result
    return b"".join(pieces)


def local_file(path: str, offset: int, length_bytes: int) -> bytes:
    """A LocalFile; b"" for a path that is not UTF-8, as the contract's text is."""
    try:
        said = field(1, path.encode())
    except UnicodeEncodeError:
        return b""
    return said + number(2, offset) + number(3, length_bytes)


def duration(seconds: float) -> bytes:
    """A Duration, or a Timestamp of Unix seconds; not of a negative time."""
    whole_seconds = int(seconds)
    return number(1, whole_seconds) + number(2, int((seconds - whole_seconds) * 1e9))


def field(tag: int, value: bytes) -> bytes:
    """A field of bytes, text or a message; absent where it is empty.

    Args:
        tag: the field's number.
    """
    if not value:
        return b""
    return _TAGS[_BYTES][tag] + varint(len(value)) + value


def number(tag: int, value: int) -> bytes:
    """A field of a whole number that is not negative; absent where it is 0."""
    return _TAGS[_VARINT][tag] + varint(value) if value else b""


def varint(value: int) -> bytes:
    """Base 128, the lowest seven bits first; not for negative numbers."""
    if value < 0x80:
        return _ONE_BYTE[value]
    encoded = bytearray()
    while value > 0x7F:
        encoded.append(value & 0x7F | 0x80)
        value >>= 7
    encoded.append(value)
    return bytes(encoded)


def _result(index: int, part: Part) -> tuple[bytes, ...]:
    said = (
        number(1, index)
        + field(2, part.header)
        + field(3, part.summary)
        + field(4, part.local_file)
    )
    if part.error is not None:
        code, reason, message = part.error
        said += number(5, code) + field(6, reason.encode()) + field(7, message.encode())
    return (said, *_chunk(part.chunk))


def _chunk(chunk: Chunk | None) -> tuple[bytes, ...]:
    """All before the data, which are not copied here, and these."""
    if chunk is None:
        return ()
    before = b"".join(
        (
            number(1, chunk.offset),
            _TAGS[_FIXED32][2],
            chunk.crc32c.to_bytes(4, "little"),
            _TAGS[_BYTES][15],
            varint(len(chunk.data)),
        )
    )
    size_bytes = len(before) + len(chunk.data)
    return (_TAGS[_BYTES][15] + varint(size_bytes) + before, chunk.data)


_ONE_BYTE = [bytes((value,)) for value in range(0x80)]
_TAGS = {
    wire_type: [bytes((tag << 3 | wire_type,)) for tag in range(16)]
    for wire_type in (_VARINT, _FIXED32, _BYTES)
}
