"""How large a picture is: its pixels are square, and it fits into the caller's box."""

from __future__ import annotations

import math

from imageid_daemon.pixels.description import ImageMetadata, RenderedOptions

# Pixels of any scanner are far squarer; what says otherwise is taken for a mistake.
_MAX_ASPECT = 50
_MAX_PIXELS = 1 << 26
# JPEG has 16 bits for a side, of which libjpeg uses these; libpng refuses a longer one.
_MAX_SIDE = {"jpeg": 65_500, "png": 1_000_000}


def fit(
    rows: int, columns: int, described: ImageMetadata, options: RenderedOptions
) -> tuple[int, int]:
    """Give the width and height of the picture of a frame.

    The axis along which pixels are longer is enlarged, so that nothing is lost; then
    the whole is shrunk into the box. Enlarging alone gives at most 2^26 pixels.
    """
    pixel_height, pixel_width = pixel_size(described)
    shorter = min(pixel_height, pixel_width)
    width, height = columns * pixel_width / shorter, rows * pixel_height / shorter
    longest = _MAX_SIDE[options.format]
    scale = min(
        1.0,
        (options.max_width or longest) / width,
        (options.max_height or longest) / height,
        math.sqrt(max(_MAX_PIXELS, rows * columns) / (width * height)),
    )
    return max(1, round(width * scale)), max(1, round(height * scale))


def pixel_size(described: ImageMetadata) -> tuple[float, float]:
    """The height and width of a pixel, of which only the ratio counts (PS3.3 C.7.6.3.1.7).

    The spacings of ultrasound regions may have other units along each axis, and do not
    count.
    """
    said = (
        described.pixel_spacing,
        described.imager_pixel_spacing,
        described.nominal_scanned_pixel_spacing,
        described.pixel_aspect_ratio,
    )
    for pair in said:
        if len(pair) == 2 and min(pair) > 0 and max(pair) <= min(pair) * _MAX_ASPECT:
            return pair[0], pair[1]
    return 1.0, 1.0
