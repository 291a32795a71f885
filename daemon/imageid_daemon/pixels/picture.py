"""Images that are not DICOM: JPEG, PNG, GIF, BMP, TIFF, WebP, JPEG 2000 and JPEG XL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from imageid_daemon.pixels import codestream_page, jxl_page, page, pillow_page, tiff_page
from imageid_daemon.pixels.description import Encoded, ImageMetadata
from imageid_daemon.pixels.page import Page

Samples = NDArray[Any]

_HEAD_BYTES = 16
_TIFF = (b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+")
_JPEG_XL = (b"\xff\x0a", b"\x00\x00\x00\x0cJXL \r\n\x87\n")
_CODESTREAMS = (b"\xff\xd8\xff", b"\xff\x4f\xff\x51", b"\x00\x00\x00\x0cjP  \r\n\x87\n")
_OTHERS = (b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a", b"BM")


def is_picture(head: bytes) -> bool:
    """Whether the first bytes of a file are those of a known format."""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return True
    return head.startswith((*_TIFF, *_JPEG_XL, *_CODESTREAMS, *_OTHERS))


def describe(encoded: Encoded) -> ImageMetadata:
    """Read the header; a page is a frame.

    Raises:
        Undecodable: the header is broken.
        Unsupported: there is no decoder for this form.
        NotFound: the page is beyond the last.
    """
    with _open(encoded) as found:
        return page.describe(found, encoded.frame)


def decode(encoded: Encoded) -> tuple[Samples, ImageMetadata]:
    """Decode one page, upright as it says, shape (rows, columns[, samples]).

    Palettes are applied and CMYK becomes RGB; grey with opacity becomes RGBA.

    Raises:
        Undecodable: the bytes are broken.
        Unsupported: there is no decoder for this form.
        NotFound: the page is beyond the last.
        TooLarge: the page exceeds the limit.
    """
    with _open(encoded) as found:
        return page.decode(found), page.describe(found, encoded.frame)


@contextmanager
def _open(encoded: Encoded) -> Iterator[Page]:
    """Give the wanted page, its samples unread; the file is open meanwhile."""
    with Path(encoded.path).open("rb") as stream:
        head = stream.read(_HEAD_BYTES)
        stream.seek(0)
        if head.startswith(_JPEG_XL):
            yield jxl_page.read(stream, encoded.frame)
        elif head.startswith(_TIFF):
            yield tiff_page.read(stream, encoded.frame)
        else:
            deep = codestream_page.read(stream, encoded.frame) if _is_codestream(head) else None
            yield deep or pillow_page.read(stream, encoded.frame)


def _is_codestream(head: bytes) -> bool:
    return head.startswith(_CODESTREAMS)
