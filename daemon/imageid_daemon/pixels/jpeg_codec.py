"""JPEG of every process, by libjpeg-turbo: its colours, and whether it is whole."""

from __future__ import annotations

from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from imageid_daemon.pixels import jpeg_header
from imageid_daemon.pixels.codestream import Codestream
from imageid_daemon.pixels.image_pixel import ImagePixel
from imageid_daemon.pixels.photometric import RETIRED
from imageid_loaders.errors import Undecodable

Samples = NDArray[Any]

# Entropy-coded data of no meaning, without a marker in them, and their complement.
_NOISES = (b"\xb7\x5a\xe3" * 32, b"\x48\xa5\x1c" * 32)


def decode(
    data: bytes, pixel: ImagePixel, stream: Codestream, keep_ybr: bool
) -> tuple[Samples, str]:
    """Give the samples and their photometric interpretation.

    Args:
        keep_ybr: rather than RGB, where the codestream is YBR.

    Raises:
        Undecodable: the codestream breaks off.
    """
    photometric = pixel.photometric_interpretation
    if pixel.samples_per_pixel != 3:
        return _libjpeg(data), photometric
    if photometric in RETIRED:
        # An encoder that was told that they are RGB may have transformed them, and says so.
        called = "YCBCR" if stream.colors == "ybr" and stream.family == "jpeg" else "RGB"
        return _libjpeg(data, called, "RGB"), photometric
    # Named, because without it libjpeg guesses from the Adobe marker, which may be absent.
    stored = "YCBCR" if _is_ybr(pixel, stream) else "RGB"
    # Lossless processes carry no colour transformation, and libjpeg refuses to add one.
    wanted = stored if keep_ybr or stream.family == "jpeg-lossless" else "RGB"
    array = _libjpeg(data, stored, wanted)
    return array, "YBR_FULL" if wanted == "YCBCR" else "RGB"


def _libjpeg(data: bytes, stored: str | None = None, wanted: str | None = None) -> Samples:
    """Decode, and refuse what breaks off, because libjpeg fills up what is missing with grey."""

    def decoded(codestream: bytes) -> Samples:
        return imagecodecs.jpeg8_decode(codestream, colorspace=stored, outcolorspace=wanted)

    array = decoded(data)
    # Some writers leave out the end alone. Then nothing behind the last bit changes a sample.
    whole = jpeg_header.ends(data) or all(
        np.array_equal(array, decoded(data + noise)) for noise in _NOISES
    )
    if not whole:
        raise Undecodable(
            "the image cannot be decoded because its JPEG data break off; "
            "ask for ENCODED to get them as they are"
        )
    return array


def _is_ybr(pixel: ImagePixel, stream: Codestream) -> bool:
    """Correct the header where the codestream itself names its colours."""
    if stream.colors is not None:
        return stream.colors == "ybr"
    if stream.family == "jpeg-lossless":
        return pixel.photometric_interpretation.startswith("YBR_FULL")
    # A header that names no colours of three samples leaves what JPEG is by default.
    return pixel.photometric_interpretation != "RGB"
