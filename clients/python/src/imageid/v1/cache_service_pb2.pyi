import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class GetCacheStatsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetCacheStatsResponse(_message.Message):
    __slots__ = ("entries", "blobs", "stored_bytes", "reserved_bytes", "limit_bytes", "evicted_bytes", "evicted_blobs", "running_fills", "requests", "start_time", "directory")
    class RequestsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: int
        def __init__(self, key: _Optional[str] = ..., value: _Optional[int] = ...) -> None: ...
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    BLOBS_FIELD_NUMBER: _ClassVar[int]
    STORED_BYTES_FIELD_NUMBER: _ClassVar[int]
    RESERVED_BYTES_FIELD_NUMBER: _ClassVar[int]
    LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    EVICTED_BYTES_FIELD_NUMBER: _ClassVar[int]
    EVICTED_BLOBS_FIELD_NUMBER: _ClassVar[int]
    RUNNING_FILLS_FIELD_NUMBER: _ClassVar[int]
    REQUESTS_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    DIRECTORY_FIELD_NUMBER: _ClassVar[int]
    entries: int
    blobs: int
    stored_bytes: int
    reserved_bytes: int
    limit_bytes: int
    evicted_bytes: int
    evicted_blobs: int
    running_fills: int
    requests: _containers.ScalarMap[str, int]
    start_time: _timestamp_pb2.Timestamp
    directory: str
    def __init__(self, entries: _Optional[int] = ..., blobs: _Optional[int] = ..., stored_bytes: _Optional[int] = ..., reserved_bytes: _Optional[int] = ..., limit_bytes: _Optional[int] = ..., evicted_bytes: _Optional[int] = ..., evicted_blobs: _Optional[int] = ..., running_fills: _Optional[int] = ..., requests: _Optional[_Mapping[str, int]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., directory: _Optional[str] = ...) -> None: ...

class ImageSelector(_message.Message):
    __slots__ = ("image_ids", "all")
    IMAGE_IDS_FIELD_NUMBER: _ClassVar[int]
    ALL_FIELD_NUMBER: _ClassVar[int]
    image_ids: ImageIds
    all: bool
    def __init__(self, image_ids: _Optional[_Union[ImageIds, _Mapping]] = ..., all: bool = ...) -> None: ...

class ImageIds(_message.Message):
    __slots__ = ("image_ids",)
    IMAGE_IDS_FIELD_NUMBER: _ClassVar[int]
    image_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, image_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class EvictImagesRequest(_message.Message):
    __slots__ = ("selector", "validate_only")
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    selector: ImageSelector
    validate_only: bool
    def __init__(self, selector: _Optional[_Union[ImageSelector, _Mapping]] = ..., validate_only: bool = ...) -> None: ...

class EvictImagesResponse(_message.Message):
    __slots__ = ("entries", "freed_bytes")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    FREED_BYTES_FIELD_NUMBER: _ClassVar[int]
    entries: int
    freed_bytes: int
    def __init__(self, entries: _Optional[int] = ..., freed_bytes: _Optional[int] = ...) -> None: ...
