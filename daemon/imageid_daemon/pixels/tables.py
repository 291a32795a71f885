"""Collect the lookup tables of an instance."""

from __future__ import annotations

from pydicom import Dataset

from imageid_daemon.pixels import lookup_table
from imageid_daemon.pixels.attributes import item, text, values
from imageid_daemon.pixels.description import LookupTable, Palette, Tables
from imageid_daemon.pixels.encoded_frame import Instance
from imageid_daemon.pixels.functional_groups import FrameAttributes

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


def _modality_lut(frame: FrameAttributes, signed: bool, little: bool) -> LookupTable | None:
    found = item(frame.holder("ModalityLUTSequence"), "ModalityLUTSequence")
    return _lut(found, signed, little) if found is not None else None


def _voi_luts(frame: FrameAttributes, signed: bool, little: bool) -> tuple[LookupTable, ...]:
    items = values(frame.holder("VOILUTSequence"), "VOILUTSequence")
    luts = (_lut(found, signed, little) for found in items if isinstance(found, Dataset))
    return tuple(lut for lut in luts if lut is not None)


def _lut(found: Dataset, signed: bool, little: bool) -> LookupTable | None:
    return lookup_table.read(found, "LUTDescriptor", "LUTData", signed=signed, little_endian=little)


def _palette(instance: Instance, signed: bool) -> Palette | None:
    channels = [_channel(instance, color, signed) for color in _COLORS]
    red, green, blue = channels
    if red is None or green is None or blue is None:
        return None
    return Palette(red, green, blue)


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
