"""What a data set says of one frame, as the contract's `ImageMetadata`."""

from __future__ import annotations

from typing import Any

from pydicom import Dataset

from imageid_daemon.pixels.attributes import integer, number, numbers, text, texts
from imageid_daemon.pixels.description import ImageMetadata
from imageid_daemon.pixels.encoded_frame import Instance
from imageid_daemon.pixels.functional_groups import FrameAttributes

_INTEGERS = """Rows Columns SamplesPerPixel BitsAllocated BitsStored HighBit
    PixelRepresentation PlanarConfiguration SeriesNumber InstanceNumber NumberOfFrames"""
_NUMBERS = """RescaleSlope RescaleIntercept SliceThickness SliceLocation
    SpacingBetweenSlices"""
_NUMBER_LISTS = """PixelSpacing ImagerPixelSpacing ImagePositionPatient
    ImageOrientationPatient"""
_TEXTS = """PhotometricInterpretation RescaleType FrameOfReferenceUID Modality
    StudyInstanceUID SeriesInstanceUID SOPInstanceUID SOPClassUID SeriesDescription
    LossyImageCompression"""
_COUNTS = {"PixelSpacing": 2, "ImagerPixelSpacing": 2, "ImagePositionPatient": 3}
_COUNTS["ImageOrientationPatient"] = 6
_FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")


def read(instance: Instance) -> ImageMetadata:
    """Read what is there; nothing is made up for what is not."""
    frame = FrameAttributes(instance.attributes, instance.frame)
    fields: dict[str, Any] = {
        field_name(keyword): reader(frame.holder(keyword), keyword)
        for keywords, reader in _READERS
        for keyword in keywords.split()
    }
    frames = fields["number_of_frames"]
    return ImageMetadata(
        **fields,
        **_window(frame),
        **_padding(instance.attributes),
        pixel_aspect_ratio=tuple(map(int, numbers(instance.attributes, "PixelAspectRatio"))),
        frame_number=(instance.frame or 1) if frames is not None else instance.frame,
        transfer_syntax_uid=instance.transfer_syntax_uid,
    )


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
    return found if len(found) == _COUNTS[keyword] else ()


_READERS = (
    (_INTEGERS, integer),
    (_NUMBERS, number),
    (_NUMBER_LISTS, _list),
    (_TEXTS, text),
)


def _window(frame: FrameAttributes) -> dict[str, Any]:
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


def _padding(attributes: Dataset) -> dict[str, Any]:
    return {
        field_name(keyword): _like_sample(attributes, keyword)
        for keyword in ("PixelPaddingValue", "PixelPaddingRangeLimit")
    }


def _like_sample(attributes: Dataset, keyword: str) -> float | None:
    """Its VR is US or SS by PixelRepresentation (PS3.3 C.7.5.1.1.2), but not every writer knows."""
    value = number(attributes, keyword)
    bits = integer(attributes, "BitsAllocated") or 16
    signed = integer(attributes, "PixelRepresentation") == 1
    if value is not None and signed and value >= 1 << (bits - 1):
        return value - (1 << bits)
    return value
