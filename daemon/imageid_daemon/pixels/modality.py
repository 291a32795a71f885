"""From stored to modality values (PS3.3 C.11.1), in 64-bit floating point."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imageid_daemon.pixels.description import ImageMetadata, Tables
from imageid_daemon.pixels.lookup_table import entries
from imageid_loaders.errors import Undecodable

Samples = NDArray[Any]
Values = NDArray[np.float64]

_INTEGERS = ("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64")
# Beyond, float64 no longer tells neighbours apart: what looks like an integer may be rounded.
_EXACT_LIMIT = 1 << 53


def apply(stored: Samples, described: ImageMetadata, tables: Tables | None) -> Values:
    """Give the modality value of each stored value.

    The Modality LUT Sequence excludes RescaleSlope and RescaleIntercept. RT Dose has neither,
    but DoseGridScaling, which makes doses of its values (PS3.3 C.8.8.3.2). Without all of
    them, stored values are modality values.

    Raises:
        Undecodable: the image has a Modality LUT that cannot be read.
    """
    if tables is not None and "modality_lut" in tables.unreadable:
        raise Undecodable(
            "the modality values cannot be computed because the image's Modality LUT is broken or "
            "not in its metadata; load the whole instance, or ask for values STORED"
        )
    if tables is not None and tables.modality_lut is not None:
        table = entries(tables.modality_lut)
        position = stored.astype(np.int64) - tables.modality_lut.first_mapped
        return table[np.clip(position, 0, table.size - 1)].astype(np.float64)
    slope, intercept = described.rescale_slope, described.rescale_intercept
    if slope is None and intercept is None:
        slope = _dose_grid_scaling(described)
    return np.asarray(
        stored.astype(np.float64) * (1.0 if slope is None else slope)
        + (0.0 if intercept is None else intercept)
    )


def _dose_grid_scaling(described: ImageMetadata) -> float | None:
    if described.modality != "RTDOSE" or described.rt_dose is None:
        return None
    return described.rt_dose.dose_grid_scaling


def narrowest(values: Values) -> np.dtype[Any]:
    """The smallest integer type that holds every value, else float32."""
    if values.size and np.isfinite(values).all() and (values == np.rint(values)).all():
        low, high = values.min(), values.max()
        if max(-low, high) > _EXACT_LIMIT:
            return np.dtype("float32")
        for name in _INTEGERS:
            if np.iinfo(name).min <= low and high <= np.iinfo(name).max:
                return np.dtype(name)
    return np.dtype("float32")
