"""What a data set says of one frame, as the contract's `ImageMetadata`."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from pydicom import Dataset

from imageid_daemon.pixels import (
    frame_geometry,
    icc_profile,
    metadata_size,
    overlays,
    pet_image,
    tables,
    ultrasound_regions,
)
from imageid_daemon.pixels.attributes import (
    integer,
    integers,
    item,
    number,
    numbers,
    text,
    texts,
)
from imageid_daemon.pixels.description import ImageMetadata, Tables
from imageid_daemon.pixels.encoded_frame import Instance
from imageid_daemon.pixels.functional_groups import (
    FrameAttributes,
    ImageAttributes,
    frames_have_groups,
)
from imageid_daemon.pixels.metadata_modules import RtDose

_INTEGERS = """Rows Columns SamplesPerPixel BitsAllocated BitsStored HighBit
    PixelRepresentation PlanarConfiguration SeriesNumber InstanceNumber NumberOfFrames
    TemporalPositionIndex InStackPositionNumber ReferencedSegmentNumber"""
_NUMBERS = """RescaleSlope RescaleIntercept SliceThickness SliceLocation
    SpacingBetweenSlices EstimatedRadiographicMagnificationFactor
    RecommendedDisplayFrameRate CineRate TriggerTime"""
_NUMBER_LISTS = """PixelSpacing ImagerPixelSpacing NominalScannedPixelSpacing
    ImagePositionPatient ImageOrientationPatient"""
_TEXTS = """PhotometricInterpretation RescaleType FrameOfReferenceUID Modality
    StudyInstanceUID SeriesInstanceUID SOPInstanceUID SOPClassUID SeriesDescription
    LossyImageCompression PresentationLUTShape PixelSpacingCalibrationType SeriesDate
    SeriesTime AcquisitionDate AcquisitionTime ContentDate ContentTime
    FrameAcquisitionDateTime StackID PatientPosition BodyPartExamined"""
_COUNTS = {"ImagePositionPatient": 3, "ImageOrientationPatient": 6}
_SPACINGS = 2
_FLOAT_PADDING = (
    "FloatPixelPaddingValue",
    "DoubleFloatPixelPaddingValue",
    "FloatPixelPaddingRangeLimit",
    "DoubleFloatPixelPaddingRangeLimit",
)
_FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")


def read(
    instance: Instance, number_of_frame: int | None, found: Tables | None = None
) -> ImageMetadata:
    """Read what is there; nothing is made up for what is not.

    Args:
        number_of_frame: 1-based; None is the first of an image that may have no others.
        found: the frame's tables, where they are known already.
    """
    frame = FrameAttributes(instance.attributes, number_of_frame)
    if frames_have_groups(instance.attributes):
        found = found or tables.read(instance, number_of_frame)
        described = _described(instance, frame, found)
    else:
        described = instance.once(_of_every_frame)
    numbered = number_of_frame is not None or described.number_of_frames is not None
    own = _geometry(frame) | {
        "frame_number": frame.number if numbered else None,
        "frame_time": _frame_time(frame),
        "overlays": overlays.read(instance, frame.number),
    }
    return metadata_size.bounded(msgspec.structs.replace(described, **own))


def _of_every_frame(instance: Instance) -> ImageMetadata:
    image = ImageAttributes(instance.attributes)
    return _described(instance, image, tables.read(instance, None))


def _described(instance: Instance, frame: ImageAttributes, found: Tables | None) -> ImageMetadata:
    """All but what is said of a frame outside of functional groups."""
    fields: dict[str, Any] = {
        field_name(keyword): reader(frame.holder(keyword), keyword)
        for keywords, reader in _READERS
        for keyword in keywords.split()
    }
    fields |= _window(frame) | _samples(frame) | _frame(frame) | _compression(instance.attributes)
    fields |= _tables(frame, found or Tables()) | _modules(frame)
    return ImageMetadata(
        **fields,
        pixel_aspect_ratio=integers(instance.attributes, "PixelAspectRatio"),
        icc_profile=icc_profile.read(frame),
        transfer_syntax_uid=instance.transfer_syntax_uid,
    )


@cache
def field_name(keyword: str) -> str:
    """DICOM keyword to field: "SOPClassUID" to "sop_class_uid"."""
    name = ""
    for index, letter in enumerate(keyword):
        starts = letter.isupper() and index > 0
        inside = starts and keyword[index - 1].isupper()
        closes = inside and index + 1 < len(keyword) and keyword[index + 1].islower()
        name += ("_" if starts and (not inside or closes) else "") + letter.lower()
    return name


def _list(attributes: Dataset, keyword: str) -> tuple[float, ...]:
    """A list of the wrong length cannot be interpreted."""
    found = numbers(attributes, keyword)
    return found if len(found) == _COUNTS.get(keyword, _SPACINGS) else ()


_READERS = (
    (_INTEGERS, integer),
    (_NUMBERS, number),
    (_NUMBER_LISTS, _list),
    (_TEXTS, text),
)


def _window(frame: ImageAttributes) -> dict[str, Any]:
    """Centers and widths belong together; what has no partner is left out."""
    holder = frame.holder("WindowCenter")
    centers, widths = numbers(holder, "WindowCenter"), numbers(holder, "WindowWidth")
    count = min(len(centers), len(widths))
    function = text(frame.holder("VOILUTFunction"), "VOILUTFunction")
    return {
        "window_center": centers[:count],
        "window_width": widths[:count],
        "window_center_width_explanation": texts(holder, "WindowCenterWidthExplanation")[:count],
        "voi_lut_function": function if function in _FUNCTIONS else None,
    }


def _samples(frame: ImageAttributes) -> dict[str, Any]:
    """What is said in the samples' own values."""
    return {
        field_name(keyword): _like_sample(frame, keyword)
        for keyword in (
            "PixelPaddingValue",
            "PixelPaddingRangeLimit",
            "SmallestImagePixelValue",
            "LargestImagePixelValue",
        )
    }


def _like_sample(frame: ImageAttributes, keyword: str) -> float | None:
    """Its VR is US or SS by PixelRepresentation (PS3.3 C.7.5.1.1.2), but not every writer knows.

    Float Pixel Data have attributes of their own for it (PS3.3 C.7.6.24, C.7.6.25).
    """
    for own in (f"Float{keyword}", f"DoubleFloat{keyword}"):
        if own in _FLOAT_PADDING and own in frame.attributes:
            return number(frame.attributes, own)
    value = number(frame.holder(keyword), keyword)
    bits = integer(frame.attributes, "BitsAllocated") or 16
    signed = integer(frame.attributes, "PixelRepresentation") == 1
    if value is not None and signed and value >= 1 << (bits - 1):
        return value - (1 << bits)
    return value


def _frame(frame: ImageAttributes) -> dict[str, Any]:
    """What a frame says in its functional groups, and a whole image in other attributes."""
    numbers_of = ("FrameAcquisitionNumber", "AcquisitionNumber")
    sides = ("FrameLaterality", "ImageLaterality", "Laterality")
    acquired = (integer(frame.holder(keyword), keyword) for keyword in numbers_of)
    laterality = (text(frame.holder(keyword), keyword) for keyword in sides)
    image_type = texts(frame.holder("FrameType"), "FrameType")
    return {
        "acquisition_number": next((found for found in acquired if found is not None), None),
        "laterality": next(filter(None, laterality), None),
        "image_type": image_type or texts(frame.attributes, "ImageType"),
        "dimension_index_values": integers(
            frame.holder("DimensionIndexValues"), "DimensionIndexValues"
        ),
    }


def _frame_time(frame: FrameAttributes) -> float | None:
    """From this frame to the next; FrameTimeVector says it before each frame, first 0."""
    attributes = frame.attributes
    increments = numbers(attributes, "FrameTimeVector")
    constant = number(attributes, "FrameTime")
    if constant is not None or not 0 < frame.number < len(increments):
        return constant
    return increments[frame.number]


def _compression(attributes: Dataset) -> dict[str, Any]:
    """Of the last step, which stands last (PS3.3 C.7.6.1.1.5)."""
    ratios = numbers(attributes, "LossyImageCompressionRatio")
    methods = texts(attributes, "LossyImageCompressionMethod")
    return {
        "lossy_image_compression_ratio": ratios[-1] if ratios else None,
        "lossy_image_compression_method": (methods[-1] or None) if methods else None,
    }


def _geometry(frame: FrameAttributes) -> dict[str, Any]:
    """In the place of the functional groups that RT Dose and nuclear medicine images lack."""
    found = frame_geometry.read(frame.attributes, frame.number)
    if found is None:
        return {}
    return {
        "image_position_patient": found.position,
        "image_orientation_patient": found.orientation,
        "spacing_between_slices": found.spacing_between_slices,
    }


def _tables(frame: ImageAttributes, found: Tables) -> dict[str, Any]:
    said: dict[str, Any] = {
        "modality_lut": found.modality_lut,
        "voi_luts": found.voi_luts,
        "palette_color_lookup_table": found.palette,
    }
    if found.modality_lut is not None:
        lut = item(frame.holder("ModalityLUTSequence"), "ModalityLUTSequence") or Dataset()
        said["rescale_type"] = text(lut, "ModalityLUTType")
    return said


def _modules(frame: ImageAttributes) -> dict[str, Any]:
    return {
        "ultrasound_regions": ultrasound_regions.read(frame.attributes),
        "pet_image": pet_image.read(frame),
        "rt_dose": _rt_dose(frame.attributes),
    }


def _rt_dose(attributes: Dataset) -> RtDose | None:
    found = RtDose(
        dose_grid_scaling=number(attributes, "DoseGridScaling"),
        dose_units=text(attributes, "DoseUnits"),
        dose_type=text(attributes, "DoseType"),
        dose_summation_type=text(attributes, "DoseSummationType"),
    )
    return None if found == RtDose() else found
