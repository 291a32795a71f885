"""LoadImage's and LoadImages' messages, parsed without protobuf's copies of the chunks.

protobuf copies the bytes of a chunk when it parses a message, and once more when they are
read. Here they are sliced out of the message, and protobuf parses the rest. What is found is
what protobuf would have found, in any order of the fields and with any that are not known:
where a message is not as expected, protobuf parses all of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from imageid.v1.image_service_pb2 import (
    LoadImageResponse,
    LoadImagesResponse,
    LoadImagesResult,
)

Said = TypeVar("Said", LoadImageResponse, LoadImagesResult)


class Part(NamedTuple, Generic[Said]):
    """A message of LoadImage, or a result of LoadImages.

    Args:
        said: all of it but the bytes of its chunk, which are there only where they are few.
        data: these bytes.
    """

    said: Said
    data: bytes


AnyPart: TypeAlias = Part[LoadImageResponse] | Part[LoadImagesResult]

# Below, protobuf's copies cost less than looking for the chunk does.
_SMALL_BYTES = 4096

_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5
_FIXED_BYTES = {_FIXED64: 8, _FIXED32: 4}
_RESULTS = 1 << 3 | _BYTES  # LoadImagesResponse.results
_CHUNK = 15 << 3 | _BYTES  # of both messages
_DATA = 15 << 3 | _BYTES  # DataChunk.data


class _Unexpected(Exception):
    """Protobuf shall say what it is, or that it is nothing."""


def load_image_part(message: bytes) -> Part[LoadImageResponse]:
    """A LoadImageResponse.

    Raises:
        google.protobuf.message.DecodeError: it is none.
    """
    return _part(LoadImageResponse, message)


def load_images_parts(message: bytes) -> list[Part[LoadImagesResult]]:
    """The results of a LoadImagesResponse.

    Raises:
        google.protobuf.message.DecodeError: it is none.
    """
    try:
        return [
            _part(LoadImagesResult, message[start:stop])
            for tag, _, start, stop in _fields(message, 0, len(message))
            if tag == _RESULTS
        ]
    except _Unexpected:
        results = LoadImagesResponse.FromString(message).results
        return [Part(result, result.chunk.data) for result in results]


def _part(kind: type[Said], message: bytes) -> Part[Said]:
    if len(message) > _SMALL_BYTES:
        try:
            rest, data = _cut(message)
            return Part(kind.FromString(rest), data)
        except _Unexpected:
            pass
    said = kind.FromString(message)
    data = said.chunk.data
    return Part(said, data)


def _cut(message: bytes) -> tuple[bytes, bytes]:
    """All but the chunk's bytes, as a message, and these."""
    rest, data = [], b""
    for tag, begin, start, stop in _fields(message, 0, len(message)):
        if tag != _CHUNK:
            rest.append(message[begin:stop])
            continue
        # Of a field that occurs twice, the last counts; of a message, the fields do.
        inner = []
        for inner_tag, inner_begin, inner_start, inner_stop in _fields(message, start, stop):
            if inner_tag == _DATA:
                data = message[inner_start:inner_stop]
            else:
                inner.append(message[inner_begin:inner_stop])
        rest.append(_chunk(b"".join(inner)))
    return b"".join(rest), data


def _chunk(fields: bytes) -> bytes:
    if len(fields) > 0x7F:
        raise _Unexpected
    return bytes((_CHUNK, len(fields))) + fields


def _fields(message: bytes, position: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """Each field's tag, where it begins, and where its value begins and ends."""
    while position < end:
        begin = position
        tag, start = _varint(message, position, end)
        wire_type = tag & 7
        if wire_type == _BYTES:
            length, start = _varint(message, start, end)
            position = start + length
        elif wire_type == _VARINT:
            _, position = _varint(message, start, end)
        elif wire_type in _FIXED_BYTES:
            position = start + _FIXED_BYTES[wire_type]
        else:
            raise _Unexpected
        if position > end or not 0 < tag >> 3 < 1 << 29:
            raise _Unexpected
        yield tag, begin, start, position


def _varint(message: bytes, position: int, end: int) -> tuple[int, int]:
    """Its value, and where it ends."""
    value = shift = 0
    while position < end and shift < 35:  # five bytes: more than any length or tag has
        byte = message[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise _Unexpected
