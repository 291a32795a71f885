import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Representation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    REPRESENTATION_UNSPECIFIED: _ClassVar[Representation]
    REPRESENTATION_ENCODED: _ClassVar[Representation]
    REPRESENTATION_PIXELS: _ClassVar[Representation]
    REPRESENTATION_RENDERED: _ClassVar[Representation]

class Values(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VALUES_UNSPECIFIED: _ClassVar[Values]
    VALUES_STORED: _ClassVar[Values]
    VALUES_MODALITY: _ClassVar[Values]

class Color(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COLOR_UNSPECIFIED: _ClassVar[Color]
    COLOR_STORED: _ClassVar[Color]
    COLOR_RGB: _ClassVar[Color]

class RenderFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RENDER_FORMAT_UNSPECIFIED: _ClassVar[RenderFormat]
    RENDER_FORMAT_PNG: _ClassVar[RenderFormat]
    RENDER_FORMAT_JPEG: _ClassVar[RenderFormat]

class VoiLutFunction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VOI_LUT_FUNCTION_UNSPECIFIED: _ClassVar[VoiLutFunction]
    VOI_LUT_FUNCTION_LINEAR: _ClassVar[VoiLutFunction]
    VOI_LUT_FUNCTION_LINEAR_EXACT: _ClassVar[VoiLutFunction]
    VOI_LUT_FUNCTION_SIGMOID: _ClassVar[VoiLutFunction]

class SampleType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SAMPLE_TYPE_UNSPECIFIED: _ClassVar[SampleType]
    SAMPLE_TYPE_UINT8: _ClassVar[SampleType]
    SAMPLE_TYPE_INT8: _ClassVar[SampleType]
    SAMPLE_TYPE_UINT16: _ClassVar[SampleType]
    SAMPLE_TYPE_INT16: _ClassVar[SampleType]
    SAMPLE_TYPE_UINT32: _ClassVar[SampleType]
    SAMPLE_TYPE_INT32: _ClassVar[SampleType]
    SAMPLE_TYPE_FLOAT32: _ClassVar[SampleType]
    SAMPLE_TYPE_FLOAT64: _ClassVar[SampleType]

class CacheStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CACHE_STATUS_UNSPECIFIED: _ClassVar[CacheStatus]
    CACHE_STATUS_HIT: _ClassVar[CacheStatus]
    CACHE_STATUS_MISS: _ClassVar[CacheStatus]
    CACHE_STATUS_COALESCED: _ClassVar[CacheStatus]
    CACHE_STATUS_REVALIDATED: _ClassVar[CacheStatus]
    CACHE_STATUS_STALE: _ClassVar[CacheStatus]
    CACHE_STATUS_BYPASS: _ClassVar[CacheStatus]
REPRESENTATION_UNSPECIFIED: Representation
REPRESENTATION_ENCODED: Representation
REPRESENTATION_PIXELS: Representation
REPRESENTATION_RENDERED: Representation
VALUES_UNSPECIFIED: Values
VALUES_STORED: Values
VALUES_MODALITY: Values
COLOR_UNSPECIFIED: Color
COLOR_STORED: Color
COLOR_RGB: Color
RENDER_FORMAT_UNSPECIFIED: RenderFormat
RENDER_FORMAT_PNG: RenderFormat
RENDER_FORMAT_JPEG: RenderFormat
VOI_LUT_FUNCTION_UNSPECIFIED: VoiLutFunction
VOI_LUT_FUNCTION_LINEAR: VoiLutFunction
VOI_LUT_FUNCTION_LINEAR_EXACT: VoiLutFunction
VOI_LUT_FUNCTION_SIGMOID: VoiLutFunction
SAMPLE_TYPE_UNSPECIFIED: SampleType
SAMPLE_TYPE_UINT8: SampleType
SAMPLE_TYPE_INT8: SampleType
SAMPLE_TYPE_UINT16: SampleType
SAMPLE_TYPE_INT16: SampleType
SAMPLE_TYPE_UINT32: SampleType
SAMPLE_TYPE_INT32: SampleType
SAMPLE_TYPE_FLOAT32: SampleType
SAMPLE_TYPE_FLOAT64: SampleType
CACHE_STATUS_UNSPECIFIED: CacheStatus
CACHE_STATUS_HIT: CacheStatus
CACHE_STATUS_MISS: CacheStatus
CACHE_STATUS_COALESCED: CacheStatus
CACHE_STATUS_REVALIDATED: CacheStatus
CACHE_STATUS_STALE: CacheStatus
CACHE_STATUS_BYPASS: CacheStatus

class OutputSpec(_message.Message):
    __slots__ = ("encoded", "pixels", "rendered")
    ENCODED_FIELD_NUMBER: _ClassVar[int]
    PIXELS_FIELD_NUMBER: _ClassVar[int]
    RENDERED_FIELD_NUMBER: _ClassVar[int]
    encoded: EncodedOutput
    pixels: PixelsOutput
    rendered: RenderedOutput
    def __init__(self, encoded: _Optional[_Union[EncodedOutput, _Mapping]] = ..., pixels: _Optional[_Union[PixelsOutput, _Mapping]] = ..., rendered: _Optional[_Union[RenderedOutput, _Mapping]] = ...) -> None: ...

class EncodedOutput(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PixelsOutput(_message.Message):
    __slots__ = ("values", "color")
    VALUES_FIELD_NUMBER: _ClassVar[int]
    COLOR_FIELD_NUMBER: _ClassVar[int]
    values: Values
    color: Color
    def __init__(self, values: _Optional[_Union[Values, str]] = ..., color: _Optional[_Union[Color, str]] = ...) -> None: ...

class RenderedOutput(_message.Message):
    __slots__ = ("format", "quality", "max_width", "max_height", "window_center", "window_width", "voi_lut_function")
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    MAX_WIDTH_FIELD_NUMBER: _ClassVar[int]
    MAX_HEIGHT_FIELD_NUMBER: _ClassVar[int]
    WINDOW_CENTER_FIELD_NUMBER: _ClassVar[int]
    WINDOW_WIDTH_FIELD_NUMBER: _ClassVar[int]
    VOI_LUT_FUNCTION_FIELD_NUMBER: _ClassVar[int]
    format: RenderFormat
    quality: int
    max_width: int
    max_height: int
    window_center: float
    window_width: float
    voi_lut_function: VoiLutFunction
    def __init__(self, format: _Optional[_Union[RenderFormat, str]] = ..., quality: _Optional[int] = ..., max_width: _Optional[int] = ..., max_height: _Optional[int] = ..., window_center: _Optional[float] = ..., window_width: _Optional[float] = ..., voi_lut_function: _Optional[_Union[VoiLutFunction, str]] = ...) -> None: ...

class Layout(_message.Message):
    __slots__ = ("sample_type", "shape", "strides")
    SAMPLE_TYPE_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    STRIDES_FIELD_NUMBER: _ClassVar[int]
    sample_type: SampleType
    shape: _containers.RepeatedScalarFieldContainer[int]
    strides: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, sample_type: _Optional[_Union[SampleType, str]] = ..., shape: _Optional[_Iterable[int]] = ..., strides: _Optional[_Iterable[int]] = ...) -> None: ...

class ImageMetadata(_message.Message):
    __slots__ = ("rows", "columns", "samples_per_pixel", "photometric_interpretation", "bits_allocated", "bits_stored", "high_bit", "pixel_representation", "planar_configuration", "min_pixel_value", "max_pixel_value", "rescale_slope", "rescale_intercept", "rescale_type", "window_center", "window_width", "window_center_width_explanation", "voi_lut_function", "pixel_spacing", "imager_pixel_spacing", "pixel_aspect_ratio", "slice_thickness", "slice_location", "spacing_between_slices", "image_position_patient", "image_orientation_patient", "frame_of_reference_uid", "modality", "study_instance_uid", "series_instance_uid", "sop_instance_uid", "sop_class_uid", "series_number", "series_description", "instance_number", "frame_number", "number_of_frames", "transfer_syntax_uid", "pixel_padding_value", "pixel_padding_range_limit", "lossy_image_compression", "modality_values", "dicom_json")
    ROWS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_PER_PIXEL_FIELD_NUMBER: _ClassVar[int]
    PHOTOMETRIC_INTERPRETATION_FIELD_NUMBER: _ClassVar[int]
    BITS_ALLOCATED_FIELD_NUMBER: _ClassVar[int]
    BITS_STORED_FIELD_NUMBER: _ClassVar[int]
    HIGH_BIT_FIELD_NUMBER: _ClassVar[int]
    PIXEL_REPRESENTATION_FIELD_NUMBER: _ClassVar[int]
    PLANAR_CONFIGURATION_FIELD_NUMBER: _ClassVar[int]
    MIN_PIXEL_VALUE_FIELD_NUMBER: _ClassVar[int]
    MAX_PIXEL_VALUE_FIELD_NUMBER: _ClassVar[int]
    RESCALE_SLOPE_FIELD_NUMBER: _ClassVar[int]
    RESCALE_INTERCEPT_FIELD_NUMBER: _ClassVar[int]
    RESCALE_TYPE_FIELD_NUMBER: _ClassVar[int]
    WINDOW_CENTER_FIELD_NUMBER: _ClassVar[int]
    WINDOW_WIDTH_FIELD_NUMBER: _ClassVar[int]
    WINDOW_CENTER_WIDTH_EXPLANATION_FIELD_NUMBER: _ClassVar[int]
    VOI_LUT_FUNCTION_FIELD_NUMBER: _ClassVar[int]
    PIXEL_SPACING_FIELD_NUMBER: _ClassVar[int]
    IMAGER_PIXEL_SPACING_FIELD_NUMBER: _ClassVar[int]
    PIXEL_ASPECT_RATIO_FIELD_NUMBER: _ClassVar[int]
    SLICE_THICKNESS_FIELD_NUMBER: _ClassVar[int]
    SLICE_LOCATION_FIELD_NUMBER: _ClassVar[int]
    SPACING_BETWEEN_SLICES_FIELD_NUMBER: _ClassVar[int]
    IMAGE_POSITION_PATIENT_FIELD_NUMBER: _ClassVar[int]
    IMAGE_ORIENTATION_PATIENT_FIELD_NUMBER: _ClassVar[int]
    FRAME_OF_REFERENCE_UID_FIELD_NUMBER: _ClassVar[int]
    MODALITY_FIELD_NUMBER: _ClassVar[int]
    STUDY_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    SERIES_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    SOP_INSTANCE_UID_FIELD_NUMBER: _ClassVar[int]
    SOP_CLASS_UID_FIELD_NUMBER: _ClassVar[int]
    SERIES_NUMBER_FIELD_NUMBER: _ClassVar[int]
    SERIES_DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_NUMBER_FIELD_NUMBER: _ClassVar[int]
    FRAME_NUMBER_FIELD_NUMBER: _ClassVar[int]
    NUMBER_OF_FRAMES_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_SYNTAX_UID_FIELD_NUMBER: _ClassVar[int]
    PIXEL_PADDING_VALUE_FIELD_NUMBER: _ClassVar[int]
    PIXEL_PADDING_RANGE_LIMIT_FIELD_NUMBER: _ClassVar[int]
    LOSSY_IMAGE_COMPRESSION_FIELD_NUMBER: _ClassVar[int]
    MODALITY_VALUES_FIELD_NUMBER: _ClassVar[int]
    DICOM_JSON_FIELD_NUMBER: _ClassVar[int]
    rows: int
    columns: int
    samples_per_pixel: int
    photometric_interpretation: str
    bits_allocated: int
    bits_stored: int
    high_bit: int
    pixel_representation: int
    planar_configuration: int
    min_pixel_value: float
    max_pixel_value: float
    rescale_slope: float
    rescale_intercept: float
    rescale_type: str
    window_center: _containers.RepeatedScalarFieldContainer[float]
    window_width: _containers.RepeatedScalarFieldContainer[float]
    window_center_width_explanation: _containers.RepeatedScalarFieldContainer[str]
    voi_lut_function: VoiLutFunction
    pixel_spacing: _containers.RepeatedScalarFieldContainer[float]
    imager_pixel_spacing: _containers.RepeatedScalarFieldContainer[float]
    pixel_aspect_ratio: _containers.RepeatedScalarFieldContainer[int]
    slice_thickness: float
    slice_location: float
    spacing_between_slices: float
    image_position_patient: _containers.RepeatedScalarFieldContainer[float]
    image_orientation_patient: _containers.RepeatedScalarFieldContainer[float]
    frame_of_reference_uid: str
    modality: str
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    sop_class_uid: str
    series_number: int
    series_description: str
    instance_number: int
    frame_number: int
    number_of_frames: int
    transfer_syntax_uid: str
    pixel_padding_value: float
    pixel_padding_range_limit: float
    lossy_image_compression: str
    modality_values: bool
    dicom_json: _struct_pb2.Struct
    def __init__(self, rows: _Optional[int] = ..., columns: _Optional[int] = ..., samples_per_pixel: _Optional[int] = ..., photometric_interpretation: _Optional[str] = ..., bits_allocated: _Optional[int] = ..., bits_stored: _Optional[int] = ..., high_bit: _Optional[int] = ..., pixel_representation: _Optional[int] = ..., planar_configuration: _Optional[int] = ..., min_pixel_value: _Optional[float] = ..., max_pixel_value: _Optional[float] = ..., rescale_slope: _Optional[float] = ..., rescale_intercept: _Optional[float] = ..., rescale_type: _Optional[str] = ..., window_center: _Optional[_Iterable[float]] = ..., window_width: _Optional[_Iterable[float]] = ..., window_center_width_explanation: _Optional[_Iterable[str]] = ..., voi_lut_function: _Optional[_Union[VoiLutFunction, str]] = ..., pixel_spacing: _Optional[_Iterable[float]] = ..., imager_pixel_spacing: _Optional[_Iterable[float]] = ..., pixel_aspect_ratio: _Optional[_Iterable[int]] = ..., slice_thickness: _Optional[float] = ..., slice_location: _Optional[float] = ..., spacing_between_slices: _Optional[float] = ..., image_position_patient: _Optional[_Iterable[float]] = ..., image_orientation_patient: _Optional[_Iterable[float]] = ..., frame_of_reference_uid: _Optional[str] = ..., modality: _Optional[str] = ..., study_instance_uid: _Optional[str] = ..., series_instance_uid: _Optional[str] = ..., sop_instance_uid: _Optional[str] = ..., sop_class_uid: _Optional[str] = ..., series_number: _Optional[int] = ..., series_description: _Optional[str] = ..., instance_number: _Optional[int] = ..., frame_number: _Optional[int] = ..., number_of_frames: _Optional[int] = ..., transfer_syntax_uid: _Optional[str] = ..., pixel_padding_value: _Optional[float] = ..., pixel_padding_range_limit: _Optional[float] = ..., lossy_image_compression: _Optional[str] = ..., modality_values: bool = ..., dicom_json: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class Checksums(_message.Message):
    __slots__ = ("sha256",)
    SHA256_FIELD_NUMBER: _ClassVar[int]
    sha256: bytes
    def __init__(self, sha256: _Optional[bytes] = ...) -> None: ...

class CacheControl(_message.Message):
    __slots__ = ("mode", "max_age", "max_stale")
    class Mode(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = ()
        MODE_UNSPECIFIED: _ClassVar[CacheControl.Mode]
        MODE_NO_CACHE: _ClassVar[CacheControl.Mode]
        MODE_ONLY_IF_CACHED: _ClassVar[CacheControl.Mode]
        MODE_NO_STORE: _ClassVar[CacheControl.Mode]
        MODE_RELOAD: _ClassVar[CacheControl.Mode]
    MODE_UNSPECIFIED: CacheControl.Mode
    MODE_NO_CACHE: CacheControl.Mode
    MODE_ONLY_IF_CACHED: CacheControl.Mode
    MODE_NO_STORE: CacheControl.Mode
    MODE_RELOAD: CacheControl.Mode
    MODE_FIELD_NUMBER: _ClassVar[int]
    MAX_AGE_FIELD_NUMBER: _ClassVar[int]
    MAX_STALE_FIELD_NUMBER: _ClassVar[int]
    mode: CacheControl.Mode
    max_age: _duration_pb2.Duration
    max_stale: _duration_pb2.Duration
    def __init__(self, mode: _Optional[_Union[CacheControl.Mode, str]] = ..., max_age: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., max_stale: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class Timing(_message.Message):
    __slots__ = ("total", "origin_first_byte", "origin_total", "decode")
    TOTAL_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIRST_BYTE_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_TOTAL_FIELD_NUMBER: _ClassVar[int]
    DECODE_FIELD_NUMBER: _ClassVar[int]
    total: _duration_pb2.Duration
    origin_first_byte: _duration_pb2.Duration
    origin_total: _duration_pb2.Duration
    decode: _duration_pb2.Duration
    def __init__(self, total: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., origin_first_byte: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., origin_total: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., decode: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...
