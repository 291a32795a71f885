"""From modality values to grey levels: windows and VOI LUTs (PS3.3 C.11.2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imageid_daemon.pixels.description import (
    ImageMetadata,
    LookupTable,
    RenderedOptions,
    Tables,
    VoiLutFunction,
)
from imageid_daemon.pixels.lookup_table import entries
from imageid_loaders.errors import InvalidOption

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
        """Give 0 for black to 1 for white (PS3.3 C.11.2.1.1)."""
        data = entries(self.table)
        position = np.rint(values) - self.table.first_mapped
        found = data[np.clip(position, 0, data.size - 1).astype(np.int64)]
        return np.asarray(found / float((1 << self.table.bits) - 1))


def choose(
    options: RenderedOptions, described: ImageMetadata, tables: Tables | None, visible: Values
) -> Window | VoiLut:
    """The caller's window, else the image's first, else its VOI LUT, else the range.

    Args:
        visible: the values that occur, those of padding left out.

    Raises:
        InvalidOption: the caller's window has an impossible width.
    """
    function = options.voi_lut_function or described.voi_lut_function or "LINEAR"
    if options.window is not None:
        return _explicit(*options.window, function)
    if described.window_center and described.window_width[0] > 0:
        return _own(described.window_center[0], described.window_width[0], function)
    if tables is not None and tables.voi_luts:
        return VoiLut(tables.voi_luts[0])
    return _of_range(visible, function)


def _explicit(center: float, width: float, function: VoiLutFunction) -> Window:
    minimum = 1 if function == "LINEAR" else 0
    if not (np.isfinite(center) and np.isfinite(width)) or width < minimum or width <= 0:
        raise InvalidOption(
            f"the window cannot be applied: with {function}, window_width must be "
            f"{'at least 1' if minimum else 'above 0'}"
            f"{'; use LINEAR_EXACT for a narrower one' if minimum else ''}"
        )
    return Window(center, width, function)


def _own(center: float, width: float, function: VoiLutFunction) -> Window:
    # Images of small floating point values carry widths below the 1 that LINEAR needs.
    return Window(center, width, "LINEAR_EXACT" if function == "LINEAR" and width < 1 else function)


def _of_range(visible: Values, function: VoiLutFunction) -> Window:
    """From the lowest value, black, to the highest, white."""
    finite = visible[np.isfinite(visible)]
    low, high = (finite.min(), finite.max()) if finite.size else (0.0, 0.0)
    width = float(high - low) or 1.0
    exact: VoiLutFunction = "SIGMOID" if function == "SIGMOID" else "LINEAR_EXACT"
    return Window(float(low) + width / 2, width, exact)
