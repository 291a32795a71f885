import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from imageid.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class LoadImageRequest(_message.Message):
    __slots__ = ("image_id", "output", "cache_control", "priority", "read_offset", "read_limit", "if_match_etag", "if_none_match_etag", "chunk_bytes", "include_dicom_json", "accept_local_file", "locality_token", "prefer_local_file")
    IMAGE_ID_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    CACHE_CONTROL_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    READ_OFFSET_FIELD_NUMBER: _ClassVar[int]
    READ_LIMIT_FIELD_NUMBER: _ClassVar[int]
    IF_MATCH_ETAG_FIELD_NUMBER: _ClassVar[int]
    IF_NONE_MATCH_ETAG_FIELD_NUMBER: _ClassVar[int]
    CHUNK_BYTES_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DICOM_JSON_FIELD_NUMBER: _ClassVar[int]
    ACCEPT_LOCAL_FILE_FIELD_NUMBER: _ClassVar[int]
    LOCALITY_TOKEN_FIELD_NUMBER: _ClassVar[int]
    PREFER_LOCAL_FILE_FIELD_NUMBER: _ClassVar[int]
    image_id: str
    output: _types_pb2.OutputSpec
    cache_control: _types_pb2.CacheControl
    priority: _types_pb2.Priority
    read_offset: int
    read_limit: int
    if_match_etag: str
    if_none_match_etag: str
    chunk_bytes: int
    include_dicom_json: bool
    accept_local_file: bool
    locality_token: bytes
    prefer_local_file: bool
    def __init__(self, image_id: _Optional[str] = ..., output: _Optional[_Union[_types_pb2.OutputSpec, _Mapping]] = ..., cache_control: _Optional[_Union[_types_pb2.CacheControl, _Mapping]] = ..., priority: _Optional[_Union[_types_pb2.Priority, str]] = ..., read_offset: _Optional[int] = ..., read_limit: _Optional[int] = ..., if_match_etag: _Optional[str] = ..., if_none_match_etag: _Optional[str] = ..., chunk_bytes: _Optional[int] = ..., include_dicom_json: bool = ..., accept_local_file: bool = ..., locality_token: _Optional[bytes] = ..., prefer_local_file: bool = ...) -> None: ...

class LoadImageResponse(_message.Message):
    __slots__ = ("header", "summary", "local_file", "chunk")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    LOCAL_FILE_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    header: ImageHeader
    summary: LoadSummary
    local_file: LocalFile
    chunk: DataChunk
    def __init__(self, header: _Optional[_Union[ImageHeader, _Mapping]] = ..., summary: _Optional[_Union[LoadSummary, _Mapping]] = ..., local_file: _Optional[_Union[LocalFile, _Mapping]] = ..., chunk: _Optional[_Union[DataChunk, _Mapping]] = ...) -> None: ...

class ImageHeader(_message.Message):
    __slots__ = ("image_id", "representation", "content_type", "layout", "metadata", "size_bytes", "range_start", "etag", "checksums", "cache_status", "age", "expire_time", "not_modified", "timing", "loader")
    IMAGE_ID_FIELD_NUMBER: _ClassVar[int]
    REPRESENTATION_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    LAYOUT_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    RANGE_START_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    CHECKSUMS_FIELD_NUMBER: _ClassVar[int]
    CACHE_STATUS_FIELD_NUMBER: _ClassVar[int]
    AGE_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    NOT_MODIFIED_FIELD_NUMBER: _ClassVar[int]
    TIMING_FIELD_NUMBER: _ClassVar[int]
    LOADER_FIELD_NUMBER: _ClassVar[int]
    image_id: str
    representation: _types_pb2.Representation
    content_type: str
    layout: _types_pb2.Layout
    metadata: _types_pb2.ImageMetadata
    size_bytes: int
    range_start: int
    etag: str
    checksums: _types_pb2.Checksums
    cache_status: _types_pb2.CacheStatus
    age: _duration_pb2.Duration
    expire_time: _timestamp_pb2.Timestamp
    not_modified: bool
    timing: _types_pb2.Timing
    loader: str
    def __init__(self, image_id: _Optional[str] = ..., representation: _Optional[_Union[_types_pb2.Representation, str]] = ..., content_type: _Optional[str] = ..., layout: _Optional[_Union[_types_pb2.Layout, _Mapping]] = ..., metadata: _Optional[_Union[_types_pb2.ImageMetadata, _Mapping]] = ..., size_bytes: _Optional[int] = ..., range_start: _Optional[int] = ..., etag: _Optional[str] = ..., checksums: _Optional[_Union[_types_pb2.Checksums, _Mapping]] = ..., cache_status: _Optional[_Union[_types_pb2.CacheStatus, str]] = ..., age: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., not_modified: bool = ..., timing: _Optional[_Union[_types_pb2.Timing, _Mapping]] = ..., loader: _Optional[str] = ...) -> None: ...

class DataChunk(_message.Message):
    __slots__ = ("offset", "crc32c", "data")
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    CRC32C_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    offset: int
    crc32c: int
    data: bytes
    def __init__(self, offset: _Optional[int] = ..., crc32c: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class LocalFile(_message.Message):
    __slots__ = ("path", "offset", "length")
    PATH_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    LENGTH_FIELD_NUMBER: _ClassVar[int]
    path: str
    offset: int
    length: int
    def __init__(self, path: _Optional[str] = ..., offset: _Optional[int] = ..., length: _Optional[int] = ...) -> None: ...

class LoadSummary(_message.Message):
    __slots__ = ("sent_bytes", "size_bytes", "checksums", "timing", "stored", "etag")
    SENT_BYTES_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    CHECKSUMS_FIELD_NUMBER: _ClassVar[int]
    TIMING_FIELD_NUMBER: _ClassVar[int]
    STORED_FIELD_NUMBER: _ClassVar[int]
    ETAG_FIELD_NUMBER: _ClassVar[int]
    sent_bytes: int
    size_bytes: int
    checksums: _types_pb2.Checksums
    timing: _types_pb2.Timing
    stored: bool
    etag: str
    def __init__(self, sent_bytes: _Optional[int] = ..., size_bytes: _Optional[int] = ..., checksums: _Optional[_Union[_types_pb2.Checksums, _Mapping]] = ..., timing: _Optional[_Union[_types_pb2.Timing, _Mapping]] = ..., stored: bool = ..., etag: _Optional[str] = ...) -> None: ...

class LoadImagesRequest(_message.Message):
    __slots__ = ("image_ids", "output", "cache_control", "priority", "chunk_bytes", "accept_local_file", "locality_token", "in_request_order")
    IMAGE_IDS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    CACHE_CONTROL_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    CHUNK_BYTES_FIELD_NUMBER: _ClassVar[int]
    ACCEPT_LOCAL_FILE_FIELD_NUMBER: _ClassVar[int]
    LOCALITY_TOKEN_FIELD_NUMBER: _ClassVar[int]
    IN_REQUEST_ORDER_FIELD_NUMBER: _ClassVar[int]
    image_ids: _containers.RepeatedScalarFieldContainer[str]
    output: _types_pb2.OutputSpec
    cache_control: _types_pb2.CacheControl
    priority: _types_pb2.Priority
    chunk_bytes: int
    accept_local_file: bool
    locality_token: bytes
    in_request_order: bool
    def __init__(self, image_ids: _Optional[_Iterable[str]] = ..., output: _Optional[_Union[_types_pb2.OutputSpec, _Mapping]] = ..., cache_control: _Optional[_Union[_types_pb2.CacheControl, _Mapping]] = ..., priority: _Optional[_Union[_types_pb2.Priority, str]] = ..., chunk_bytes: _Optional[int] = ..., accept_local_file: bool = ..., locality_token: _Optional[bytes] = ..., in_request_order: bool = ...) -> None: ...

class LoadImagesResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[LoadImagesResult]
    def __init__(self, results: _Optional[_Iterable[_Union[LoadImagesResult, _Mapping]]] = ...) -> None: ...

class LoadImagesResult(_message.Message):
    __slots__ = ("index", "header", "summary", "local_file", "error_code", "error_reason", "error_message", "chunk")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    HEADER_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    LOCAL_FILE_FIELD_NUMBER: _ClassVar[int]
    ERROR_CODE_FIELD_NUMBER: _ClassVar[int]
    ERROR_REASON_FIELD_NUMBER: _ClassVar[int]
    ERROR_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    index: int
    header: ImageHeader
    summary: LoadSummary
    local_file: LocalFile
    error_code: int
    error_reason: str
    error_message: str
    chunk: DataChunk
    def __init__(self, index: _Optional[int] = ..., header: _Optional[_Union[ImageHeader, _Mapping]] = ..., summary: _Optional[_Union[LoadSummary, _Mapping]] = ..., local_file: _Optional[_Union[LocalFile, _Mapping]] = ..., error_code: _Optional[int] = ..., error_reason: _Optional[str] = ..., error_message: _Optional[str] = ..., chunk: _Optional[_Union[DataChunk, _Mapping]] = ...) -> None: ...

class GetImageMetadataRequest(_message.Message):
    __slots__ = ("image_id", "cache_control", "priority", "include_dicom_json")
    IMAGE_ID_FIELD_NUMBER: _ClassVar[int]
    CACHE_CONTROL_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DICOM_JSON_FIELD_NUMBER: _ClassVar[int]
    image_id: str
    cache_control: _types_pb2.CacheControl
    priority: _types_pb2.Priority
    include_dicom_json: bool
    def __init__(self, image_id: _Optional[str] = ..., cache_control: _Optional[_Union[_types_pb2.CacheControl, _Mapping]] = ..., priority: _Optional[_Union[_types_pb2.Priority, str]] = ..., include_dicom_json: bool = ...) -> None: ...

class GetImageMetadataResponse(_message.Message):
    __slots__ = ("metadata", "cache_status", "loader")
    METADATA_FIELD_NUMBER: _ClassVar[int]
    CACHE_STATUS_FIELD_NUMBER: _ClassVar[int]
    LOADER_FIELD_NUMBER: _ClassVar[int]
    metadata: _types_pb2.ImageMetadata
    cache_status: _types_pb2.CacheStatus
    loader: str
    def __init__(self, metadata: _Optional[_Union[_types_pb2.ImageMetadata, _Mapping]] = ..., cache_status: _Optional[_Union[_types_pb2.CacheStatus, str]] = ..., loader: _Optional[str] = ...) -> None: ...

class BatchGetImageMetadataRequest(_message.Message):
    __slots__ = ("image_ids", "cache_control", "priority", "include_dicom_json")
    IMAGE_IDS_FIELD_NUMBER: _ClassVar[int]
    CACHE_CONTROL_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DICOM_JSON_FIELD_NUMBER: _ClassVar[int]
    image_ids: _containers.RepeatedScalarFieldContainer[str]
    cache_control: _types_pb2.CacheControl
    priority: _types_pb2.Priority
    include_dicom_json: bool
    def __init__(self, image_ids: _Optional[_Iterable[str]] = ..., cache_control: _Optional[_Union[_types_pb2.CacheControl, _Mapping]] = ..., priority: _Optional[_Union[_types_pb2.Priority, str]] = ..., include_dicom_json: bool = ...) -> None: ...

class BatchGetImageMetadataResponse(_message.Message):
    __slots__ = ("results",)
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[ImageMetadataResult]
    def __init__(self, results: _Optional[_Iterable[_Union[ImageMetadataResult, _Mapping]]] = ...) -> None: ...

class ImageMetadataResult(_message.Message):
    __slots__ = ("index", "metadata", "cache_status", "loader", "error_code", "error_reason", "error_message")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    CACHE_STATUS_FIELD_NUMBER: _ClassVar[int]
    LOADER_FIELD_NUMBER: _ClassVar[int]
    ERROR_CODE_FIELD_NUMBER: _ClassVar[int]
    ERROR_REASON_FIELD_NUMBER: _ClassVar[int]
    ERROR_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    index: int
    metadata: _types_pb2.ImageMetadata
    cache_status: _types_pb2.CacheStatus
    loader: str
    error_code: int
    error_reason: str
    error_message: str
    def __init__(self, index: _Optional[int] = ..., metadata: _Optional[_Union[_types_pb2.ImageMetadata, _Mapping]] = ..., cache_status: _Optional[_Union[_types_pb2.CacheStatus, str]] = ..., loader: _Optional[str] = ..., error_code: _Optional[int] = ..., error_reason: _Optional[str] = ..., error_message: _Optional[str] = ...) -> None: ...

class ListImagesRequest(_message.Message):
    __slots__ = ("root", "cache_control", "priority")
    ROOT_FIELD_NUMBER: _ClassVar[int]
    CACHE_CONTROL_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    root: str
    cache_control: _types_pb2.CacheControl
    priority: _types_pb2.Priority
    def __init__(self, root: _Optional[str] = ..., cache_control: _Optional[_Union[_types_pb2.CacheControl, _Mapping]] = ..., priority: _Optional[_Union[_types_pb2.Priority, str]] = ...) -> None: ...

class ListImagesResponse(_message.Message):
    __slots__ = ("images",)
    IMAGES_FIELD_NUMBER: _ClassVar[int]
    images: _containers.RepeatedCompositeFieldContainer[ListedImage]
    def __init__(self, images: _Optional[_Iterable[_Union[ListedImage, _Mapping]]] = ...) -> None: ...

class ListedImage(_message.Message):
    __slots__ = ("image_id", "series_instance_uid", "sop_instance_uid", "instance_number", "frame_number")
    IMAGE_ID_FIELD_NUMBER: _ClassVar[int]
    SERIES_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    SOP_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    FRAME_NUMBER_FIELD_NUMBER: _ClassVar[int]
    image_id: str
    series_instance_uid: str
    sop_instance_uid: str
    instance_number: int
    frame_number: int
    def __init__(self, image_id: _Optional[str] = ..., series_instance_uid: _Optional[str] = ..., sop_instance_uid: _Optional[str] = ..., instance_number: _Optional[int] = ..., frame_number: _Optional[int] = ...) -> None: ...

class StatImagesRequest(_message.Message):
    __slots__ = ("image_ids", "output")
    IMAGE_IDS_FIELD_NUMBER: _ClassVar[int]
    OUTPUT_FIELD_NUMBER: _ClassVar[int]
    image_ids: _containers.RepeatedScalarFieldContainer[str]
    output: _types_pb2.OutputSpec
    def __init__(self, image_ids: _Optional[_Iterable[str]] = ..., output: _Optional[_Union[_types_pb2.OutputSpec, _Mapping]] = ...) -> None: ...

class StatImagesResponse(_message.Message):
    __slots__ = ("stats",)
    STATS_FIELD_NUMBER: _ClassVar[int]
    stats: _containers.RepeatedCompositeFieldContainer[ImageStat]
    def __init__(self, stats: _Optional[_Iterable[_Union[ImageStat, _Mapping]]] = ...) -> None: ...

class ImageStat(_message.Message):
    __slots__ = ("cached", "fresh", "filling", "size_bytes", "error_reason")
    CACHED_FIELD_NUMBER: _ClassVar[int]
    FRESH_FIELD_NUMBER: _ClassVar[int]
    FILLING_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    ERROR_REASON_FIELD_NUMBER: _ClassVar[int]
    cached: bool
    fresh: bool
    filling: bool
    size_bytes: int
    error_reason: str
    def __init__(self, cached: bool = ..., fresh: bool = ..., filling: bool = ..., size_bytes: _Optional[int] = ..., error_reason: _Optional[str] = ...) -> None: ...

class PrefetchImagesRequest(_message.Message):
    __slots__ = ("image_ids", "outputs", "cache_control", "priority", "keep_for", "tag", "detach")
    IMAGE_IDS_FIELD_NUMBER: _ClassVar[int]
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    CACHE_CONTROL_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    KEEP_FOR_FIELD_NUMBER: _ClassVar[int]
    TAG_FIELD_NUMBER: _ClassVar[int]
    DETACH_FIELD_NUMBER: _ClassVar[int]
    image_ids: _containers.RepeatedScalarFieldContainer[str]
    outputs: _containers.RepeatedCompositeFieldContainer[_types_pb2.OutputSpec]
    cache_control: _types_pb2.CacheControl
    priority: _types_pb2.Priority
    keep_for: _duration_pb2.Duration
    tag: str
    detach: bool
    def __init__(self, image_ids: _Optional[_Iterable[str]] = ..., outputs: _Optional[_Iterable[_Union[_types_pb2.OutputSpec, _Mapping]]] = ..., cache_control: _Optional[_Union[_types_pb2.CacheControl, _Mapping]] = ..., priority: _Optional[_Union[_types_pb2.Priority, str]] = ..., keep_for: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., tag: _Optional[str] = ..., detach: bool = ...) -> None: ...

class PrefetchImagesResponse(_message.Message):
    __slots__ = ("results", "done", "failed", "size_bytes")
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    DONE_FIELD_NUMBER: _ClassVar[int]
    FAILED_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[PrefetchResult]
    done: int
    failed: int
    size_bytes: int
    def __init__(self, results: _Optional[_Iterable[_Union[PrefetchResult, _Mapping]]] = ..., done: _Optional[int] = ..., failed: _Optional[int] = ..., size_bytes: _Optional[int] = ...) -> None: ...

class PrefetchResult(_message.Message):
    __slots__ = ("index", "size_bytes", "cache_status", "stored", "error_code", "error_reason", "error_message")
    INDEX_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    CACHE_STATUS_FIELD_NUMBER: _ClassVar[int]
    STORED_FIELD_NUMBER: _ClassVar[int]
    ERROR_CODE_FIELD_NUMBER: _ClassVar[int]
    ERROR_REASON_FIELD_NUMBER: _ClassVar[int]
    ERROR_MESSAGE_FIELD_NUMBER: _ClassVar[int]
    index: int
    size_bytes: int
    cache_status: _types_pb2.CacheStatus
    stored: bool
    error_code: int
    error_reason: str
    error_message: str
    def __init__(self, index: _Optional[int] = ..., size_bytes: _Optional[int] = ..., cache_status: _Optional[_Union[_types_pb2.CacheStatus, str]] = ..., stored: bool = ..., error_code: _Optional[int] = ..., error_reason: _Optional[str] = ..., error_message: _Optional[str] = ...) -> None: ...

class GetServerInfoRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class GetServerInfoResponse(_message.Message):
    __slots__ = ("version", "instance_id", "loaders", "default_chunk_bytes", "max_chunk_bytes", "features", "start_time", "pid", "locality_token_file")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    LOADERS_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_CHUNK_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_CHUNK_BYTES_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    LOCALITY_TOKEN_FILE_FIELD_NUMBER: _ClassVar[int]
    version: str
    instance_id: str
    loaders: _containers.RepeatedCompositeFieldContainer[LoaderInfo]
    default_chunk_bytes: int
    max_chunk_bytes: int
    features: _containers.RepeatedScalarFieldContainer[str]
    start_time: _timestamp_pb2.Timestamp
    pid: int
    locality_token_file: str
    def __init__(self, version: _Optional[str] = ..., instance_id: _Optional[str] = ..., loaders: _Optional[_Iterable[_Union[LoaderInfo, _Mapping]]] = ..., default_chunk_bytes: _Optional[int] = ..., max_chunk_bytes: _Optional[int] = ..., features: _Optional[_Iterable[str]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., pid: _Optional[int] = ..., locality_token_file: _Optional[str] = ...) -> None: ...

class LoaderInfo(_message.Message):
    __slots__ = ("name", "schemes", "distribution", "version", "summary")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SCHEMES_FIELD_NUMBER: _ClassVar[int]
    DISTRIBUTION_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    name: str
    schemes: _containers.RepeatedScalarFieldContainer[str]
    distribution: str
    version: str
    summary: str
    def __init__(self, name: _Optional[str] = ..., schemes: _Optional[_Iterable[str]] = ..., distribution: _Optional[str] = ..., version: _Optional[str] = ..., summary: _Optional[str] = ...) -> None: ...
