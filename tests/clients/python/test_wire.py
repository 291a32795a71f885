"""The client's parser finds what protobuf finds, in whatever it is given."""

from __future__ import annotations

import pytest
from google.protobuf.message import DecodeError
from hypothesis import given
from hypothesis import strategies as st

from imageid._wire import load_image_part, load_images_parts
from imageid.v1.image_service_pb2 import (
    DataChunk,
    ImageHeader,
    LoadImageResponse,
    LoadImagesResponse,
    LoadImagesResult,
    LoadSummary,
    LocalFile,
)

DATA = st.one_of(
    st.binary(max_size=100),
    st.integers(4000, 9000).map(lambda size: bytes(range(256)) * (size // 256)),
)
CHUNKS = st.builds(
    DataChunk,
    offset=st.integers(0, 2**62),
    crc32c=st.none() | st.integers(0, 2**32 - 1),
    data=DATA,
)
HEADERS = st.builds(ImageHeader, image_id=st.text(max_size=20), size_bytes=st.integers(0, 2**40))
SUMMARIES = st.builds(LoadSummary, size_bytes=st.integers(0, 2**40), etag=st.text(max_size=9))
FILES = st.builds(LocalFile, path=st.text(max_size=30), length=st.integers(0, 2**40))
PARTS = {
    "header": st.none() | HEADERS,
    "summary": st.none() | SUMMARIES,
    "local_file": st.none() | FILES,
    "chunk": st.none() | CHUNKS,
}
MESSAGES = st.builds(LoadImageResponse, **PARTS)
RESULTS = st.builds(
    LoadImagesResult, index=st.integers(0, 9999), error_message=st.text(max_size=9), **PARTS
)
# Fields that a later contract may have; wire types 0, 2 and 5.
UNKNOWN = st.sampled_from([b"", b"\xa0\x06\x05", b"\xa2\x06\x03abc", b"\xa5\x06\1\2\3\4"])


def found(part):
    """All that was said, in the form in which protobuf would have it."""
    whole = type(part.said)()
    whole.CopyFrom(part.said)
    if part.data:
        whole.chunk.data = part.data
    whole.DiscardUnknownFields()
    return whole


@given(MESSAGES, UNKNOWN, UNKNOWN)
def test_a_message_says_what_protobuf_reads(message, before, after):
    part = load_image_part(before + message.SerializeToString() + after)

    assert found(part) == message
    assert part.data == message.chunk.data


@given(MESSAGES, MESSAGES)
def test_fields_that_come_twice_are_merged_as_protobuf_does(first, second):
    serialized = first.SerializeToString() + second.SerializeToString()

    assert found(load_image_part(serialized)) == LoadImageResponse.FromString(serialized)


@given(st.lists(RESULTS, max_size=5), UNKNOWN)
def test_results_say_what_protobuf_reads(results, unknown):
    serialized = LoadImagesResponse(results=results).SerializeToString() + unknown

    assert [found(part) for part in load_images_parts(serialized)] == results


@given(MESSAGES, st.integers(0, 9000), st.binary(max_size=3))
def test_what_protobuf_refuses_is_refused_and_all_else_is_read_alike(message, cut, noise):
    serialized = message.SerializeToString()[:cut] + noise

    try:
        expected = LoadImageResponse.FromString(serialized)
    except DecodeError:
        with pytest.raises(DecodeError):
            load_image_part(serialized)
        return

    expected.DiscardUnknownFields()
    assert found(load_image_part(serialized)) == expected
