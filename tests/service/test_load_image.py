"""LoadImage as the contract says it, on the wire."""

import hashlib

import google_crc32c
import grpc
import pytest
from google.protobuf.duration_pb2 import Duration
from tests.service.conftest import error_info

from imageid.v1 import types_pb2 as types

KIBIBYTE = 1024
MEBIBYTE = KIBIBYTE * KIBIBYTE
PIXELS = types.OutputSpec(pixels=types.PixelsOutput())


def body(messages):
    return b"".join(message.chunk.data for message in messages)


async def refused(served, image_id, **request):
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await served.load(image_id, **request)
    return failure.value.code(), error_info(failure.value)


async def test_a_small_image_that_is_stored_is_one_message(served):
    await served.load("example://1")

    (message,) = await served.load("example://1")

    assert message.HasField("header")
    assert message.HasField("chunk")
    assert message.HasField("summary")


async def test_chunks_are_of_256_kib_in_order_with_no_gap_and_checksummed(served):
    image_id, data = served.noise("a.png", 600)
    await served.load(image_id)

    messages = await served.load(image_id)

    chunks = [message.chunk for message in messages if message.HasField("chunk")]
    assert body(messages) == data
    assert {len(chunk.data) for chunk in chunks[:-1]} == {256 * KIBIBYTE}
    assert [chunk.offset for chunk in chunks] == list(range(0, len(data), 256 * KIBIBYTE))
    assert all(chunk.crc32c == google_crc32c.value(chunk.data) for chunk in chunks)


async def test_no_chunk_is_above_2_mib_whatever_is_asked_for(served):
    image_id, data = served.noise("a.png", 1000)

    await served.load(image_id)
    messages = await served.load(image_id, chunk_bytes=100 * MEBIBYTE)

    assert max(len(message.chunk.data) for message in messages) == 2 * MEBIBYTE
    assert body(messages) == data


async def test_the_summary_has_size_and_digest_and_the_header_the_same_once_they_are_known(served):
    image_id, data = served.noise("a.png", 100)
    digest = hashlib.sha256(data).digest()

    cold, warm = await served.load(image_id), await served.load(image_id)

    for messages in (cold, warm):
        summary = messages[-1].summary
        assert (summary.sent_bytes, summary.size_bytes) == (len(data), len(data))
        assert (summary.checksums.sha256, summary.stored) == (digest, True)
    header = warm[0].header
    assert (header.size_bytes, header.checksums.sha256) == (len(data), digest)
    assert header.etag == warm[-1].summary.etag == cold[-1].summary.etag != ""


async def test_the_header_says_what_the_image_is_and_where_it_came_from(served):
    cold = (await served.load("example://1", output=PIXELS))[0].header
    warm = (await served.load("example://1", output=PIXELS))[0].header

    assert cold.image_id == "example://1"
    assert (cold.representation, cold.loader) == (types.REPRESENTATION_PIXELS, "example")
    assert cold.layout.sample_type == types.SAMPLE_TYPE_INT16
    assert (list(cold.layout.shape), list(cold.layout.strides)) == ([256, 256], [512, 2])
    assert (cold.metadata.modality, cold.metadata.rescale_intercept) == ("CT", -1024)
    assert not cold.metadata.HasField("pixel_padding_value")
    assert (cold.cache_status, warm.cache_status) == (
        types.CACHE_STATUS_MISS,
        types.CACHE_STATUS_HIT,
    )
    assert cold.timing.HasField("decode")
    assert cold.timing.HasField("origin_total")
    assert warm.timing.HasField("total")
    assert not warm.timing.HasField("decode")


@pytest.mark.parametrize(
    ("read_offset", "read_limit", "expected"),
    [
        (0, 10, slice(0, 10)),
        (100, 0, slice(100, None)),
        (300 * KIBIBYTE, 300 * KIBIBYTE, slice(300 * KIBIBYTE, 600 * KIBIBYTE)),
        (-10, 0, slice(-10, None)),
        (-10, 4, slice(-10, -6)),
        (-(10**9), 5, slice(0, 5)),
        (10, 10**9, slice(10, None)),
    ],
)
@pytest.mark.parametrize("is_warm", [False, True])
async def test_a_range_is_a_part_of_the_body(served, read_offset, read_limit, expected, is_warm):
    image_id, data = served.noise("a.png", 600)
    if is_warm:
        await served.load(image_id)

    messages = await served.load(image_id, read_offset=read_offset, read_limit=read_limit)

    assert body(messages) == data[expected]
    assert messages[0].header.range_start == data.index(data[expected])
    assert messages[-1].summary.sent_bytes == len(data[expected])
    assert messages[-1].summary.size_bytes == len(data)


@pytest.mark.parametrize("is_warm", [False, True])
async def test_a_range_past_the_end_says_how_long_the_body_is(served, is_warm):
    image_id, data = served.noise("a.png", 100)
    if is_warm:
        await served.load(image_id)

    code, info = await refused(served, image_id, read_offset=len(data) + 1)

    assert (code, info.reason) == (grpc.StatusCode.OUT_OF_RANGE, "RANGE_NOT_SATISFIABLE")
    assert info.metadata["size_bytes"] == str(len(data))


async def test_a_load_is_resumed_by_offset_and_etag(served):
    image_id, data = served.noise("a.png", 600)
    etag = (await served.load(image_id))[-1].summary.etag

    rest = await served.load(image_id, read_offset=1000, if_match_etag=etag)

    assert body(rest) == data[1000:]


async def test_a_body_that_has_changed_since_is_not_resumed(served):
    image_id, _ = served.noise("a.png", 100)
    etag = (await served.load(image_id))[-1].summary.etag
    served.noise("a.png", 101)

    code, info = await refused(served, image_id, read_offset=1000, if_match_etag=etag)

    assert (code, info.reason) == (grpc.StatusCode.ABORTED, "CONTENT_CHANGED")
    assert info.metadata["etag"] not in ("", etag)


async def test_a_body_that_the_caller_holds_is_not_sent_again(served):
    etag = (await served.load("example://1"))[-1].summary.etag

    (message,) = await served.load("example://1", if_none_match_etag=etag)

    assert message.header.not_modified
    assert not message.HasField("chunk")
    assert message.summary.sent_bytes == 0


async def test_the_whole_data_set_comes_on_request(served):
    without = (await served.load("example://1", output=PIXELS))[0].header.metadata
    messages = await served.load("example://1", output=PIXELS, include_dicom_json=True)

    document = messages[0].header.metadata.dicom_json
    assert not without.HasField("dicom_json")
    assert document["00080060"]["Value"][0] == "CT"
    assert "7FE00010" not in document


@pytest.mark.parametrize(
    "request_fields",
    [
        {"read_limit": -1},
        {"chunk_bytes": -1},
        {"output": types.OutputSpec(pixels=types.PixelsOutput(values=99))},
        {"output": types.OutputSpec(rendered=types.RenderedOutput(quality=101))},
        {"output": types.OutputSpec(rendered=types.RenderedOutput(max_width=-1))},
        {"output": types.OutputSpec(rendered=types.RenderedOutput(window_center=1))},
        {
            "output": types.OutputSpec(
                rendered=types.RenderedOutput(window_center=1, window_width=0)
            )
        },
        {"output": types.OutputSpec(rendered=types.RenderedOutput(window_name="x" * 65))},
        {"output": types.OutputSpec(rendered=types.RenderedOutput(low_percentile=1))},
        {"output": types.OutputSpec(rendered=types.RenderedOutput(bit_depth=12))},
        {"cache_control": types.CacheControl(mode=99)},
        {"cache_control": types.CacheControl(max_age=Duration(seconds=-1))},
    ],
    ids=str,
)
async def test_an_option_out_of_its_range_is_refused_by_name(served, request_fields):
    code, info = await refused(served, "example://1", **request_fields)

    assert (code, info.reason) == (grpc.StatusCode.INVALID_ARGUMENT, "OPTION_INVALID")
    assert info.metadata["field"]


@pytest.mark.parametrize(
    ("image_id", "code", "reason"),
    [
        ("", grpc.StatusCode.INVALID_ARGUMENT, "IMAGE_ID_INVALID"),
        ("no scheme", grpc.StatusCode.INVALID_ARGUMENT, "IMAGE_ID_INVALID"),
        ("example://one", grpc.StatusCode.INVALID_ARGUMENT, "IMAGE_ID_INVALID"),
        ("web:http://h/a\r\nb", grpc.StatusCode.INVALID_ARGUMENT, "IMAGE_ID_INVALID"),
        ("x" * 20_000, grpc.StatusCode.INVALID_ARGUMENT, "IMAGE_ID_INVALID"),
        ("foo:bar", grpc.StatusCode.INVALID_ARGUMENT, "SCHEME_UNSUPPORTED"),
        ("file:///etc/passwd", grpc.StatusCode.PERMISSION_DENIED, "ORIGIN_NOT_ALLOWED"),
        ("web:http://192.0.2.1/a.png", grpc.StatusCode.PERMISSION_DENIED, "ORIGIN_NOT_ALLOWED"),
        ("example://99", grpc.StatusCode.NOT_FOUND, "IMAGE_NOT_FOUND"),
    ],
)
async def test_an_error_has_its_code_its_reason_and_our_domain(served, image_id, code, reason):
    given, info = await refused(served, image_id)

    assert (given, info.reason, info.domain) == (code, reason, "imageid")


async def test_what_is_no_image_is_refused_as_pixels_and_given_as_bytes(served):
    (served.files / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n but nothing behind it")
    image_id = (served.files / "a.png").as_uri()

    code, info = await refused(served, image_id, output=PIXELS)

    assert (code, info.reason) == (grpc.StatusCode.DATA_LOSS, "DECODE_FAILED")
    assert body(await served.load(image_id)).endswith(b"nothing behind it")


async def test_only_if_cached_is_not_found_where_nothing_is_stored(served):
    control = types.CacheControl(mode=types.CacheControl.MODE_ONLY_IF_CACHED)

    code, info = await refused(served, "example://1", cache_control=control)

    assert (code, info.reason) == (grpc.StatusCode.NOT_FOUND, "NOT_IN_CACHE")
