"""Collect the lookup tables of an instance."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import msgspec
from pydicom import Dataset

from imageid_daemon.pixels import lookup_table
from imageid_daemon.pixels.attributes import integer, item, items, number, text
from imageid_daemon.pixels.description import LookupTable, Palette, TableName, Tables
from imageid_daemon.pixels.encoded_frame import Instance
from imageid_daemon.pixels.functional_groups import (
    FrameAttributes,
    ImageAttributes,
    frames_have_groups,
)
from imageid_loaders.errors import Undecodable

T = TypeVar("T")
P = ParamSpec("P")

_COLORS = ("Red", "Green", "Blue")


def read(instance: Instance, frame: int | None) -> Tables | None:
    """Read every table that `transform` and `render` may need; None where there is none.

    A table that is broken, or that the origin's document only refers to, is named among
    the unreadable ones: stored values do not need it, and others must not do without it.

    Args:
        frame: 1-based; None is the first.
    """
    if frames_have_groups(instance.attributes):
        return _read(instance, FrameAttributes(instance.attributes, frame))
    return instance.once(_of_every_frame)


def _of_every_frame(instance: Instance) -> Tables | None:
    return _read(instance, ImageAttributes(instance.attributes))


def _read(instance: Instance, frame: ImageAttributes) -> Tables | None:
    # First mapped values are signed where the samples are.
    signed = integer(instance.attributes, "PixelRepresentation") == 1
    little = instance.little_endian
    modality_item = item(frame.holder("ModalityLUTSequence"), "ModalityLUTSequence")
    modality_lut = (
        _unless_broken(_lut, modality_item, signed, little) if modality_item is not None else None
    )
    voi_items = items(frame.holder("VOILUTSequence"), "VOILUTSequence")
    voi_signed = _voi_input_is_signed(instance, frame, signed)
    voi_luts = [_unless_broken(_lut, found, voi_signed, little) for found in voi_items]
    unreadable: list[TableName] = []
    if modality_item is not None and modality_lut is None:
        unreadable.append("modality_lut")
    if None in voi_luts:
        unreadable.append("voi_luts")
    tables = Tables(
        modality_lut=modality_lut,
        voi_luts=tuple(lut for lut in voi_luts if lut is not None),
        palette=_unless_broken(_palette, instance, signed),
        presentation_lut_shape=text(instance.attributes, "PresentationLUTShape"),
        pixel_presentation=_pixel_presentation(frame),
        unreadable=tuple(unreadable),
    )
    return None if tables == Tables() else tables


def _unless_broken(
    read_table: Callable[P, T | None], *args: P.args, **kwargs: P.kwargs
) -> T | None:
    try:
        return read_table(*args, **kwargs)
    except (Undecodable, ValueError, TypeError):
        return None


def _voi_input_is_signed(instance: Instance, frame: ImageAttributes, signed: bool) -> bool:
    """PS3.3 C.11.2.1.1: the VOI LUT's input may be signed where modality values may."""
    if "ModalityLUTSequence" in frame.holder("ModalityLUTSequence"):
        return False
    slope = number(frame.holder("RescaleSlope"), "RescaleSlope")
    intercept = number(frame.holder("RescaleIntercept"), "RescaleIntercept")
    if slope is None and intercept is None:
        return signed
    count = 1 << min(max(integer(instance.attributes, "BitsStored") or 16, 1), 32)
    lowest = -count // 2 if signed else 0
    ends = (lowest, lowest + count - 1)
    return min((1 if slope is None else slope) * end for end in ends) + (intercept or 0) < 0


def _lut(found: Dataset, signed: bool, little: bool) -> LookupTable | None:
    lut = lookup_table.read(found, "LUTDescriptor", "LUTData", signed=signed, little_endian=little)
    explanation = text(found, "LUTExplanation")
    if lut is None or explanation is None:
        return lut
    return msgspec.structs.replace(lut, explanation=explanation)


def _pixel_presentation(frame: ImageAttributes) -> str | None:
    """Of the frame, where those of an instance differ (PS3.3 C.8.16.2.1.1)."""
    said = text(frame.attributes, "PixelPresentation")
    if said != "MIXED":
        return said
    for group in frame.groups:
        for keyword in group.dir("FrameTypeSequence"):
            frame_type = item(group, keyword)
            if frame_type is not None and "PixelPresentation" in frame_type:
                return text(frame_type, "PixelPresentation")
    return said


def _palette(instance: Instance, signed: bool) -> Palette | None:
    channels = [_channel(instance, color, signed) for color in _COLORS]
    red, green, blue = channels
    if red is None or green is None or blue is None:
        return None
    alpha = _channel(instance, "Alpha", signed)
    indices = text(instance.attributes, "PhotometricInterpretation") == "PALETTE COLOR"
    return Palette(red, green, blue, alpha, supplemental=not indices)


def _channel(instance: Instance, color: str, signed: bool) -> LookupTable | None:
    keyword = f"{color}PaletteColorLookupTable"
    little = instance.little_endian
    descriptor = f"{keyword}Descriptor"
    return lookup_table.read(
        instance.attributes, descriptor, f"{keyword}Data", signed=signed, little_endian=little
    ) or lookup_table.read_segmented(
        instance.attributes,
        descriptor,
        f"Segmented{keyword}Data",
        signed=signed,
        little_endian=little,
    )
