"""A picture as the bytes of a PNG or JPEG file; the same picture gives the same bytes."""

from __future__ import annotations

import io
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imageid_daemon.pixels.description import RenderedOptions

Picture = NDArray[Any]

# Measured on a radiograph of 3.6 megapixels: half the time of the defaults and a fifth fewer
# bytes. What detectors see repeats itself nowhere, but each pixel resembles its neighbours.
_STRATEGY = imagecodecs.PNG.STRATEGY.RLE
_FILTER = imagecodecs.PNG.FILTER.PAETH


def encode(picture: Picture, options: RenderedOptions) -> bytes:
    """Give the file.

    Args:
        picture: uint8, or uint16 for PNG; shape (rows, columns[, samples]); a fourth
            sample is opacity, which JPEG shows on black.
    """
    if options.format == "png":
        samples = np.ascontiguousarray(picture)
        return bytes(imagecodecs.png_encode(samples, strategy=_STRATEGY, filter=_FILTER))
    target = io.BytesIO()
    _opaque(Image.fromarray(picture)).save(target, "JPEG", quality=options.quality)
    return target.getvalue()


def _opaque(image: Image.Image) -> Image.Image:
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGBA", image.size, (0, 0, 0, 255))
    return Image.alpha_composite(ground, image).convert("RGB")
