"""The Sequence of Ultrasound Regions (PS3.3 C.8.5.5)."""

from __future__ import annotations

from typing import Any

from pydicom import Dataset

from imageid_daemon.pixels.attributes import integer, items, number
from imageid_daemon.pixels.metadata_modules import UltrasoundRegion

_CORNERS = {
    "min_x0": "RegionLocationMinX0",
    "min_y0": "RegionLocationMinY0",
    "max_x1": "RegionLocationMaxX1",
    "max_y1": "RegionLocationMaxY1",
}
_INTEGERS = {
    "spatial_format": "RegionSpatialFormat",
    "data_type": "RegionDataType",
    "flags": "RegionFlags",
    "physical_units_x_direction": "PhysicalUnitsXDirection",
    "physical_units_y_direction": "PhysicalUnitsYDirection",
    "reference_pixel_x0": "ReferencePixelX0",
    "reference_pixel_y0": "ReferencePixelY0",
}
_NUMBERS = {
    "physical_delta_x": "PhysicalDeltaX",
    "physical_delta_y": "PhysicalDeltaY",
    "reference_pixel_physical_value_x": "ReferencePixelPhysicalValueX",
    "reference_pixel_physical_value_y": "ReferencePixelPhysicalValueY",
    "transducer_frequency": "TransducerFrequency",
}


def read(attributes: Dataset) -> tuple[UltrasoundRegion, ...]:
    """Every region that says where it is, in the order of the sequence."""
    regions = (_region(item) for item in items(attributes, "SequenceOfUltrasoundRegions"))
    return tuple(region for region in regions if region is not None)


def _region(item: Dataset) -> UltrasoundRegion | None:
    corners = {name: integer(item, keyword) for name, keyword in _CORNERS.items()}
    if None in corners.values():
        return None
    facts: dict[str, Any] = dict(corners)
    facts |= {name: integer(item, keyword) for name, keyword in _INTEGERS.items()}
    facts |= {name: number(item, keyword) for name, keyword in _NUMBERS.items()}
    return UltrasoundRegion(**facts)
