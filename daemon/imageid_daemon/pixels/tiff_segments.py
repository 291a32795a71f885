"""Strips and tiles that are codestreams themselves: their sizes, before a codec believes them."""

from __future__ import annotations

import math

from tifffile import COMPRESSION, TiffPage

from imageid_daemon.pixels import codestream_header, jpeg_xl_header
from imageid_daemon.pixels.codestream_page import check_jpeg_end
from imageid_loaders.errors import Undecodable

_HEAD_BYTES = 64 * 1024
# A codestream may be filled up to whole blocks.
_FILLING = 16
_PNG_SIZE_AT = 16

# The decoders of these are told how many bytes they may give.
BOUNDED = frozenset(
    {
        COMPRESSION.NONE,
        COMPRESSION.CCITTRLE,
        COMPRESSION.CCITT_T4,
        COMPRESSION.CCITT_T6,
        COMPRESSION.LZW,
        COMPRESSION.ADOBE_DEFLATE,
        COMPRESSION.DEFLATE,
        COMPRESSION.PACKBITS,
        COMPRESSION.LZMA,
        COMPRESSION.ZSTD,
    }
)
JPEG = frozenset({COMPRESSION.JPEG})
_JPEG_2000 = frozenset(
    {COMPRESSION.JPEG2000, COMPRESSION.APERIO_JP2000_RGB, COMPRESSION.APERIO_JP2000_YCBC}
)
_JPEG_XL = frozenset({COMPRESSION.JPEGXL, COMPRESSION.JPEGXL_DNG})
SIZED = JPEG | _JPEG_2000 | _JPEG_XL | {COMPRESSION.PNG}


def check(page: TiffPage) -> None:
    """Compare each codestream with the strip or tile that it stands for.

    Raises:
        Undecodable: one is larger or breaks off, or there are too few of them.
    """
    if len(page.dataoffsets) < math.prod(page.chunked):
        raise Undecodable(
            "the picture cannot be decoded because strips or tiles of it are missing; "
            "ask for ENCODED to get it as it is"
        )
    if page.compression in BOUNDED:
        return
    rows, columns = _announced(page)
    file = page.parent.filehandle
    for offset, size_bytes in zip(page.dataoffsets, page.databytecounts, strict=False):
        if size_bytes:
            file.seek(offset)
            is_jpeg = page.compression in JPEG
            data = file.read(size_bytes if is_jpeg else min(size_bytes, _HEAD_BYTES))
            if is_jpeg:
                check_jpeg_end(data)
            found = _size(page, data)
            if found[0] >= rows + _FILLING or found[1] >= columns + _FILLING:
                raise Undecodable(
                    "the picture cannot be decoded because a strip or tile is larger than its "
                    "page says; ask for ENCODED to get it as it is"
                )


def _announced(page: TiffPage) -> tuple[int, int]:
    if page.is_tiled:
        return page.tilelength, page.tilewidth
    return min(page.rowsperstrip or page.imagelength, page.imagelength), page.imagewidth


def _size(page: TiffPage, head: bytes) -> tuple[int, int]:
    """Rows and columns."""
    if page.compression in _JPEG_XL:
        header = jpeg_xl_header.read_image_header(head)
        return header.rows, header.columns
    if page.compression == COMPRESSION.PNG:
        columns, rows = (
            int.from_bytes(head[at : at + 4], "big") for at in (_PNG_SIZE_AT, _PNG_SIZE_AT + 4)
        )
        return rows, columns
    found = codestream_header.read(head)
    if found is None:
        raise Undecodable(
            "the picture cannot be decoded because a strip or tile is not of the compression "
            "that its page says; ask for ENCODED to get it as it is"
        )
    return found.rows, found.columns
