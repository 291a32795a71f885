"""What is serialized by hand is what protobuf would have written, byte for byte."""

from hypothesis import given
from hypothesis import strategies as st

from imageid.v1 import image_service_pb2 as v1
from imageid_daemon.service import wire
from imageid_daemon.service.wire import Chunk, Part

offsets = st.integers(0, 2**63 - 1)
text = st.text(max_size=20)
headers = st.builds(v1.ImageHeader, image_id=text, size_bytes=offsets)
summaries = st.builds(v1.LoadSummary, sent_bytes=offsets, size_bytes=offsets, etag=text)
local_files = st.builds(v1.LocalFile, path=text, offset=offsets, length=offsets)
chunks = st.builds(
    v1.DataChunk,
    offset=offsets,
    crc32c=st.integers(0, 2**32 - 1),
    data=st.binary(min_size=1, max_size=400),
)


def response(**fields):
    return v1.LoadImageResponse(**{name: value for name, value in fields.items() if value})


def result(**fields):
    return v1.LoadImagesResult(**{name: value for name, value in fields.items() if value})


def optional(messages):
    """Absent, or there and not empty: an empty one is never sent."""
    return st.none() | messages.filter(lambda message: message.ByteSize())


responses = st.builds(
    response,
    header=optional(headers),
    summary=optional(summaries),
    local_file=optional(local_files),
    chunk=optional(chunks),
)
results = st.builds(
    result,
    index=st.integers(0, 10_000),
    header=optional(headers),
    summary=optional(summaries),
    local_file=optional(local_files),
    chunk=optional(chunks),
) | st.builds(
    result,
    index=st.integers(0, 10_000),
    error_code=st.integers(1, 16),
    error_reason=text,
    error_message=text,
)


def part_of(message):
    def said(name):
        return getattr(message, name).SerializeToString() if message.HasField(name) else b""

    chunk = message.chunk
    return Part(
        said("header"),
        said("summary"),
        said("local_file"),
        Chunk(chunk.offset, chunk.crc32c, chunk.data) if message.HasField("chunk") else None,
    )


def failed_part_of(message):
    return Part(error=(message.error_code, message.error_reason, message.error_message))


@given(responses)
def test_a_response_of_load_image(message):
    assert wire.load_image_response(part_of(message)) == message.SerializeToString()


@given(st.lists(results, max_size=5))
def test_a_response_of_load_images(messages):
    parts = [
        (message.index, failed_part_of(message) if message.error_code else part_of(message))
        for message in messages
    ]

    serialized = wire.load_images_response(parts)

    assert serialized == v1.LoadImagesResponse(results=messages).SerializeToString()


@given(local_files)
def test_a_local_file(message):
    serialized = wire.local_file(message.path, message.offset, message.length)

    assert serialized == message.SerializeToString()
