"""Pages that Pillow reads: 8-bit JPEG and JPEG 2000, GIF, BMP, WebP, PNG and its animations."""

from __future__ import annotations

from functools import partial
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, UnidentifiedImageError

from imageid_daemon.pixels import limits
from imageid_daemon.pixels.image_pixel import check_frame_number
from imageid_daemon.pixels.page import Page
from imageid_loaders.errors import TooLarge, Undecodable, Unsupported

Samples = NDArray[Any]

_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "JPEG2000", "TIFF")
_SAMPLES = {"L": 1, "LA": 2, "RGB": 3, "RGBA": 4}
# Other modes become RGB.
_CONVERTED_MODES = {"1": "L", "PA": "RGBA", "La": "LA", "RGBa": "RGBA"}
_PNG_SAMPLES = {0: 1, 2: 3, 3: 3, 4: 2, 6: 4}  # by colour type (PNG section 11.2.1)


def read(stream: BinaryIO, frame: int | None) -> Page:
    """Read the header of one page, 1-based.

    Raises:
        Undecodable: it is broken.
        Unsupported: an animation has 16 bits.
        NotFound: the page is beyond the last.
        TooLarge: it has too many pixels, or too many pages before it.
    """
    header = stream.read(26)
    stream.seek(0)
    image = _identify(stream)
    pages = int(getattr(image, "n_frames", 1))
    number = check_frame_number(frame, pages)
    if image.format == "PNG" and pages == 1:
        return _png_page(stream, image, bits=header[24], color_type=header[25])
    if image.format == "PNG" and header[24] == 16:
        raise Unsupported(
            "the animation cannot be decoded because it has 16 bits a sample, of which its "
            "decoder would drop 8; ask for ENCODED"
        )
    _check_composition(image, number)
    image.seek(number - 1)
    mode = _mode(image)
    columns, rows = image.size
    return Page(
        rows,
        columns,
        _SAMPLES[mode],
        "uint8",
        partial(_samples, image, mode),
        pages=pages,
        orientation=_turn(image),
        icc_profile=_icc_profile(image),
    )


def _identify(stream: BinaryIO) -> Image.Image:
    try:
        return Image.open(stream, formats=_FORMATS)
    except UnidentifiedImageError as error:
        raise Undecodable(
            "the image cannot be decoded because it only begins like a picture; "
            "ask for ENCODED to get it as it is"
        ) from error
    except Image.DecompressionBombError as error:
        raise TooLarge("the picture was not decoded because it has too many pixels") from error


def _check_composition(image: Image.Image, number: int) -> None:
    """Frame N of an animation is drawn over all those before it: that many are decoded."""
    composed = number if image.format in ("GIF", "PNG", "WEBP") else 1
    if composed * image.width * image.height > limits.COMPOSED_LIMIT_PIXELS:
        raise TooLarge(
            "the frame was not decoded because too many frames of its animation lie before it; "
            "ask for ENCODED and decode it elsewhere"
        )


def _mode(image: Image.Image) -> str:
    if image.mode in _SAMPLES:
        return image.mode
    if image.mode == "P" and "transparency" in image.info:
        return "RGBA"
    return _CONVERTED_MODES.get(image.mode, "RGB")


def _turn(image: Image.Image) -> int:
    if image.format == "TIFF":
        return 1  # Pillow itself turns these
    found = image.getexif().get(ExifTags.Base.Orientation)
    return found if isinstance(found, int) else 1


def _icc_profile(image: Image.Image) -> bytes | None:
    """That of inks says nothing of the RGB that they become."""
    profile = image.info.get("icc_profile")
    return profile if isinstance(profile, bytes) and profile and image.mode != "CMYK" else None


def _samples(image: Image.Image, mode: str) -> Samples:
    if image.mode == "CMYK":
        return _rgb_of_cmyk(image)
    return np.asarray(image if image.mode == mode else image.convert(mode))


def _rgb_of_cmyk(image: Image.Image) -> Samples:
    """Pillow takes each CMYK JPEG for one of Adobe's, which hold paper white as 255."""
    if image.format == "JPEG" and "adobe" not in image.info:
        image = Image.fromarray(255 - np.asarray(image), "CMYK")
    return np.asarray(image.convert("RGB"))


def _png_page(stream: BinaryIO, image: Image.Image, bits: int, color_type: int) -> Page:
    """By libpng, because Pillow drops half of the bits of deep colour and a key colour."""
    samples = _PNG_SAMPLES.get(color_type, 0)
    samples += "transparency" in image.info and color_type in (0, 2, 3)
    orientation = _turn(image)

    def reading() -> Samples:
        stream.seek(0)
        return np.asarray(imagecodecs.png_decode(stream.read()))

    dtype = "uint16" if bits == 16 else "uint8"
    return Page(
        image.height,
        image.width,
        samples,
        dtype,
        reading,
        orientation=orientation,
        icc_profile=_icc_profile(image),
    )
