"""JPEG 2000 and HTJ2K: by OpenJPEG, or by OpenJPH where that has too few bits."""

from __future__ import annotations

import io
import struct
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imageid_daemon.pixels import jpeg_2000_header
from imageid_daemon.pixels.codestream import Codestream
from imageid_daemon.pixels.image_pixel import ImagePixel

Samples = NDArray[Any]

OPENJPEG_BITS = 31
_SRGB = 16


def decode(data: bytes, pixel: ImagePixel, stream: Codestream, _: bool) -> tuple[Samples, str]:
    """Give the samples and their photometric interpretation."""
    if stream.subsampled:
        return _with_halved_chroma(data, stream), _halved(pixel)
    # OpenJPH is twice as fast, but wraps instead of clamping what a lossy codestream overshoots,
    # and fills in silently what a damaged one lacks.
    if stream.precision <= OPENJPEG_BITS:
        return imagecodecs.jpeg2k_decode(data, planar=False), _after_wavelet(pixel)
    return imagecodecs.htj2k_decode(data, planar=False), _after_wavelet(pixel)


def _after_wavelet(pixel: ImagePixel) -> str:
    """The codecs undo the component transformation themselves."""
    done = pixel.photometric_interpretation in ("YBR_RCT", "YBR_ICT")
    return "RGB" if done else pixel.photometric_interpretation


def _halved(pixel: ImagePixel) -> str:
    """Nobody halves red or blue, and no transformation takes components of unequal size."""
    photometric = pixel.photometric_interpretation
    return photometric if photometric.startswith("YBR_PARTIAL") else "YBR_FULL"


def _with_halved_chroma(data: bytes, stream: Codestream) -> Samples:
    """Spread each sample of chrominance over its pixels.

    imagecodecs and Pillow turn such a codestream into RGB, and round down. To Pillow, what a
    file calls RGB is RGB already: it only spreads it.
    """
    file = io.BytesIO(_called_rgb(jpeg_2000_header.codestream_of(data), stream))
    with Image.open(file, formats=["JPEG2000"]) as image:
        return np.asarray(image)


def _called_rgb(codestream: bytes, stream: Codestream) -> bytes:
    """Put it into a JP2 file (ISO 15444-1 I)."""
    size = struct.pack(">IIHBBBB", stream.rows, stream.columns, 3, stream.precision - 1, 7, 1, 0)
    color = struct.pack(">BBBI", 1, 0, 0, _SRGB)
    return (
        _box(b"jP  ", b"\r\n\x87\n")
        + _box(b"ftyp", b"jp2 \0\0\0\0jp2 ")
        + _box(b"jp2h", _box(b"ihdr", size) + _box(b"colr", color))
        + _box(b"jp2c", codestream)
    )


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", 8 + len(content), kind) + content
