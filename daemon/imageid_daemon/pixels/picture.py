"""Images that are not DICOM: JPEG, PNG, GIF, BMP, TIFF, WebP and JPEG 2000."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from imageid_daemon.pixels import limits
from imageid_daemon.pixels.description import Encoded, ImageMetadata
from imageid_daemon.pixels.image_pixel import check_frame_number
from imageid_loaders.errors import TooLarge, Undecodable

Samples = NDArray[Any]

_FORMATS = ("JPEG", "PNG", "GIF", "BMP", "TIFF", "WEBP", "JPEG2000", "MPO")
_SIGNATURES = (
    b"\xff\xd8\xff",
    b"\x89PNG\r\n\x1a\n",
    b"GIF87a",
    b"GIF89a",
    b"BM",
    b"II*\x00",
    b"MM\x00*",
    b"\x00\x00\x00\x0cjP  \r\n\x87\n",
    b"\xff\x4f\xff\x51",
)
# Pillow's mode: NumPy's type and the samples of each pixel. Other modes become RGB.
_MODES = {
    "L": ("uint8", 1),
    "I;16": ("uint16", 1),
    "I": ("int32", 1),
    "F": ("float32", 1),
    "RGB": ("uint8", 3),
    "RGBA": ("uint8", 4),
}
_CONVERTED_MODES = {"1": "L", "LA": "RGBA", "PA": "RGBA", "La": "RGBA", "RGBa": "RGBA"}
_QUARTER_TURNS = (5, 6, 7, 8)


def is_picture(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a known format."""
    return head.startswith(_SIGNATURES) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


def describe(encoded: Encoded) -> ImageMetadata:
    """Read the header; a page is a frame.

    Raises:
        Undecodable: the header is broken.
        NotFound: the page is beyond the last.
    """
    with _open(encoded) as image:
        columns, rows = image.size
        if image.getexif().get(ExifTags.Base.Orientation) in _QUARTER_TURNS:
            rows, columns = columns, rows
        dtype, samples = _form(encoded, image)
        return _metadata(image, encoded.frame, (rows, columns), dtype, samples)


def decode(encoded: Encoded) -> tuple[Samples, ImageMetadata]:
    """Decode one page, upright as EXIF says, shape (rows, columns[, samples]).

    Raises:
        Undecodable: the bytes are broken.
        NotFound: the page is beyond the last.
        TooLarge: the page exceeds the limit.
    """
    with _open(encoded) as image:
        dtype, samples = _form(encoded, image)
        limits.check_frame(image.width * image.height * samples * np.dtype(dtype).itemsize)
        array = _samples(encoded, image, dtype)
        return array, _metadata(image, encoded.frame, array.shape[:2], dtype, samples)


@contextmanager
def _open(encoded: Encoded) -> Iterator[Image.Image]:
    """Give the image at the wanted page, its samples unread."""
    with Path(encoded.path).open("rb") as stream:
        image = _identify(stream)
        image.seek(check_frame_number(encoded.frame, _frames(image)) - 1)
        yield image


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


def _frames(image: Image.Image) -> int:
    return int(getattr(image, "n_frames", 1))


def _form(encoded: Encoded, image: Image.Image) -> tuple[str, int]:
    if _is_deep_color(encoded, image):
        return "uint16", len(image.getbands())
    return _MODES[_mode(image)]


def _is_deep_color(encoded: Encoded, image: Image.Image) -> bool:
    # Pillow halves 16-bit colour; the PNG header's byte 24 is its bit depth.
    if image.format != "PNG" or image.mode not in ("RGB", "RGBA"):
        return False
    with Path(encoded.path).open("rb") as stream:
        return stream.read(25)[24:] == b"\x10"


def _mode(image: Image.Image) -> str:
    if image.mode in _MODES:
        return image.mode
    if image.mode.startswith("I;16"):
        return "I;16"
    if image.mode == "P" and "transparency" in image.info:
        return "RGBA"
    return _CONVERTED_MODES.get(image.mode, "RGB")


def _samples(encoded: Encoded, image: Image.Image, dtype: str) -> Samples:
    if _is_deep_color(encoded, image):
        return imagecodecs.png_decode(Path(encoded.path).read_bytes())
    mode = _mode(image)
    upright = ImageOps.exif_transpose(image)
    converted = upright if upright.mode == mode or mode == "I;16" else upright.convert(mode)
    return np.asarray(converted).astype(dtype)


def _metadata(
    image: Image.Image, frame: int | None, shape: tuple[int, ...], dtype: str, samples: int
) -> ImageMetadata:
    bits = np.dtype(dtype).itemsize * 8
    frames = _frames(image)
    return ImageMetadata(
        rows=shape[0],
        columns=shape[1],
        samples_per_pixel=samples,
        photometric_interpretation="MONOCHROME2" if samples == 1 else "RGB",
        bits_allocated=bits,
        bits_stored=bits,
        high_bit=bits - 1,
        pixel_representation=int(dtype == "int32"),
        planar_configuration=0 if samples > 1 else None,
        frame_number=(frame or 1) if frames > 1 else frame,
        number_of_frames=frames if frames > 1 else None,
    )
