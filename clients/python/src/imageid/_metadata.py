"""What is known of an image beside its samples."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from google.protobuf.duration_pb2 import Duration
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message

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
        dicom_json: the whole data set (PS3.18 F) without bulk data, where asked for.
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
    dicom_json: dict[str, Any] | None = None

    def as_dict(self) -> dict[str, Any]:
        """What the image says, by name; what it does not say is left out."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in named.items() if value is not None}


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


def read_metadata(message: v1.ImageMetadata) -> Metadata:
    return Metadata(**{field.name: _value(message, field.name) for field in fields(Metadata)})


def read_timing(message: v1.Timing) -> Timing:
    return Timing(
        _seconds(message, "total"),
        _seconds(message, "origin_first_byte"),
        _seconds(message, "origin_total"),
        _seconds(message, "decode"),
    )


def _value(message: v1.ImageMetadata, name: str) -> Any:
    value = getattr(message, name)
    if name == "voi_lut_function":
        function = v1.VoiLutFunction.Name(value).removeprefix("VOI_LUT_FUNCTION_")
        return None if value == v1.VOI_LUT_FUNCTION_UNSPECIFIED else function
    if name == "modality_values":
        return value
    if message.DESCRIPTOR.fields_by_name[name].has_presence:
        return _plain(value) if message.HasField(name) else None
    return tuple(value) or None


def _plain(value: Any) -> Any:
    return MessageToDict(value) if isinstance(value, Message) else value


def _seconds(message: v1.Timing, name: str) -> float | None:
    duration: Duration = getattr(message, name)
    return duration.ToTimedelta().total_seconds() if message.HasField(name) else None
