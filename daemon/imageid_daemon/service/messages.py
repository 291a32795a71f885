"""From what the resolver knows to what the contract says."""

from __future__ import annotations

import time
from typing import Any

import msgspec
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from imageid.v1 import image_service_pb2, types_pb2
from imageid_daemon.cache import Entry, freshness
from imageid_daemon.pixels import (
    ImageMetadata,
    Layout,
    LookupTable,
    PixelsOptions,
    functional_groups,
)
from imageid_daemon.resolver import Answer, CacheStatus, Output, Timing, description_of

_SAMPLE_TYPES = {
    "uint8": types_pb2.SAMPLE_TYPE_UINT8,
    "int8": types_pb2.SAMPLE_TYPE_INT8,
    "uint16": types_pb2.SAMPLE_TYPE_UINT16,
    "int16": types_pb2.SAMPLE_TYPE_INT16,
    "uint32": types_pb2.SAMPLE_TYPE_UINT32,
    "int32": types_pb2.SAMPLE_TYPE_INT32,
    "uint64": types_pb2.SAMPLE_TYPE_UINT64,
    "int64": types_pb2.SAMPLE_TYPE_INT64,
    "float32": types_pb2.SAMPLE_TYPE_FLOAT32,
    "float64": types_pb2.SAMPLE_TYPE_FLOAT64,
}
_STATUSES = {
    CacheStatus.HIT: types_pb2.CACHE_STATUS_HIT,
    CacheStatus.MISS: types_pb2.CACHE_STATUS_MISS,
    CacheStatus.COALESCED: types_pb2.CACHE_STATUS_COALESCED,
    CacheStatus.REVALIDATED: types_pb2.CACHE_STATUS_REVALIDATED,
    CacheStatus.STALE: types_pb2.CACHE_STATUS_STALE,
    CacheStatus.BYPASS: types_pb2.CACHE_STATUS_BYPASS,
}
_FUNCTIONS = {
    "LINEAR": types_pb2.VOI_LUT_FUNCTION_LINEAR,
    "LINEAR_EXACT": types_pb2.VOI_LUT_FUNCTION_LINEAR_EXACT,
    "SIGMOID": types_pb2.VOI_LUT_FUNCTION_SIGMOID,
}


def status(status: CacheStatus) -> types_pb2.CacheStatus:
    return _STATUSES[status]


def representation(output: Output) -> types_pb2.Representation:
    if output is None:
        return types_pb2.REPRESENTATION_ENCODED
    if isinstance(output, PixelsOptions):
        return types_pb2.REPRESENTATION_PIXELS
    return types_pb2.REPRESENTATION_RENDERED


def image_metadata(metadata: ImageMetadata) -> types_pb2.ImageMetadata:
    """Field by field: both sides have the same names, and None is absent."""
    message = types_pb2.ImageMetadata()
    _fill(message, metadata)
    return message


def add_dicom_json(message: types_pb2.ImageMetadata, document: bytes) -> None:
    """Set the whole data set, as `pixels.dicom_json` gives it, and the frame's groups of it."""
    data_set: dict[str, Any] = msgspec.json.decode(document, type=dict)
    message.dicom_json.update(data_set)
    groups = functional_groups(data_set, message.frame_number or 1)
    if groups:
        message.functional_groups.update(groups)


def _fill(message: Message, said: msgspec.Struct) -> None:
    for name in said.__struct_fields__:
        value = getattr(said, name)
        if value is None:
            continue
        if isinstance(value, LookupTable):
            _fill_table(getattr(message, name), value)
        elif isinstance(value, msgspec.Struct):
            getattr(message, name).SetInParent()
            _fill(getattr(message, name), value)
        elif isinstance(value, tuple):
            _fill_list(getattr(message, name), value)
        elif name == "voi_lut_function":
            setattr(message, name, _FUNCTIONS[value])
        else:
            setattr(message, name, value)


def _fill_list(field: Any, values: tuple[Any, ...]) -> None:
    for value in values:
        if isinstance(value, LookupTable):
            _fill_table(field.add(), value)
        elif isinstance(value, msgspec.Struct):
            _fill(field.add(), value)
        else:
            field.append(value)


def _fill_table(message: types_pb2.LookupTable, table: LookupTable) -> None:
    message.first_mapped, message.bits, message.entries = table.first_mapped, table.bits, table.data
    if table.explanation:
        message.explanation = table.explanation


def header(
    image_id: str, output: Output, answer: Answer, loader: str
) -> image_service_pb2.ImageHeader:
    """All that is known of the answer by now."""
    message = image_service_pb2.ImageHeader(
        image_id=image_id,
        representation=representation(output),
        content_type=answer.media_type,
        size_bytes=answer.size_bytes,
        cache_status=status(answer.status),
        loader=loader,
    )
    if answer.entry is not None:
        message.etag = answer.entry.etag
        message.checksums.sha256 = bytes.fromhex(answer.entry.digest)
        if output is None:
            _add_freshness(message, answer.entry)
        else:
            _add_description(message, answer.entry)
    return message


def timing(timing: Timing, started_seconds: float) -> types_pb2.Timing:
    return types_pb2.Timing(
        total=duration(time.monotonic() - started_seconds),
        origin_first_byte=_optional(timing.origin_first_byte),
        origin_total=_optional(timing.origin_total),
        decode=_optional(timing.decode),
    )


def duration(seconds: float) -> Duration:
    """Of a time that is not negative."""
    whole_seconds, nanos = divmod(int(seconds * 1e9), 1_000_000_000)
    return Duration(seconds=whole_seconds, nanos=nanos)


def _optional(seconds: float | None) -> Duration | None:
    return None if seconds is None else duration(seconds)


def _add_freshness(message: image_service_pb2.ImageHeader, entry: Entry) -> None:
    age = freshness.age_seconds(entry.headers, entry.response_seconds, time.time())
    lifetime = freshness.lifetime_seconds(
        entry.headers, entry.response_seconds, entry.fresh_for_seconds
    )
    message.age.CopyFrom(duration(age))
    message.expire_time.FromNanoseconds(int((time.time() + lifetime - age) * 1e9))


def _add_description(message: image_service_pb2.ImageHeader, entry: Entry) -> None:
    description = description_of(entry)
    message.metadata.CopyFrom(image_metadata(description.metadata))
    if description.layout is not None:
        _add_layout(message.layout, description.layout)


def _add_layout(message: types_pb2.Layout, layout: Layout) -> None:
    message.sample_type = _SAMPLE_TYPES[layout.dtype]
    message.shape.extend(layout.shape)
    message.strides.extend(layout.strides)
