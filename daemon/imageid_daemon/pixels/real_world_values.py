"""What modality values measure by the Real World Value Mapping (PS3.3 C.7.6.16.2.11)."""

from __future__ import annotations

import math

from pydicom import Dataset

from imageid_daemon.pixels.attributes import item, items, number, text
from imageid_daemon.pixels.functional_groups import ImageAttributes

_SEQUENCE = "RealWorldValueMappingSequence"
_TOLERANCE = 1e-6


def factors(frame: ImageAttributes) -> dict[str, float]:
    """From modality values to each unit (UCUM code) that a frame's values have.

    A mapping starts from stored values. A unit is left out where it is no multiple of the
    modality values, or where different values are mapped to it differently.
    """
    found: dict[str, float] = {}
    mappings = _mappings(frame)
    units = [_unit(mapping) for mapping in mappings]
    for unit, mapping in zip(units, mappings, strict=True):
        factor = _factor(frame, mapping)
        if unit is not None and factor is not None and units.count(unit) == 1:
            found[unit] = factor
    return found


def _mappings(frame: ImageAttributes) -> tuple[Dataset, ...]:
    holders = (*frame.groups, frame.attributes)
    return next(filter(None, (items(holder, _SEQUENCE) for holder in holders)), ())


def _unit(mapping: Dataset) -> str | None:
    code = item(mapping, "MeasurementUnitsCodeSequence")
    return None if code is None else text(code, "CodeValue")


def _factor(frame: ImageAttributes, mapping: Dataset) -> float | None:
    slope = number(mapping, "RealWorldValueSlope")
    intercept = number(mapping, "RealWorldValueIntercept")
    holder = frame.holder("RescaleSlope")
    rescale_slope = number(holder, "RescaleSlope")
    rescale_intercept = number(holder, "RescaleIntercept") or 0.0
    if slope is None or intercept is None or rescale_slope == 0:
        return None
    factor = slope if rescale_slope is None else slope / rescale_slope
    expected = factor * rescale_intercept
    return factor if math.isclose(intercept, expected, rel_tol=_TOLERANCE, abs_tol=0) else None
