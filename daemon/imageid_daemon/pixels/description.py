"""What is said about an image and about what was written of it; all of it serialisable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, NamedTuple

import msgspec

from imageid_daemon.pixels.metadata_modules import Overlay, PetImage, RtDose, UltrasoundRegion
from imageid_loaders.base import Plane

TableName = Literal["modality_lut", "voi_luts"]
VoiLutFunction = Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"]


@dataclass(frozen=True, slots=True)
class Encoded:
    """What is to be decoded.

    Args:
        path: file with the bytes: a Part 10 file, a web image, or one frame's codestream.
        transfer_syntax_uid: of a lone frame.
        dicom_json: the DICOM JSON object of the instance (PS3.18 F), for a lone frame.
        frame: 1-based; None is the first or only one. Of a lone frame, its number
            within the instance.
        plane: of a volume, whose planes have no frame number.
        located: `Located.record` of the frames, where the file has an index.
        bulk: values by the URIs that stand for them in `dicom_json`, as far as they are known.
    """

    path: str
    media_type: str
    transfer_syntax_uid: str | None = None
    dicom_json: bytes | None = None
    frame: int | None = None
    plane: Plane | None = None
    located: bytes | None = None
    bulk: tuple[tuple[str, bytes], ...] = ()


class Located(NamedTuple):
    """What the index of a file says of some of its frames.

    Args:
        record: for `Encoded.located`.
        in_index: they are to be read from the index, which holds what was deflated.
    """

    record: bytes
    in_index: bool


@dataclass(frozen=True, slots=True)
class PixelsOptions:
    """`PixelsOutput` of the contract."""

    values: Literal["stored", "modality"] = "stored"
    color: Literal["default", "stored", "rgb"] = "default"


@dataclass(frozen=True, slots=True)
class RenderedOptions:
    """`RenderedOutput` of the contract.

    Args:
        window: center and width in modality values.
        window_name: a window's or VOI LUT's explanation, or its 1-based number; "" is none.
        percentiles: lower and higher, 0 to 100, of the frame's modality values.
        bit_depth: of each sample of the picture, 8 or 16.
        invert: exchange black and white, after what the image itself asks for.
    """

    format: Literal["png", "jpeg"] = "png"
    quality: int = 90
    max_width: int = 0
    max_height: int = 0
    window: tuple[float, float] | None = None
    voi_lut_function: VoiLutFunction | None = None
    window_name: str = ""
    percentiles: tuple[float, float] | None = None
    bit_depth: int = 8
    invert: bool = False


class LookupTable(msgspec.Struct, omit_defaults=True, frozen=True):
    """A LUT of PS3.3 C.11.1, C.11.2 or C.7.9.

    Args:
        first_mapped: the input value of the first entry.
        bits: of each entry's range.
        data: the entries, uint16 little-endian.
        explanation: LUTExplanation, "" where there is none.
    """

    first_mapped: int
    bits: int
    data: bytes
    explanation: str = ""


class Palette(msgspec.Struct, omit_defaults=True, frozen=True):
    """One table for each colour, each with its own descriptor.

    Args:
        supplemental: the image is grey below the first mapped value (PS3.3 C.7.6.19).
    """

    red: LookupTable
    green: LookupTable
    blue: LookupTable
    alpha: LookupTable | None = None
    supplemental: bool = False


class ImageMetadata(msgspec.Struct, omit_defaults=True, frozen=True):
    """`ImageMetadata` of the contract: None or () where the image does not say."""

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
    window_center: tuple[float, ...] = ()
    window_width: tuple[float, ...] = ()
    window_center_width_explanation: tuple[str, ...] = ()
    voi_lut_function: VoiLutFunction | None = None
    pixel_spacing: tuple[float, ...] = ()
    imager_pixel_spacing: tuple[float, ...] = ()
    pixel_aspect_ratio: tuple[int, ...] = ()
    slice_thickness: float | None = None
    slice_location: float | None = None
    spacing_between_slices: float | None = None
    image_position_patient: tuple[float, ...] = ()
    image_orientation_patient: tuple[float, ...] = ()
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
    voi_luts: tuple[LookupTable, ...] = ()
    palette_color_lookup_table: Palette | None = None
    icc_profile: bytes | None = None
    overlays: tuple[Overlay, ...] = ()
    ultrasound_regions: tuple[UltrasoundRegion, ...] = ()
    pet_image: PetImage | None = None
    rt_dose: RtDose | None = None
    presentation_lut_shape: str | None = None
    pixel_spacing_calibration_type: str | None = None
    estimated_radiographic_magnification_factor: float | None = None
    nominal_scanned_pixel_spacing: tuple[float, ...] = ()
    lossy_image_compression_ratio: float | None = None
    lossy_image_compression_method: str | None = None
    smallest_image_pixel_value: float | None = None
    largest_image_pixel_value: float | None = None
    series_date: str | None = None
    series_time: str | None = None
    acquisition_date: str | None = None
    acquisition_time: str | None = None
    content_date: str | None = None
    content_time: str | None = None
    frame_acquisition_date_time: str | None = None
    image_type: tuple[str, ...] = ()
    acquisition_number: int | None = None
    temporal_position_index: int | None = None
    stack_id: str | None = None
    in_stack_position_number: int | None = None
    dimension_index_values: tuple[int, ...] = ()
    referenced_segment_number: int | None = None
    frame_time: float | None = None
    recommended_display_frame_rate: float | None = None
    cine_rate: float | None = None
    trigger_time: float | None = None
    patient_position: str | None = None
    body_part_examined: str | None = None
    laterality: str | None = None


class Layout(msgspec.Struct, frozen=True):
    """How to read samples: NumPy's name of the little-endian type, strides in bytes."""

    dtype: str
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class Tables(msgspec.Struct, omit_defaults=True, frozen=True):
    """What `transform` and `render` need beyond the metadata.

    Args:
        pixel_presentation: of the frame, PixelPresentation; "COLOR" says that the palette
            of a grey image is a supplemental one (PS3.3 C.7.6.19).
        unreadable: what the image has, but broken or out of reach.
        made_for_screens: the image is a picture of the web, whose grey is shown as it is.
    """

    modality_lut: LookupTable | None = None
    voi_luts: tuple[LookupTable, ...] = ()
    palette: Palette | None = None
    presentation_lut_shape: str | None = None
    pixel_presentation: str | None = None
    unreadable: tuple[TableName, ...] = ()
    made_for_screens: bool = False


class Description(msgspec.Struct, omit_defaults=True, frozen=True):
    """What is kept beside a blob of samples or of a picture.

    `metadata` tells of the samples described: after YBR has become RGB,
    `photometric_interpretation` is "RGB".
    """

    metadata: ImageMetadata
    content_type: str
    layout: Layout | None = None
    tables: Tables | None = None


class Written(NamedTuple):
    """A file that was written whole."""

    description: Description
    size_bytes: int
