"""From modality values to grey levels: windows and VOI LUTs (PS3.3 C.11.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imageid_daemon.pixels.description import LookupTable, VoiLutFunction
from imageid_daemon.pixels.lookup_table import entries

Values = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Window:
    """In modality values."""

    center: float
    width: float
    function: VoiLutFunction

    def levels(self, values: Values) -> Values:
        """Give 0 for black to 1 for white (PS3.3 C.11.2.1.2 and C.11.2.1.3)."""
        if self.function == "SIGMOID":
            # Beyond 30 the exponential is 0 or infinite at any bit depth; no overflow then.
            exponent = np.clip(-4 * (values - self.center) / self.width, -60, 60)
            return np.asarray(1 / (1 + np.exp(exponent)))
        if self.function == "LINEAR_EXACT":
            return np.clip((values - (self.center - self.width / 2)) / self.width, 0, 1)
        if self.width == 1:
            return (values > self.center - 0.5).astype(np.float64)
        return np.clip((values - (self.center - self.width / 2)) / (self.width - 1), 0, 1)


@dataclass(frozen=True, slots=True)
class VoiLut:
    """A VOI LUT Sequence item; its input values are modality values."""

    table: LookupTable

    def levels(self, values: Values) -> Values:
        """Give 0 for black to 1 for white (PS3.3 C.11.2.1.1), NaN for NaN."""
        data = entries(self.table)
        position = np.clip(np.rint(values) - self.table.first_mapped, 0, data.size - 1)
        found = data[np.nan_to_num(position).astype(np.int64)]
        levels = np.clip(found / float((1 << self.table.bits) - 1), 0, 1)
        return np.where(np.isnan(values), np.nan, levels)
