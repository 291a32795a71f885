"""What `load` makes of the daemon's answer, and of answers that no daemon should give."""

from __future__ import annotations

import hashlib
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields

import grpc
import numpy as np
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo

import imageid
from clients.python.scripted_daemon import (
    ScriptedDaemon,
    chunk,
    error_info,
    fails,
    gap_then_silence,
    header,
    messages,
    says,
    summary,
)
from imageid._assembly import Assembly
from imageid._wire import Part
from imageid.v1 import types_pb2 as types
from imageid.v1.image_service_pb2 import DataChunk, LoadImageResponse

BODY = bytes(range(24))


def test_a_small_image_may_come_in_one_message(scripted: ScriptedDaemon, client) -> None:
    whole = LoadImageResponse(header=header(BODY), chunk=chunk(BODY), summary=summary(BODY))
    scripted.script("LoadImage", says(whole))

    image = client.load("example://1", "encoded")

    assert bytes(image.data) == BODY
    assert image.data.readonly


def test_an_image_says_what_the_daemon_said_of_it(scripted: ScriptedDaemon, client) -> None:
    described = header(BODY, image_id="example://1", metadata=types.ImageMetadata(rows=2))
    timing = types.Timing(total=Duration(seconds=1, nanos=500_000_000))
    end = summary(BODY, timing=timing, etag='"final"')
    scripted.script(
        "LoadImage", says(LoadImageResponse(header=described, chunk=chunk(BODY), summary=end))
    )

    image = client.load("example://1")

    assert image.image_id == "example://1"
    assert image.content_type == "application/octet-stream"
    assert image.sha256 == hashlib.sha256(BODY).hexdigest()
    assert image.cache_status == "miss"
    assert image.etag == '"final"'
    assert image.loader == "scripted"
    assert image.timing.total_seconds == 1.5
    assert image.timing.decode_seconds is None


def test_pixels_have_the_shape_and_type_of_the_layout(scripted: ScriptedDaemon, client) -> None:
    layout = types.Layout(sample_type=types.SAMPLE_TYPE_INT16, shape=[2, 2, 3], strides=[12, 6, 2])
    scripted.script("LoadImage", says(*messages(BODY, layout=layout)))

    pixels = client.load("example://1").pixels

    assert np.array_equal(pixels, np.frombuffer(BODY, "<i2").reshape(2, 2, 3))
    assert not pixels.flags.writeable


def test_rows_may_be_padded(scripted: ScriptedDaemon, client) -> None:
    layout = types.Layout(sample_type=types.SAMPLE_TYPE_UINT8, shape=[3, 6], strides=[8, 1])
    scripted.script("LoadImage", says(*messages(BODY, layout=layout)))

    pixels = client.load("example://1").pixels

    assert np.array_equal(pixels, np.frombuffer(BODY, "u1").reshape(3, 8)[:, :6])


def test_encoded_bytes_are_not_pixels(scripted: ScriptedDaemon, client) -> None:
    scripted.script("LoadImage", says(*messages(BODY)))
    image = client.load("example://1", "encoded")

    with pytest.raises(ValueError, match='load it with output="pixels"'):
        _ = image.pixels


def test_what_the_image_does_not_say_is_none(scripted: ScriptedDaemon, client) -> None:
    said = types.ImageMetadata(rows=0, window_center=[40, 50], high_bit=11)
    said.voi_lut_function = types.VOI_LUT_FUNCTION_SIGMOID
    scripted.script("LoadImage", says(*messages(BODY, metadata=said)))

    metadata = client.load("example://1").metadata

    assert metadata.as_dict() == {
        "rows": 0,
        "window_center": (40.0, 50.0),
        "high_bit": 11,
        "voi_lut_function": "SIGMOID",
        "modality_values": False,
    }


def test_metadata_names_every_field_of_the_contract() -> None:
    named = {field.name for field in fields(imageid.Metadata)}

    assert named == set(types.ImageMetadata.DESCRIPTOR.fields_by_name)


def test_without_metadata_there_is_none(scripted: ScriptedDaemon, client) -> None:
    scripted.script("LoadImage", says(*messages(BODY)))

    assert client.load("example://1", "encoded").metadata is None


def test_progress_is_told_of_every_part(scripted: ScriptedDaemon, client) -> None:
    scripted.script("LoadImage", says(*messages(BODY, chunk_bytes=8)))
    told: list[tuple[int, int | None]] = []

    client.load("example://1", progress=lambda received, size: told.append((received, size)))

    assert told == [(0, 24), (8, 24), (16, 24), (24, 24), (24, 24)]


def test_progress_does_not_know_a_size_that_the_origin_has_not_said(
    scripted: ScriptedDaemon, client
) -> None:
    scripted.script("LoadImage", says(*messages(BODY, chunk_bytes=24, size_bytes=None)))
    told: list[int | None] = []

    client.load("example://1", progress=lambda received, size: told.append(size))

    assert told == [None, None, 24]


BROKEN = {
    "it ends without a summary": list(messages(BODY))[:-1],
    "its SHA-256 differs": [
        *list(messages(BODY))[:-1],
        LoadImageResponse(summary=summary(bytes(24))),
    ],
    "bytes came": [
        LoadImageResponse(header=header(BODY), chunk=chunk(BODY[:4]), summary=summary(BODY))
    ],
    "byte 0 is followed by byte 4": [
        LoadImageResponse(header=header(BODY), chunk=chunk(BODY[4:], 4), summary=summary(BODY))
    ],
    "CRC-32C": [
        LoadImageResponse(
            header=header(BODY), chunk=DataChunk(data=BODY, crc32c=1), summary=summary(BODY)
        )
    ],
    "it begins without a header": list(messages(BODY))[1:],
    "it goes on after its summary": [*messages(BODY), LoadImageResponse(chunk=chunk(b"x", 24))],
    "it begins at byte 3": list(messages(BODY, start=3)),
}


@pytest.mark.parametrize("why", BROKEN)
def test_an_answer_that_is_not_whole_is_an_error(
    why: str, scripted: ScriptedDaemon, client
) -> None:
    scripted.script("LoadImage", says(*BROKEN[why]))

    with pytest.raises(imageid.Error, match=why) as raised:
        client.load("example://1", "encoded")

    assert raised.value.reason == "CHECKSUM_MISMATCH"
    assert raised.value.code is grpc.StatusCode.DATA_LOSS


def test_without_google_crc32c_the_digest_of_the_whole_body_decides() -> None:
    assembly = Assembly(crc32c=None)

    body = b"".join(
        assembly.accept(Part(message, message.chunk.data)) for message in BROKEN["CRC-32C"]
    )
    assembly.finish()

    assert body == BODY


def test_an_error_has_code_reason_detail_and_facts(scripted: ScriptedDaemon, client) -> None:
    reason = error_info("SCHEME_UNSUPPORTED", scheme="ftp", schemes="file wadors")
    scripted.script(
        "LoadImage", fails(grpc.StatusCode.INVALID_ARGUMENT, "No loader for ftp.", reason)
    )

    with pytest.raises(imageid.Error) as raised:
        client.load("ftp://host/image")

    error = raised.value
    assert error.code is grpc.StatusCode.INVALID_ARGUMENT
    assert error.reason == "SCHEME_UNSUPPORTED"
    assert error.detail == "No loader for ftp."
    assert error.metadata == {"scheme": "ftp", "schemes": "file wadors"}
    assert error.retry_after_seconds is None
    assert str(error) == "No loader for ftp. (SCHEME_UNSUPPORTED)"


def test_an_error_says_when_to_try_again(scripted: ScriptedDaemon, client) -> None:
    retry = RetryInfo(retry_delay=Duration(seconds=2, nanos=500_000_000))
    busy = fails(grpc.StatusCode.RESOURCE_EXHAUSTED, "Busy.", error_info("SERVER_BUSY"), retry)
    scripted.script("LoadImage", busy)

    with pytest.raises(imageid.Error) as raised:
        client.load("example://1")

    assert raised.value.retry_after_seconds == 2.5


def test_an_error_without_a_reason_has_its_codes_name(scripted: ScriptedDaemon, client) -> None:
    scripted.script("LoadImage", fails(grpc.StatusCode.UNKNOWN, "Something."))

    with pytest.raises(imageid.Error) as raised:
        client.load("example://1")

    assert raised.value.reason == "UNKNOWN"


def test_details_that_cannot_be_read_do_not_hide_the_error(
    scripted: ScriptedDaemon, client
) -> None:
    def answer(request, context):
        context.set_trailing_metadata((("grpc-status-details-bin", b"\xff\xff"),))
        context.abort(grpc.StatusCode.NOT_FOUND, "There is no such image.")

    scripted.script("LoadImage", answer)

    with pytest.raises(imageid.Error, match="There is no such image") as raised:
        client.load("example://1")

    assert raised.value.reason == "NOT_FOUND"


def test_a_call_ends_when_its_time_is_up(scripted: ScriptedDaemon) -> None:
    released = threading.Event()

    def silent(request, context):
        context.add_callback(released.set)
        released.wait()
        yield from ()

    scripted.script("LoadImage", silent)

    with (
        imageid.connect(scripted.address, timeout=0.1) as client,
        pytest.raises(imageid.Error, match="within the timeout") as raised,
    ):
        client.load("example://1")

    assert raised.value.code is grpc.StatusCode.DEADLINE_EXCEEDED


def test_a_call_that_makes_no_sense_is_ended(scripted: ScriptedDaemon, client) -> None:
    ended = threading.Event()
    scripted.script("LoadImage", gap_then_silence(ended))

    with pytest.raises(imageid.Error, match="is followed by") as raised:
        client.load("example://1")

    assert ended.wait(10)
    assert raised.value.__traceback__  # a kept error keeps the call, which must end all the same


def test_threads_may_share_a_client(scripted: ScriptedDaemon, client) -> None:
    scripted.script("LoadImage", lambda request, context: messages(request.image_id.encode()))
    image_ids = [f"example://{number}" for number in range(40)]

    with ThreadPoolExecutor(8) as threads:
        images = list(threads.map(lambda image_id: client.load(image_id, "encoded"), image_ids))

    assert [bytes(image.data).decode() for image in images] == image_ids
