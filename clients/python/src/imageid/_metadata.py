"""What is known of an image beside its samples."""

from __future__ import annotations

from collections.abc import Iterator, MutableSequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

from imageid._modules import (
    LookupTable,
    Overlay,
    PaletteColorLookupTable,
    PetImage,
    RtDose,
    UltrasoundRegion,
)
from imageid.v1 import types_pb2 as v1


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a viewer needs to draw and measure one frame.

    The names are DICOM keywords in lower case (PS3.6); None is what the image does not
    say. Distances are in mm, frames are 1-based.

    Args:
        pixel_spacing: between rows (y), between columns (x).
        image_orientation_patient: six direction cosines, of the row and of the column.
        min_pixel_value: of the samples delivered, padding included; with pixels and
            rendered pictures alone, as max_pixel_value.
        voi_lut_function: "LINEAR", "LINEAR_EXACT" or "SIGMOID".
        modality_values: the samples delivered have the Modality LUT applied.
        modality_lut: excludes rescale_slope and rescale_intercept.
        frame_time: ms from one frame to the next.
        trigger_time: ms.
        cine_rate: frames a second, as recommended_display_frame_rate.
        series_date: YYYYMMDD; times are HHMMSS.FFFFFF.
        dicom_json: the whole data set (PS3.18 F) without bulk data, where asked for.
        functional_groups: this frame's functional groups as DICOM JSON, flattened; with
            dicom_json.
    """

    rows: int | None = None
    columns: int | None = None
    samples_per_pixel: int | None = None
    photometric_interpretation: str | None = None
    bits_allocated: int | None = None
    bits_stored: int | None = None
    high_bit: int | None = None
    pixel_representation: int | None = None
    planar_configuration: int | None = None
    min_pixel_value: float | None = None
    max_pixel_value: float | None = None
    rescale_slope: float | None = None
    rescale_intercept: float | None = None
    rescale_type: str | None = None
    window_center: tuple[float, ...] | None = None
    window_width: tuple[float, ...] | None = None
    window_center_width_explanation: tuple[str, ...] | None = None
    voi_lut_function: str | None = None
    pixel_spacing: tuple[float, ...] | None = None
    imager_pixel_spacing: tuple[float, ...] | None = None
    pixel_aspect_ratio: tuple[int, ...] | None = None
    slice_thickness: float | None = None
    slice_location: float | None = None
    spacing_between_slices: float | None = None
    image_position_patient: tuple[float, ...] | None = None
    image_orientation_patient: tuple[float, ...] | None = None
    frame_of_reference_uid: str | None = None
    modality: str | None = None
    study_instance_uid: str | None = None
    series_instance_uid: str | None = None
    sop_instance_uid: str | None = None
    sop_class_uid: str | None = None
    series_number: int | None = None
    series_description: str | None = None
    instance_number: int | None = None
    frame_number: int | None = None
    number_of_frames: int | None = None
    transfer_syntax_uid: str | None = None
    pixel_padding_value: float | None = None
    pixel_padding_range_limit: float | None = None
    lossy_image_compression: str | None = None
    modality_values: bool = False
    modality_lut: LookupTable | None = None
    voi_luts: tuple[LookupTable, ...] | None = None
    palette_color_lookup_table: PaletteColorLookupTable | None = None
    icc_profile: bytes | None = None
    overlays: tuple[Overlay, ...] | None = None
    ultrasound_regions: tuple[UltrasoundRegion, ...] | None = None
    pet_image: PetImage | None = None
    rt_dose: RtDose | None = None
    presentation_lut_shape: str | None = None
    pixel_spacing_calibration_type: str | None = None
    estimated_radiographic_magnification_factor: float | None = None
    nominal_scanned_pixel_spacing: tuple[float, ...] | None = None
    lossy_image_compression_ratio: float | None = None
    lossy_image_compression_method: str | None = None
    smallest_image_pixel_value: float | None = None
    largest_image_pixel_value: float | None = None
    dicom_json: dict[str, Any] | None = None
    functional_groups: dict[str, Any] | None = None
    series_date: str | None = None
    series_time: str | None = None
    acquisition_date: str | None = None
    acquisition_time: str | None = None
    content_date: str | None = None
    content_time: str | None = None
    frame_acquisition_date_time: str | None = None
    image_type: tuple[str, ...] | None = None
    acquisition_number: int | None = None
    temporal_position_index: int | None = None
    stack_id: str | None = None
    in_stack_position_number: int | None = None
    dimension_index_values: tuple[int, ...] | None = None
    referenced_segment_number: int | None = None
    frame_time: float | None = None
    recommended_display_frame_rate: float | None = None
    cine_rate: float | None = None
    trigger_time: float | None = None
    patient_position: str | None = None
    body_part_examined: str | None = None
    laterality: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """What the image says, by name; what it does not say is left out.

        Groups of values are dicts likewise, tables and profiles are bytes.
        """
        return {name: _said(value) for name, value in _named(self) if value is not None}


@dataclass(frozen=True, slots=True)
class Timing:
    """Where the time went; None is a stage that did not happen.

    Args:
        total_seconds: from the request's arrival at the daemon to its answer's end.
    """

    total_seconds: float | None = None
    origin_first_byte_seconds: float | None = None
    origin_total_seconds: float | None = None
    decode_seconds: float | None = None


_GROUPS: dict[str, type[Any]] = {
    "LookupTable": LookupTable,
    "PaletteColorLookupTable": PaletteColorLookupTable,
    "Overlay": Overlay,
    "UltrasoundRegion": UltrasoundRegion,
    "PetImage": PetImage,
    "RtDose": RtDose,
}


def read_metadata(message: v1.ImageMetadata) -> Metadata:
    metadata: Metadata = _read(message, Metadata)
    return metadata


def read_timing(message: v1.Timing) -> Timing:
    return Timing(
        _seconds(message, "total"),
        _seconds(message, "origin_first_byte"),
        _seconds(message, "origin_total"),
        _seconds(message, "decode"),
    )


def _read(message: Message, kind: type[Any]) -> Any:
    """A message as the dataclass whose fields have the same names."""
    return kind(**{field.name: _value(message, field.name) for field in fields(kind)})


def _value(message: Message, name: str) -> Any:
    field, value = message.DESCRIPTOR.fields_by_name[name], getattr(message, name)
    if isinstance(value, MutableSequence):
        return tuple(map(_plain, value)) or None
    if name == "voi_lut_function":
        function = v1.VoiLutFunction.Name(value).removeprefix("VOI_LUT_FUNCTION_")
        return None if value == v1.VOI_LUT_FUNCTION_UNSPECIFIED else function
    if field.has_presence and not message.HasField(name):
        return None
    return _plain(value)


def _plain(value: Any) -> Any:
    if not isinstance(value, Message):
        return value
    group = _GROUPS.get(value.DESCRIPTOR.name)
    return MessageToDict(value) if group is None else _read(value, group)


def _said(value: Any) -> Any:
    if isinstance(value, tuple):
        return tuple(map(_said, value))
    if not is_dataclass(value):
        return value
    return {name: _said(each) for name, each in _named(value) if each is not None}


def _named(group: Any) -> Iterator[tuple[str, Any]]:
    return ((field.name, getattr(group, field.name)) for field in fields(group))


def _seconds(message: v1.Timing, name: str) -> float | None:
    duration: Duration = getattr(message, name)
    return duration.ToTimedelta().total_seconds() if message.HasField(name) else None
