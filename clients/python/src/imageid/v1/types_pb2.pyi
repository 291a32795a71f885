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
    SAMPLE_TYPE_UINT64: _ClassVar[SampleType]
    SAMPLE_TYPE_INT64: _ClassVar[SampleType]

class CacheStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CACHE_STATUS_UNSPECIFIED: _ClassVar[CacheStatus]
    CACHE_STATUS_HIT: _ClassVar[CacheStatus]
    CACHE_STATUS_MISS: _ClassVar[CacheStatus]
    CACHE_STATUS_COALESCED: _ClassVar[CacheStatus]
    CACHE_STATUS_REVALIDATED: _ClassVar[CacheStatus]
    CACHE_STATUS_STALE: _ClassVar[CacheStatus]
    CACHE_STATUS_BYPASS: _ClassVar[CacheStatus]

class Priority(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRIORITY_UNSPECIFIED: _ClassVar[Priority]
    PRIORITY_INTERACTION: _ClassVar[Priority]
    PRIORITY_THUMBNAIL: _ClassVar[Priority]
    PRIORITY_PREFETCH: _ClassVar[Priority]
    PRIORITY_COMPUTE: _ClassVar[Priority]
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
SAMPLE_TYPE_UINT64: SampleType
SAMPLE_TYPE_INT64: SampleType
CACHE_STATUS_UNSPECIFIED: CacheStatus
CACHE_STATUS_HIT: CacheStatus
CACHE_STATUS_MISS: CacheStatus
CACHE_STATUS_COALESCED: CacheStatus
CACHE_STATUS_REVALIDATED: CacheStatus
CACHE_STATUS_STALE: CacheStatus
CACHE_STATUS_BYPASS: CacheStatus
PRIORITY_UNSPECIFIED: Priority
PRIORITY_INTERACTION: Priority
PRIORITY_THUMBNAIL: Priority
PRIORITY_PREFETCH: Priority
PRIORITY_COMPUTE: Priority

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
    __slots__ = ("format", "quality", "max_width", "max_height", "window_center", "window_width", "voi_lut_function", "window_name", "low_percentile", "high_percentile", "bit_depth", "invert")
    FORMAT_FIELD_NUMBER: _ClassVar[int]
    QUALITY_FIELD_NUMBER: _ClassVar[int]
    MAX_WIDTH_FIELD_NUMBER: _ClassVar[int]
    MAX_HEIGHT_FIELD_NUMBER: _ClassVar[int]
    WINDOW_CENTER_FIELD_NUMBER: _ClassVar[int]
    WINDOW_WIDTH_FIELD_NUMBER: _ClassVar[int]
    VOI_LUT_FUNCTION_FIELD_NUMBER: _ClassVar[int]
    WINDOW_NAME_FIELD_NUMBER: _ClassVar[int]
    LOW_PERCENTILE_FIELD_NUMBER: _ClassVar[int]
    HIGH_PERCENTILE_FIELD_NUMBER: _ClassVar[int]
    BIT_DEPTH_FIELD_NUMBER: _ClassVar[int]
    INVERT_FIELD_NUMBER: _ClassVar[int]
    format: RenderFormat
    quality: int
    max_width: int
    max_height: int
    window_center: float
    window_width: float
    voi_lut_function: VoiLutFunction
    window_name: str
    low_percentile: float
    high_percentile: float
    bit_depth: int
    invert: bool
    def __init__(self, format: _Optional[_Union[RenderFormat, str]] = ..., quality: _Optional[int] = ..., max_width: _Optional[int] = ..., max_height: _Optional[int] = ..., window_center: _Optional[float] = ..., window_width: _Optional[float] = ..., voi_lut_function: _Optional[_Union[VoiLutFunction, str]] = ..., window_name: _Optional[str] = ..., low_percentile: _Optional[float] = ..., high_percentile: _Optional[float] = ..., bit_depth: _Optional[int] = ..., invert: bool = ...) -> None: ...

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
    __slots__ = ("rows", "columns", "samples_per_pixel", "photometric_interpretation", "bits_allocated", "bits_stored", "high_bit", "pixel_representation", "planar_configuration", "min_pixel_value", "max_pixel_value", "rescale_slope", "rescale_intercept", "rescale_type", "window_center", "window_width", "window_center_width_explanation", "voi_lut_function", "pixel_spacing", "imager_pixel_spacing", "pixel_aspect_ratio", "slice_thickness", "slice_location", "spacing_between_slices", "image_position_patient", "image_orientation_patient", "frame_of_reference_uid", "modality", "study_instance_uid", "series_instance_uid", "sop_instance_uid", "sop_class_uid", "series_number", "series_description", "instance_number", "frame_number", "number_of_frames", "transfer_syntax_uid", "pixel_padding_value", "pixel_padding_range_limit", "lossy_image_compression", "modality_values", "modality_lut", "voi_luts", "palette_color_lookup_table", "icc_profile", "overlays", "ultrasound_regions", "pet_image", "rt_dose", "presentation_lut_shape", "pixel_spacing_calibration_type", "estimated_radiographic_magnification_factor", "nominal_scanned_pixel_spacing", "lossy_image_compression_ratio", "lossy_image_compression_method", "smallest_image_pixel_value", "largest_image_pixel_value", "dicom_json", "functional_groups", "series_date", "series_time", "acquisition_date", "acquisition_time", "content_date", "content_time", "frame_acquisition_date_time", "image_type", "acquisition_number", "temporal_position_index", "stack_id", "in_stack_position_number", "dimension_index_values", "referenced_segment_number", "frame_time", "recommended_display_frame_rate", "cine_rate", "trigger_time", "patient_position", "body_part_examined", "laterality")
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
    MODALITY_LUT_FIELD_NUMBER: _ClassVar[int]
    VOI_LUTS_FIELD_NUMBER: _ClassVar[int]
    PALETTE_COLOR_LOOKUP_TABLE_FIELD_NUMBER: _ClassVar[int]
    ICC_PROFILE_FIELD_NUMBER: _ClassVar[int]
    OVERLAYS_FIELD_NUMBER: _ClassVar[int]
    ULTRASOUND_REGIONS_FIELD_NUMBER: _ClassVar[int]
    PET_IMAGE_FIELD_NUMBER: _ClassVar[int]
    RT_DOSE_FIELD_NUMBER: _ClassVar[int]
    PRESENTATION_LUT_SHAPE_FIELD_NUMBER: _ClassVar[int]
    PIXEL_SPACING_CALIBRATION_TYPE_FIELD_NUMBER: _ClassVar[int]
    ESTIMATED_RADIOGRAPHIC_MAGNIFICATION_FACTOR_FIELD_NUMBER: _ClassVar[int]
    NOMINAL_SCANNED_PIXEL_SPACING_FIELD_NUMBER: _ClassVar[int]
    LOSSY_IMAGE_COMPRESSION_RATIO_FIELD_NUMBER: _ClassVar[int]
    LOSSY_IMAGE_COMPRESSION_METHOD_FIELD_NUMBER: _ClassVar[int]
    SMALLEST_IMAGE_PIXEL_VALUE_FIELD_NUMBER: _ClassVar[int]
    LARGEST_IMAGE_PIXEL_VALUE_FIELD_NUMBER: _ClassVar[int]
    DICOM_JSON_FIELD_NUMBER: _ClassVar[int]
    FUNCTIONAL_GROUPS_FIELD_NUMBER: _ClassVar[int]
    SERIES_DATE_FIELD_NUMBER: _ClassVar[int]
    SERIES_TIME_FIELD_NUMBER: _ClassVar[int]
    ACQUISITION_DATE_FIELD_NUMBER: _ClassVar[int]
    ACQUISITION_TIME_FIELD_NUMBER: _ClassVar[int]
    CONTENT_DATE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_TIME_FIELD_NUMBER: _ClassVar[int]
    FRAME_ACQUISITION_DATE_TIME_FIELD_NUMBER: _ClassVar[int]
    IMAGE_TYPE_FIELD_NUMBER: _ClassVar[int]
    ACQUISITION_NUMBER_FIELD_NUMBER: _ClassVar[int]
    TEMPORAL_POSITION_INDEX_FIELD_NUMBER: _ClassVar[int]
    STACK_ID_FIELD_NUMBER: _ClassVar[int]
    IN_STACK_POSITION_NUMBER_FIELD_NUMBER: _ClassVar[int]
    DIMENSION_INDEX_VALUES_FIELD_NUMBER: _ClassVar[int]
    REFERENCED_SEGMENT_NUMBER_FIELD_NUMBER: _ClassVar[int]
    FRAME_TIME_FIELD_NUMBER: _ClassVar[int]
    RECOMMENDED_DISPLAY_FRAME_RATE_FIELD_NUMBER: _ClassVar[int]
    CINE_RATE_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_TIME_FIELD_NUMBER: _ClassVar[int]
    PATIENT_POSITION_FIELD_NUMBER: _ClassVar[int]
    BODY_PART_EXAMINED_FIELD_NUMBER: _ClassVar[int]
    LATERALITY_FIELD_NUMBER: _ClassVar[int]
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
    modality_lut: LookupTable
    voi_luts: _containers.RepeatedCompositeFieldContainer[LookupTable]
    palette_color_lookup_table: PaletteColorLookupTable
    icc_profile: bytes
    overlays: _containers.RepeatedCompositeFieldContainer[Overlay]
    ultrasound_regions: _containers.RepeatedCompositeFieldContainer[UltrasoundRegion]
    pet_image: PetImage
    rt_dose: RtDose
    presentation_lut_shape: str
    pixel_spacing_calibration_type: str
    estimated_radiographic_magnification_factor: float
    nominal_scanned_pixel_spacing: _containers.RepeatedScalarFieldContainer[float]
    lossy_image_compression_ratio: float
    lossy_image_compression_method: str
    smallest_image_pixel_value: float
    largest_image_pixel_value: float
    dicom_json: _struct_pb2.Struct
    functional_groups: _struct_pb2.Struct
    series_date: str
    series_time: str
    acquisition_date: str
    acquisition_time: str
    content_date: str
    content_time: str
    frame_acquisition_date_time: str
    image_type: _containers.RepeatedScalarFieldContainer[str]
    acquisition_number: int
    temporal_position_index: int
    stack_id: str
    in_stack_position_number: int
    dimension_index_values: _containers.RepeatedScalarFieldContainer[int]
    referenced_segment_number: int
    frame_time: float
    recommended_display_frame_rate: float
    cine_rate: float
    trigger_time: float
    patient_position: str
    body_part_examined: str
    laterality: str
    def __init__(self, rows: _Optional[int] = ..., columns: _Optional[int] = ..., samples_per_pixel: _Optional[int] = ..., photometric_interpretation: _Optional[str] = ..., bits_allocated: _Optional[int] = ..., bits_stored: _Optional[int] = ..., high_bit: _Optional[int] = ..., pixel_representation: _Optional[int] = ..., planar_configuration: _Optional[int] = ..., min_pixel_value: _Optional[float] = ..., max_pixel_value: _Optional[float] = ..., rescale_slope: _Optional[float] = ..., rescale_intercept: _Optional[float] = ..., rescale_type: _Optional[str] = ..., window_center: _Optional[_Iterable[float]] = ..., window_width: _Optional[_Iterable[float]] = ..., window_center_width_explanation: _Optional[_Iterable[str]] = ..., voi_lut_function: _Optional[_Union[VoiLutFunction, str]] = ..., pixel_spacing: _Optional[_Iterable[float]] = ..., imager_pixel_spacing: _Optional[_Iterable[float]] = ..., pixel_aspect_ratio: _Optional[_Iterable[int]] = ..., slice_thickness: _Optional[float] = ..., slice_location: _Optional[float] = ..., spacing_between_slices: _Optional[float] = ..., image_position_patient: _Optional[_Iterable[float]] = ..., image_orientation_patient: _Optional[_Iterable[float]] = ..., frame_of_reference_uid: _Optional[str] = ..., modality: _Optional[str] = ..., study_instance_uid: _Optional[str] = ..., series_instance_uid: _Optional[str] = ..., sop_instance_uid: _Optional[str] = ..., sop_class_uid: _Optional[str] = ..., series_number: _Optional[int] = ..., series_description: _Optional[str] = ..., instance_number: _Optional[int] = ..., frame_number: _Optional[int] = ..., number_of_frames: _Optional[int] = ..., transfer_syntax_uid: _Optional[str] = ..., pixel_padding_value: _Optional[float] = ..., pixel_padding_range_limit: _Optional[float] = ..., lossy_image_compression: _Optional[str] = ..., modality_values: bool = ..., modality_lut: _Optional[_Union[LookupTable, _Mapping]] = ..., voi_luts: _Optional[_Iterable[_Union[LookupTable, _Mapping]]] = ..., palette_color_lookup_table: _Optional[_Union[PaletteColorLookupTable, _Mapping]] = ..., icc_profile: _Optional[bytes] = ..., overlays: _Optional[_Iterable[_Union[Overlay, _Mapping]]] = ..., ultrasound_regions: _Optional[_Iterable[_Union[UltrasoundRegion, _Mapping]]] = ..., pet_image: _Optional[_Union[PetImage, _Mapping]] = ..., rt_dose: _Optional[_Union[RtDose, _Mapping]] = ..., presentation_lut_shape: _Optional[str] = ..., pixel_spacing_calibration_type: _Optional[str] = ..., estimated_radiographic_magnification_factor: _Optional[float] = ..., nominal_scanned_pixel_spacing: _Optional[_Iterable[float]] = ..., lossy_image_compression_ratio: _Optional[float] = ..., lossy_image_compression_method: _Optional[str] = ..., smallest_image_pixel_value: _Optional[float] = ..., largest_image_pixel_value: _Optional[float] = ..., dicom_json: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., functional_groups: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., series_date: _Optional[str] = ..., series_time: _Optional[str] = ..., acquisition_date: _Optional[str] = ..., acquisition_time: _Optional[str] = ..., content_date: _Optional[str] = ..., content_time: _Optional[str] = ..., frame_acquisition_date_time: _Optional[str] = ..., image_type: _Optional[_Iterable[str]] = ..., acquisition_number: _Optional[int] = ..., temporal_position_index: _Optional[int] = ..., stack_id: _Optional[str] = ..., in_stack_position_number: _Optional[int] = ..., dimension_index_values: _Optional[_Iterable[int]] = ..., referenced_segment_number: _Optional[int] = ..., frame_time: _Optional[float] = ..., recommended_display_frame_rate: _Optional[float] = ..., cine_rate: _Optional[float] = ..., trigger_time: _Optional[float] = ..., patient_position: _Optional[str] = ..., body_part_examined: _Optional[str] = ..., laterality: _Optional[str] = ...) -> None: ...

class LookupTable(_message.Message):
    __slots__ = ("first_mapped", "bits", "entries", "explanation")
    FIRST_MAPPED_FIELD_NUMBER: _ClassVar[int]
    BITS_FIELD_NUMBER: _ClassVar[int]
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    EXPLANATION_FIELD_NUMBER: _ClassVar[int]
    first_mapped: int
    bits: int
    entries: bytes
    explanation: str
    def __init__(self, first_mapped: _Optional[int] = ..., bits: _Optional[int] = ..., entries: _Optional[bytes] = ..., explanation: _Optional[str] = ...) -> None: ...

class PaletteColorLookupTable(_message.Message):
    __slots__ = ("red", "green", "blue", "alpha", "supplemental")
    RED_FIELD_NUMBER: _ClassVar[int]
    GREEN_FIELD_NUMBER: _ClassVar[int]
    BLUE_FIELD_NUMBER: _ClassVar[int]
    ALPHA_FIELD_NUMBER: _ClassVar[int]
    SUPPLEMENTAL_FIELD_NUMBER: _ClassVar[int]
    red: LookupTable
    green: LookupTable
    blue: LookupTable
    alpha: LookupTable
    supplemental: bool
    def __init__(self, red: _Optional[_Union[LookupTable, _Mapping]] = ..., green: _Optional[_Union[LookupTable, _Mapping]] = ..., blue: _Optional[_Union[LookupTable, _Mapping]] = ..., alpha: _Optional[_Union[LookupTable, _Mapping]] = ..., supplemental: bool = ...) -> None: ...

class Overlay(_message.Message):
    __slots__ = ("group", "rows", "columns", "origin_row", "origin_column", "type", "label", "description", "subtype", "data", "embedded", "roi_area", "roi_mean", "roi_standard_deviation")
    GROUP_FIELD_NUMBER: _ClassVar[int]
    ROWS_FIELD_NUMBER: _ClassVar[int]
    COLUMNS_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_ROW_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_COLUMN_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    LABEL_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    SUBTYPE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    EMBEDDED_FIELD_NUMBER: _ClassVar[int]
    ROI_AREA_FIELD_NUMBER: _ClassVar[int]
    ROI_MEAN_FIELD_NUMBER: _ClassVar[int]
    ROI_STANDARD_DEVIATION_FIELD_NUMBER: _ClassVar[int]
    group: int
    rows: int
    columns: int
    origin_row: int
    origin_column: int
    type: str
    label: str
    description: str
    subtype: str
    data: bytes
    embedded: bool
    roi_area: float
    roi_mean: float
    roi_standard_deviation: float
    def __init__(self, group: _Optional[int] = ..., rows: _Optional[int] = ..., columns: _Optional[int] = ..., origin_row: _Optional[int] = ..., origin_column: _Optional[int] = ..., type: _Optional[str] = ..., label: _Optional[str] = ..., description: _Optional[str] = ..., subtype: _Optional[str] = ..., data: _Optional[bytes] = ..., embedded: bool = ..., roi_area: _Optional[float] = ..., roi_mean: _Optional[float] = ..., roi_standard_deviation: _Optional[float] = ...) -> None: ...

class UltrasoundRegion(_message.Message):
    __slots__ = ("min_x0", "min_y0", "max_x1", "max_y1", "spatial_format", "data_type", "flags", "physical_units_x_direction", "physical_units_y_direction", "physical_delta_x", "physical_delta_y", "reference_pixel_x0", "reference_pixel_y0", "reference_pixel_physical_value_x", "reference_pixel_physical_value_y", "transducer_frequency")
    MIN_X0_FIELD_NUMBER: _ClassVar[int]
    MIN_Y0_FIELD_NUMBER: _ClassVar[int]
    MAX_X1_FIELD_NUMBER: _ClassVar[int]
    MAX_Y1_FIELD_NUMBER: _ClassVar[int]
    SPATIAL_FORMAT_FIELD_NUMBER: _ClassVar[int]
    DATA_TYPE_FIELD_NUMBER: _ClassVar[int]
    FLAGS_FIELD_NUMBER: _ClassVar[int]
    PHYSICAL_UNITS_X_DIRECTION_FIELD_NUMBER: _ClassVar[int]
    PHYSICAL_UNITS_Y_DIRECTION_FIELD_NUMBER: _ClassVar[int]
    PHYSICAL_DELTA_X_FIELD_NUMBER: _ClassVar[int]
    PHYSICAL_DELTA_Y_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_PIXEL_X0_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_PIXEL_Y0_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_PIXEL_PHYSICAL_VALUE_X_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_PIXEL_PHYSICAL_VALUE_Y_FIELD_NUMBER: _ClassVar[int]
    TRANSDUCER_FREQUENCY_FIELD_NUMBER: _ClassVar[int]
    min_x0: int
    min_y0: int
    max_x1: int
    max_y1: int
    spatial_format: int
    data_type: int
    flags: int
    physical_units_x_direction: int
    physical_units_y_direction: int
    physical_delta_x: float
    physical_delta_y: float
    reference_pixel_x0: int
    reference_pixel_y0: int
    reference_pixel_physical_value_x: float
    reference_pixel_physical_value_y: float
    transducer_frequency: float
    def __init__(self, min_x0: _Optional[int] = ..., min_y0: _Optional[int] = ..., max_x1: _Optional[int] = ..., max_y1: _Optional[int] = ..., spatial_format: _Optional[int] = ..., data_type: _Optional[int] = ..., flags: _Optional[int] = ..., physical_units_x_direction: _Optional[int] = ..., physical_units_y_direction: _Optional[int] = ..., physical_delta_x: _Optional[float] = ..., physical_delta_y: _Optional[float] = ..., reference_pixel_x0: _Optional[int] = ..., reference_pixel_y0: _Optional[int] = ..., reference_pixel_physical_value_x: _Optional[float] = ..., reference_pixel_physical_value_y: _Optional[float] = ..., transducer_frequency: _Optional[float] = ...) -> None: ...

class PetImage(_message.Message):
    __slots__ = ("units", "corrected_image", "decay_correction", "frame_reference_time", "actual_frame_duration", "decay_factor", "radionuclide_total_dose", "radionuclide_half_life", "radiopharmaceutical_start_time", "radiopharmaceutical_start_date_time", "patient_weight", "suvbw", "suvbw_absent_because")
    UNITS_FIELD_NUMBER: _ClassVar[int]
    CORRECTED_IMAGE_FIELD_NUMBER: _ClassVar[int]
    DECAY_CORRECTION_FIELD_NUMBER: _ClassVar[int]
    FRAME_REFERENCE_TIME_FIELD_NUMBER: _ClassVar[int]
    ACTUAL_FRAME_DURATION_FIELD_NUMBER: _ClassVar[int]
    DECAY_FACTOR_FIELD_NUMBER: _ClassVar[int]
    RADIONUCLIDE_TOTAL_DOSE_FIELD_NUMBER: _ClassVar[int]
    RADIONUCLIDE_HALF_LIFE_FIELD_NUMBER: _ClassVar[int]
    RADIOPHARMACEUTICAL_START_TIME_FIELD_NUMBER: _ClassVar[int]
    RADIOPHARMACEUTICAL_START_DATE_TIME_FIELD_NUMBER: _ClassVar[int]
    PATIENT_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    SUVBW_FIELD_NUMBER: _ClassVar[int]
    SUVBW_ABSENT_BECAUSE_FIELD_NUMBER: _ClassVar[int]
    units: str
    corrected_image: _containers.RepeatedScalarFieldContainer[str]
    decay_correction: str
    frame_reference_time: float
    actual_frame_duration: float
    decay_factor: float
    radionuclide_total_dose: float
    radionuclide_half_life: float
    radiopharmaceutical_start_time: str
    radiopharmaceutical_start_date_time: str
    patient_weight: float
    suvbw: float
    suvbw_absent_because: str
    def __init__(self, units: _Optional[str] = ..., corrected_image: _Optional[_Iterable[str]] = ..., decay_correction: _Optional[str] = ..., frame_reference_time: _Optional[float] = ..., actual_frame_duration: _Optional[float] = ..., decay_factor: _Optional[float] = ..., radionuclide_total_dose: _Optional[float] = ..., radionuclide_half_life: _Optional[float] = ..., radiopharmaceutical_start_time: _Optional[str] = ..., radiopharmaceutical_start_date_time: _Optional[str] = ..., patient_weight: _Optional[float] = ..., suvbw: _Optional[float] = ..., suvbw_absent_because: _Optional[str] = ...) -> None: ...

class RtDose(_message.Message):
    __slots__ = ("dose_grid_scaling", "dose_units", "dose_type", "dose_summation_type")
    DOSE_GRID_SCALING_FIELD_NUMBER: _ClassVar[int]
    DOSE_UNITS_FIELD_NUMBER: _ClassVar[int]
    DOSE_TYPE_FIELD_NUMBER: _ClassVar[int]
    DOSE_SUMMATION_TYPE_FIELD_NUMBER: _ClassVar[int]
    dose_grid_scaling: float
    dose_units: str
    dose_type: str
    dose_summation_type: str
    def __init__(self, dose_grid_scaling: _Optional[float] = ..., dose_units: _Optional[str] = ..., dose_type: _Optional[str] = ..., dose_summation_type: _Optional[str] = ...) -> None: ...

class Checksums(_message.Message):
    __slots__ = ("sha256",)
    SHA256_FIELD_NUMBER: _ClassVar[int]
    sha256: bytes
    def __init__(self, sha256: _Optional[bytes] = ...) -> None: ...

class CacheControl(_message.Message):
    __slots__ = ("mode", "max_age", "max_stale", "min_fresh")
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
    MIN_FRESH_FIELD_NUMBER: _ClassVar[int]
    mode: CacheControl.Mode
    max_age: _duration_pb2.Duration
    max_stale: _duration_pb2.Duration
    min_fresh: _duration_pb2.Duration
    def __init__(self, mode: _Optional[_Union[CacheControl.Mode, str]] = ..., max_age: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., max_stale: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., min_fresh: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

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
