"""JPEG and JPEG 2000 files that Pillow reads wrongly or not at all, by the codecs of DICOM."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from imageid_daemon.pixels import codestream_header, jpeg_header
from imageid_daemon.pixels.codestream import Codestream
from imageid_daemon.pixels.image_pixel import check_frame_number
from imageid_daemon.pixels.page import Page
from imageid_loaders.errors import Undecodable

Samples = NDArray[Any]


def read(stream: BinaryIO, frame: int | None) -> Page | None:
    """Read the header, unless it is one of 8-bit JPEG or unsigned JPEG 2000 up to 8 bits.

    Those are Pillow's: it knows their colour spaces and EXIF.

    Raises:
        Undecodable: the header is broken.
        NotFound: another frame than the only one is wanted.
    """
    data = stream.read()
    stream.seek(0)
    found = codestream_header.read(data)
    if found is None or _is_pillows(found):
        return None
    check_frame_number(frame, 1)
    if found.family in ("jpeg", "jpeg-lossless"):
        check_jpeg_end(data)
    bits = 8 if found.precision <= 8 else 16 if found.precision <= 16 else 32
    return Page(
        found.rows,
        found.columns,
        found.samples_per_pixel,
        f"{'int' if found.signed else 'uint'}{bits}",
        _reading(found, data),
        bits_stored=found.precision,
    )


def check_jpeg_end(data: bytes) -> None:
    """Refuse a JPEG that breaks off, because libjpeg fills up what is missing with grey.

    Raises:
        Undecodable: no end follows the last scan.
    """
    if not jpeg_header.ends(data):
        raise Undecodable(
            "the picture cannot be decoded because its JPEG data break off; "
            "ask for ENCODED to get them as they are"
        )


def _is_pillows(found: Codestream) -> bool:
    if found.family == "jpeg-2000":
        return found.precision <= 8 and not found.signed
    return found.family == "jpeg" and found.precision == 8


def _reading(found: Codestream, data: bytes) -> Callable[[], Samples]:
    decoders = {
        "jpeg-2000": imagecodecs.jpeg2k_decode,
        "jpeg-ls": imagecodecs.jpegls_decode,
        "jpeg": imagecodecs.jpeg8_decode,
        "jpeg-lossless": imagecodecs.jpeg8_decode,
    }
    return lambda: np.asarray(decoders[found.family](data))
