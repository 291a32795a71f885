"""From a file of stored values to a PNG or JPEG picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imageid_daemon.pixels import (
    distribution,
    domain,
    modality,
    padding,
    photometric,
    picture_file,
    picture_size,
    resampling,
    sample_file,
    voi_choice,
)
from imageid_daemon.pixels.boundary import refusing
from imageid_daemon.pixels.description import (
    Description,
    Palette,
    RenderedOptions,
    Written,
)
from imageid_daemon.pixels.transforming import (
    check_colors,
    is_grey,
    open_samples,
    palette_to_rgb,
    ybr_to_rgb,
)
from imageid_loaders.errors import InvalidOption

Samples = NDArray[Any]
Picture = NDArray[Any]


def render(
    pixels_path: str, description: Description, options: RenderedOptions, target_path: str
) -> Written:
    """See `imageid_daemon.pixels.render`."""
    _check(options)
    with refusing("rendered"):
        samples = open_samples(pixels_path, description)
        picture = _picture(samples, description, options)
        rows, columns = picture.shape[:2]
        size = picture_size.fit(rows, columns, description.metadata, options)
        data = picture_file.encode(resampling.resize(picture, size), options)
    size_bytes = sample_file.write(data, target_path)
    rendered = Description(description.metadata, f"image/{options.format}")
    return Written(rendered, size_bytes)


def _check(options: RenderedOptions) -> None:
    if not 1 <= options.quality <= 100:
        raise InvalidOption(
            f"quality must be from 1 to 100, not {options.quality}", field="quality"
        )
    for field in ("max_width", "max_height"):
        if getattr(options, field) < 0:
            raise InvalidOption(f"{field} must not be negative; 0 means no limit", field=field)
    depths = (8, 16) if options.format == "png" else (8,)
    if options.bit_depth not in depths:
        raise InvalidOption(
            "bit_depth must be 8, or 16 with PNG; JPEG has 8 bits", field="bit_depth"
        )


def _picture(samples: Samples, description: Description, options: RenderedOptions) -> Picture:
    check_colors(description.metadata)
    if is_grey(description.metadata):
        picture = _grey(samples, description, options)
    else:
        picture = _color(samples, description, options.bit_depth)
    return _inverted(picture) if options.invert else picture


def _grey(samples: Samples, description: Description, options: RenderedOptions) -> Picture:
    described, tables = description.metadata, description.tables
    palette = _supplemental_palette(description)
    found = domain.of(samples)
    values = modality.apply(found.values, described, tables)
    shown = ~padding.is_padding(found.values, described)
    if palette is not None:
        shown &= ~_is_colored(found.values, palette)
    occurring = distribution.of(values, found.counts, shown)
    # A sum of numbers near the end of float64 may be infinite, and then is no number.
    with np.errstate(over="ignore", invalid="ignore"):
        levels = voi_choice.choose(options, described, tables, occurring).levels(values)
    if _is_inverse(description):
        levels = 1 - levels
    picture = found.spread(_quantized(np.nan_to_num(levels), options.bit_depth))
    if palette is None:
        return picture
    return _with_colors(picture, samples, palette, options.bit_depth)


def _is_inverse(description: Description) -> bool:
    # PS3.3 C.7.6.1: INVERSE says of MONOCHROME1 what it says itself, so both invert once.
    tables = description.tables
    shape = tables.presentation_lut_shape if tables is not None else None
    return description.metadata.photometric_interpretation == "MONOCHROME1" or shape == "INVERSE"


def _supplemental_palette(description: Description) -> Palette | None:
    """The palette of a grey image's highest values (PS3.3 C.7.6.19)."""
    tables = description.tables
    if tables is None or tables.pixel_presentation != "COLOR":
        return None
    return tables.palette


def _is_colored(stored: Samples, palette: Palette) -> NDArray[np.bool_]:
    return np.asarray(stored >= palette.red.first_mapped)


def _with_colors(picture: Picture, samples: Samples, palette: Palette, bit_depth: int) -> Picture:
    rgb = photometric.apply_palette(samples, palette)
    colors = _palette_colors(rgb, photometric.palette_bits(palette), bit_depth)
    return np.where(_is_colored(samples, palette)[..., None], colors, picture[..., None])


def _color(samples: Samples, description: Description, bit_depth: int) -> Picture:
    if description.metadata.photometric_interpretation == "PALETTE COLOR":
        rgb, described = palette_to_rgb(samples, description.metadata, description.tables)
        return _palette_colors(rgb, described.bits_stored, bit_depth)
    rgb, described = ybr_to_rgb(samples, description.metadata)
    return _scaled(rgb, described.bits_stored, bit_depth)


def _palette_colors(rgb: Samples, bits: int | None, bit_depth: int) -> Picture:
    if bits == 16 and bit_depth == 8:
        # Writers of 8-bit colours fill the low byte with the high one or with zeros; the
        # high one is right either way.
        return (rgb >> 8).astype(np.uint8)
    return _scaled(rgb, bits, bit_depth)


def _scaled(colors: Samples, bits: int | None, bit_depth: int) -> Picture:
    bits = bits or colors.dtype.itemsize * 8
    if bits == bit_depth == colors.dtype.itemsize * 8:
        return np.asarray(colors)
    # Colour in floating point goes from 0 to 1, in TIFF as in JPEG XL.
    white = 1.0 if colors.dtype.kind == "f" else float((1 << bits) - 1)
    return _quantized(np.clip(np.nan_to_num(colors / white), 0, 1), bit_depth)


def _quantized(levels: NDArray[np.float64], bit_depth: int) -> Picture:
    dtype = np.uint8 if bit_depth == 8 else np.uint16
    return np.floor(levels * ((1 << bit_depth) - 1) + 0.5).astype(dtype)


def _inverted(picture: Picture) -> Picture:
    """Black for white and each colour for its complement; opacity stays."""
    inverted = np.iinfo(picture.dtype).max - picture
    if picture.ndim == 3:
        inverted[..., 3:] = picture[..., 3:]
    return np.asarray(inverted)
