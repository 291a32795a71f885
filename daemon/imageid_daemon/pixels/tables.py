"""Collect the lookup tables of an instance."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

import msgspec
from pydicom import Dataset

from imageid_daemon.pixels import lookup_table
from imageid_daemon.pixels.attributes import item, items, text
from imageid_daemon.pixels.description import LookupTable, Palette, Tables
from imageid_daemon.pixels.encoded_frame import Instance
from imageid_daemon.pixels.functional_groups import FrameAttributes
from imageid_loaders.errors import Undecodable

T = TypeVar("T")
P = ParamSpec("P")

_COLORS = ("Red", "Green", "Blue")


def read(instance: Instance, *, signed: bool) -> Tables | None:
    """Read every table that `transform` and `render` may need; None where there is none.

    Args:
        signed: PixelRepresentation is 1, so that first mapped values are signed too.

    Raises:
        Undecodable: a table is broken.
    """
    frame = FrameAttributes(instance.attributes, instance.frame)
    tables = Tables(
        modality_lut=_modality_lut(frame, signed, instance.little_endian),
        voi_luts=_voi_luts(frame, signed, instance.little_endian),
        palette=_palette(instance, signed),
        presentation_lut_shape=text(instance.attributes, "PresentationLUTShape"),
    )
    return None if tables == Tables() else tables


def readable(instance: Instance, *, signed: bool) -> Tables:
    """The same for a description, in which a broken table is absent."""
    frame = FrameAttributes(instance.attributes, instance.frame)
    little = instance.little_endian
    voi_luts = [_unless_broken(_lut, found, signed, little) for found in _voi_items(frame)]
    return Tables(
        modality_lut=_unless_broken(_modality_lut, frame, signed, little),
        voi_luts=tuple(lut for lut in voi_luts if lut is not None),
        palette=_unless_broken(_palette, instance, signed),
        presentation_lut_shape=text(instance.attributes, "PresentationLUTShape"),
    )


def _unless_broken(
    read_table: Callable[P, T | None], *args: P.args, **kwargs: P.kwargs
) -> T | None:
    try:
        return read_table(*args, **kwargs)
    except (Undecodable, ValueError, TypeError):
        return None


def _modality_lut(frame: FrameAttributes, signed: bool, little: bool) -> LookupTable | None:
    found = item(frame.holder("ModalityLUTSequence"), "ModalityLUTSequence")
    return _lut(found, signed, little) if found is not None else None


def _voi_luts(frame: FrameAttributes, signed: bool, little: bool) -> tuple[LookupTable, ...]:
    luts = (_lut(found, signed, little) for found in _voi_items(frame))
    return tuple(lut for lut in luts if lut is not None)


def _voi_items(frame: FrameAttributes) -> tuple[Dataset, ...]:
    return items(frame.holder("VOILUTSequence"), "VOILUTSequence")


def _lut(found: Dataset, signed: bool, little: bool) -> LookupTable | None:
    lut = lookup_table.read(found, "LUTDescriptor", "LUTData", signed=signed, little_endian=little)
    explanation = text(found, "LUTExplanation")
    if lut is None or explanation is None:
        return lut
    return msgspec.structs.replace(lut, explanation=explanation)


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
