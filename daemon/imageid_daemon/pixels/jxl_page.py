"""JPEG XL files that are no DICOM: their header is read, and decoded are only their samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from imageid_daemon.pixels import jpeg_xl_header
from imageid_daemon.pixels.image_pixel import check_frame_number
from imageid_daemon.pixels.jpeg_xl_header import ImageHeader
from imageid_daemon.pixels.page import Page
from imageid_loaders.errors import Unsupported

Samples = NDArray[Any]

# EXIF's orientations that exchange rows and columns.
_TRANSPOSED = (5, 6, 7, 8)


def read(stream: BinaryIO, frame: int | None) -> Page:
    """Read the header; the decoder gives the samples upright.

    Raises:
        Undecodable: the header is broken.
        Unsupported: it is an animation, whose frames the decoder does not count.
        NotFound: another frame than the only one is wanted.
    """
    data = stream.read()
    header = jpeg_xl_header.read_image_header(data)
    if header.animated:
        raise Unsupported(
            "the picture cannot be decoded because it is a JPEG XL animation; ask for ENCODED"
        )
    check_frame_number(frame, 1)
    rows, columns = header.rows, header.columns
    if header.orientation in _TRANSPOSED:
        rows, columns = columns, rows
    dtype = _dtype(header)
    return Page(
        rows,
        columns,
        header.channels,
        dtype,
        _reading(data, dtype),
        bits_stored=None if header.is_float else header.precision,
    )


def _dtype(header: ImageHeader) -> str:
    if header.is_float or header.precision > 16:
        return "float32"
    return "uint8" if header.precision <= 8 else "uint16"


def _reading(data: bytes, dtype: str) -> Callable[[], Samples]:
    def decode() -> Samples:
        array = np.asarray(imagecodecs.jpegxl_decode(data, index=0))
        return array.astype(dtype) if array.dtype == np.float16 else array

    return decode
