import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from imageid.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EventKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EVENT_KIND_UNSPECIFIED: _ClassVar[EventKind]
    EVENT_KIND_STORED: _ClassVar[EventKind]
    EVENT_KIND_EVICTED: _ClassVar[EventKind]
    EVENT_KIND_CORRUPT: _ClassVar[EventKind]
    EVENT_KIND_FILL_STARTED: _ClassVar[EventKind]
    EVENT_KIND_FILL_FAILED: _ClassVar[EventKind]
EVENT_KIND_UNSPECIFIED: EventKind
EVENT_KIND_STORED: EventKind
EVENT_KIND_EVICTED: EventKind
EVENT_KIND_CORRUPT: EventKind
EVENT_KIND_FILL_STARTED: EventKind
EVENT_KIND_FILL_FAILED: EventKind

class GetCacheStatsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetCacheStatsResponse(_message.Message):
    __slots__ = ("entries", "blobs", "stored_bytes", "reserved_bytes", "limit_bytes", "evicted_bytes", "evicted_blobs", "running_fills", "requests", "start_time", "directory", "pinned_bytes", "pin_limit_bytes")
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
    PINNED_BYTES_FIELD_NUMBER: _ClassVar[int]
    PIN_LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
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
    pinned_bytes: int
    pin_limit_bytes: int
    def __init__(self, entries: _Optional[int] = ..., blobs: _Optional[int] = ..., stored_bytes: _Optional[int] = ..., reserved_bytes: _Optional[int] = ..., limit_bytes: _Optional[int] = ..., evicted_bytes: _Optional[int] = ..., evicted_blobs: _Optional[int] = ..., running_fills: _Optional[int] = ..., requests: _Optional[_Mapping[str, int]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., directory: _Optional[str] = ..., pinned_bytes: _Optional[int] = ..., pin_limit_bytes: _Optional[int] = ...) -> None: ...

class ImageSelector(_message.Message):
    __slots__ = ("image_ids", "all", "id_prefix", "study_instance_uid", "series_instance_uid", "origin", "tag", "older_than")
    IMAGE_IDS_FIELD_NUMBER: _ClassVar[int]
    ALL_FIELD_NUMBER: _ClassVar[int]
    ID_PREFIX_FIELD_NUMBER: _ClassVar[int]
    STUDY_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    SERIES_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    OLDER_THAN_FIELD_NUMBER: _ClassVar[int]
    image_ids: ImageIds
    all: bool
    id_prefix: str
    study_instance_uid: str
    series_instance_uid: str
    origin: str
    tag: str
    older_than: _duration_pb2.Duration
    def __init__(self, image_ids: _Optional[_Union[ImageIds, _Mapping]] = ..., all: bool = ..., id_prefix: _Optional[str] = ..., study_instance_uid: _Optional[str] = ..., series_instance_uid: _Optional[str] = ..., origin: _Optional[str] = ..., tag: _Optional[str] = ..., older_than: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class ImageIds(_message.Message):
    __slots__ = ("image_ids",)
    IMAGE_IDS_FIELD_NUMBER: _ClassVar[int]
    image_ids: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, image_ids: _Optional[_Iterable[str]] = ...) -> None: ...

class ListCacheEntriesRequest(_message.Message):
    __slots__ = ("selector", "representation", "page_size", "page_token")
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    REPRESENTATION_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    selector: ImageSelector
    representation: _types_pb2.Representation
    page_size: int
    page_token: str
    def __init__(self, selector: _Optional[_Union[ImageSelector, _Mapping]] = ..., representation: _Optional[_Union[_types_pb2.Representation, str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListCacheEntriesResponse(_message.Message):
    __slots__ = ("entries", "next_page_token")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedCompositeFieldContainer[CacheEntry]
    next_page_token: str
    def __init__(self, entries: _Optional[_Iterable[_Union[CacheEntry, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class CacheEntry(_message.Message):
    __slots__ = ("entry_id", "url", "representation", "content_type", "size_bytes", "frame_number", "response_time", "pinned_until", "tag", "sha256")
    ENTRY_ID_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    REPRESENTATION_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    FRAME_NUMBER_FIELD_NUMBER: _ClassVar[int]
    RESPONSE_TIME_FIELD_NUMBER: _ClassVar[int]
    PINNED_UNTIL_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    entry_id: str
    url: str
    representation: _types_pb2.Representation
    content_type: str
    size_bytes: int
    frame_number: int
    response_time: _timestamp_pb2.Timestamp
    pinned_until: _timestamp_pb2.Timestamp
    tag: str
    sha256: bytes
    def __init__(self, entry_id: _Optional[str] = ..., url: _Optional[str] = ..., representation: _Optional[_Union[_types_pb2.Representation, str]] = ..., content_type: _Optional[str] = ..., size_bytes: _Optional[int] = ..., frame_number: _Optional[int] = ..., response_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., pinned_until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., tag: _Optional[str] = ..., sha256: _Optional[bytes] = ...) -> None: ...

class EvictImagesRequest(_message.Message):
    __slots__ = ("selector", "validate_only", "include_pinned")
    SELECTOR_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_PINNED_FIELD_NUMBER: _ClassVar[int]
    selector: ImageSelector
    validate_only: bool
    include_pinned: bool
    def __init__(self, selector: _Optional[_Union[ImageSelector, _Mapping]] = ..., validate_only: bool = ..., include_pinned: bool = ...) -> None: ...

class EvictImagesResponse(_message.Message):
    __slots__ = ("entries", "freed_bytes", "pinned")
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    FREED_BYTES_FIELD_NUMBER: _ClassVar[int]
    PINNED_FIELD_NUMBER: _ClassVar[int]
    entries: int
    freed_bytes: int
    pinned: int
    def __init__(self, entries: _Optional[int] = ..., freed_bytes: _Optional[int] = ..., pinned: _Optional[int] = ...) -> None: ...

class PinImagesRequest(_message.Message):
    __slots__ = ("image_ids", "keep_for", "until", "unpin", "tag")
    IMAGE_IDS_FIELD_NUMBER: _ClassVar[int]
    KEEP_FOR_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    UNPIN_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    image_ids: _containers.RepeatedScalarFieldContainer[str]
    keep_for: _duration_pb2.Duration
    until: _timestamp_pb2.Timestamp
    unpin: bool
    tag: str
    def __init__(self, image_ids: _Optional[_Iterable[str]] = ..., keep_for: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., unpin: bool = ..., tag: _Optional[str] = ...) -> None: ...

class PinImagesResponse(_message.Message):
    __slots__ = ("not_stored", "pinned_bytes", "pin_limit_bytes")
    NOT_STORED_FIELD_NUMBER: _ClassVar[int]
    PINNED_BYTES_FIELD_NUMBER: _ClassVar[int]
    PIN_LIMIT_BYTES_FIELD_NUMBER: _ClassVar[int]
    not_stored: _containers.RepeatedScalarFieldContainer[int]
    pinned_bytes: int
    pin_limit_bytes: int
    def __init__(self, not_stored: _Optional[_Iterable[int]] = ..., pinned_bytes: _Optional[int] = ..., pin_limit_bytes: _Optional[int] = ...) -> None: ...

class VerifyCacheRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class VerifyCacheResponse(_message.Message):
    __slots__ = ("checked_blobs", "checked_bytes", "total_blobs", "corrupt_blobs", "unreadable_blobs")
    CHECKED_BLOBS_FIELD_NUMBER: _ClassVar[int]
    CHECKED_BYTES_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BLOBS_FIELD_NUMBER: _ClassVar[int]
    CORRUPT_BLOBS_FIELD_NUMBER: _ClassVar[int]
    UNREADABLE_BLOBS_FIELD_NUMBER: _ClassVar[int]
    checked_blobs: int
    checked_bytes: int
    total_blobs: int
    corrupt_blobs: int
    unreadable_blobs: int
    def __init__(self, checked_blobs: _Optional[int] = ..., checked_bytes: _Optional[int] = ..., total_blobs: _Optional[int] = ..., corrupt_blobs: _Optional[int] = ..., unreadable_blobs: _Optional[int] = ...) -> None: ...

class WatchEventsRequest(_message.Message):
    __slots__ = ("after_sequence", "kinds")
    AFTER_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    KINDS_FIELD_NUMBER: _ClassVar[int]
    after_sequence: int
    kinds: _containers.RepeatedScalarFieldContainer[EventKind]
    def __init__(self, after_sequence: _Optional[int] = ..., kinds: _Optional[_Iterable[_Union[EventKind, str]]] = ...) -> None: ...

class WatchEventsResponse(_message.Message):
    __slots__ = ("events", "sequence")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[CacheEvent]
    sequence: int
    def __init__(self, events: _Optional[_Iterable[_Union[CacheEvent, _Mapping]]] = ..., sequence: _Optional[int] = ...) -> None: ...

class CacheEvent(_message.Message):
    __slots__ = ("sequence", "time", "kind", "entry_id", "url", "representation", "size_bytes", "error_reason")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    ENTRY_ID_FIELD_NUMBER: _ClassVar[int]
    URL_FIELD_NUMBER: _ClassVar[int]
    REPRESENTATION_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    ERROR_REASON_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    time: _timestamp_pb2.Timestamp
    kind: EventKind
    entry_id: str
    url: str
    representation: _types_pb2.Representation
    size_bytes: int
    error_reason: str
    def __init__(self, sequence: _Optional[int] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., kind: _Optional[_Union[EventKind, str]] = ..., entry_id: _Optional[str] = ..., url: _Optional[str] = ..., representation: _Optional[_Union[_types_pb2.Representation, str]] = ..., size_bytes: _Optional[int] = ..., error_reason: _Optional[str] = ...) -> None: ...
