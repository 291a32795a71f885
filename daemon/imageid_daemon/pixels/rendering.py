"""From a file of stored values to a PNG or JPEG picture."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from imageid_daemon.pixels import domain, modality, sample_file, voi
from imageid_daemon.pixels.boundary import refusing
from imageid_daemon.pixels.description import (
    Description,
    ImageMetadata,
    RenderedOptions,
    Written,
)
from imageid_daemon.pixels.transforming import is_grey, open_samples, palette_to_rgb, ybr_to_rgb
from imageid_loaders.errors import InvalidOption

Samples = NDArray[Any]
Levels = NDArray[np.uint8]

# Measured on a radiograph of 3.6 megapixels: six times faster than the default of 6, and a
# seventh larger.
_COMPRESS_LEVEL = 2


def render(
    pixels_path: str, description: Description, options: RenderedOptions, target_path: str
) -> Written:
    """See `imageid_daemon.pixels.render`."""
    _check(options)
    with refusing("rendered"):
        samples = open_samples(pixels_path, description)
        if is_grey(description.metadata):
            levels = _grey(samples, description, options)
        else:
            levels = _color(samples, description)
        data = _encode(_fit(Image.fromarray(levels), options), options)
    size_bytes = sample_file.write(data, target_path)
    rendered = Description(description.metadata, f"image/{options.format}")
    return Written(rendered, size_bytes)


def _check(options: RenderedOptions) -> None:
    if not 1 <= options.quality <= 100:
        raise InvalidOption(f"quality must be from 1 to 100, not {options.quality}")
    if options.max_width < 0 or options.max_height < 0:
        raise InvalidOption("max_width and max_height must not be negative; 0 means no limit")


def _grey(samples: Samples, description: Description, options: RenderedOptions) -> Levels:
    described, tables = description.metadata, description.tables
    found = domain.of(samples)
    values = modality.apply(found.values, described, tables)
    visible = values[~_is_padding(found.values, described)]
    levels = voi.choose(options, described, tables, visible).levels(values)
    # PS3.3 C.11.6: INVERSE says of MONOCHROME1 what it says itself, so both invert once.
    shape = tables.presentation_lut_shape if tables is not None else None
    if described.photometric_interpretation == "MONOCHROME1" or shape == "INVERSE":
        levels = 1 - levels
    return found.spread(_eight_bits(np.nan_to_num(levels)))


def _is_padding(stored: Samples, described: ImageMetadata) -> NDArray[np.bool_]:
    """PS3.3 C.7.5.1.1.2: one value, or a range whose limits come in either order."""
    value, limit = described.pixel_padding_value, described.pixel_padding_range_limit
    if value is None:
        return np.zeros(stored.shape, np.bool_)
    other = value if limit is None else limit
    return (stored >= min(value, other)) & (stored <= max(value, other))


def _color(samples: Samples, description: Description) -> Levels:
    rgb, described = ybr_to_rgb(samples, description.metadata)
    rgb, described = palette_to_rgb(rgb, described, description.tables)
    bits = described.bits_stored or rgb.dtype.itemsize * 8
    if rgb.dtype == np.uint8 and bits == 8:
        return np.asarray(rgb)
    return _eight_bits(np.clip(rgb / float((1 << bits) - 1), 0, 1))


def _eight_bits(levels: NDArray[np.float64]) -> Levels:
    return np.floor(levels * 255 + 0.5).astype(np.uint8)


def _fit(image: Image.Image, options: RenderedOptions) -> Image.Image:
    """Shrink into the box; Pillow's convolution weighs every pixel, so nothing aliases."""
    scale = min(
        1.0,
        (options.max_width or image.width) / image.width,
        (options.max_height or image.height) / image.height,
    )
    if scale == 1:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.BILINEAR)


def _encode(image: Image.Image, options: RenderedOptions) -> bytes:
    target = io.BytesIO()
    if options.format == "png":
        image.save(target, "PNG", compress_level=_COMPRESS_LEVEL)
    else:
        _opaque(image).save(target, "JPEG", quality=options.quality)
    return target.getvalue()


def _opaque(image: Image.Image) -> Image.Image:
    """JPEG has no transparency: show the picture on black."""
    if image.mode != "RGBA":
        return image
    ground = Image.new("RGBA", image.size, (0, 0, 0, 255))
    return Image.alpha_composite(ground, image).convert("RGB")
