"""One page of a picture as its reader finds it: what the header says, and the samples on demand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imageid_daemon.pixels import limits
from imageid_daemon.pixels.description import ImageMetadata
from imageid_loaders.errors import Undecodable, Unsupported

Samples = NDArray[Any]

_TYPES = (
    *("uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64"),
    *("float32", "float64"),
)
# EXIF 2.3 section 4.6.4, tag Orientation: where the stored first row and column are shown.
_TRANSPOSED = (5, 6, 7, 8)
_ROWS_REVERSED = (3, 4, 7, 8)
_COLUMNS_REVERSED = (2, 3, 6, 7)


@dataclass(frozen=True, slots=True)
class Page:
    """A page, its samples unread.

    Args:
        rows: as stored, before the orientation is applied.
        samples: of each pixel; 2 are grey and opacity.
        dtype: NumPy's name of what `read` gives.
        read: decodes the samples, shape (rows, columns[, samples]).
        bits_stored: None is all that the type has.
        pages: of the whole picture.
        orientation: EXIF's, 1 to 8; anything else is taken for 1.
        dark_zero: False where 0 is white.
        icc_profile: of the samples as `read` gives them.
    """

    rows: int
    columns: int
    samples: int
    dtype: str
    read: Callable[[], Samples]
    bits_stored: int | None = None
    pages: int = 1
    orientation: int = 1
    dark_zero: bool = True
    icc_profile: bytes | None = None

    @property
    def delivered_samples(self) -> int:
        """Grey with opacity becomes RGBA, because no viewer knows it as it is."""
        return 4 if self.samples == 2 else self.samples


def describe(page: Page, frame: int | None) -> ImageMetadata:
    """Say what `decode` would give.

    Raises:
        Unsupported: the contract has no form for the samples.
    """
    _check_form(page)
    turned = page.orientation in _TRANSPOSED
    bits = np.dtype(page.dtype).itemsize * 8
    stored = page.bits_stored or bits
    grey = "MONOCHROME2" if page.dark_zero else "MONOCHROME1"
    return ImageMetadata(
        rows=page.columns if turned else page.rows,
        columns=page.rows if turned else page.columns,
        samples_per_pixel=page.delivered_samples,
        photometric_interpretation=grey if page.samples == 1 else "RGB",
        bits_allocated=bits,
        bits_stored=stored,
        high_bit=stored - 1,
        pixel_representation=int(page.dtype.startswith("int")),
        planar_configuration=0 if page.samples > 1 else None,
        frame_number=(frame or 1) if page.pages > 1 else frame,
        number_of_frames=page.pages if page.pages > 1 else None,
        icc_profile=page.icc_profile,
    )


def decode(page: Page) -> Samples:
    """Decode a page and turn it upright, shape (rows, columns[, samples]).

    Raises:
        TooLarge: the page exceeds the limit.
        Undecodable: the decoder gives something else than the header announced.
        Unsupported: the contract has no form for the samples.
    """
    _check_form(page)
    pixels = page.rows * page.columns
    limits.check_frame(pixels * page.delivered_samples * np.dtype(page.dtype).itemsize)
    array = page.read()
    shape = (page.rows, page.columns, *([page.samples] if page.samples > 1 else []))
    if array.shape != shape or array.dtype.name != page.dtype:
        raise Undecodable(
            "the picture cannot be decoded because its samples are not what its header says; "
            "ask for ENCODED to get it as it is"
        )
    return _upright(_with_color(array) if page.samples == 2 else array, page.orientation)


def _check_form(page: Page) -> None:
    if page.samples not in (1, 2, 3, 4) or page.dtype not in _TYPES:
        raise Unsupported(
            f"the picture cannot be decoded because {page.samples} samples of type {page.dtype} "
            "in each pixel have no form in this contract; ask for ENCODED"
        )


def _with_color(grey_and_opacity: Samples) -> Samples:
    return grey_and_opacity[..., [0, 0, 0, 1]]


def _upright(array: Samples, orientation: int) -> Samples:
    if orientation in _TRANSPOSED:
        array = array.swapaxes(0, 1)
    if orientation in _ROWS_REVERSED:
        array = array[::-1]
    if orientation in _COLUMNS_REVERSED:
        array = array[:, ::-1]
    return array
