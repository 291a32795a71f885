"""Pages of TIFF and BigTIFF files, by tifffile: Pillow drops bits of deep and planar colour."""

from __future__ import annotations

import math
from functools import partial
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from tifffile import PHOTOMETRIC, TiffFile, TiffPage

from imageid_daemon.pixels import limits, pillow_page, tiff_directories, tiff_segments
from imageid_daemon.pixels.image_pixel import check_frame_number
from imageid_daemon.pixels.page import Page
from imageid_loaders.errors import Undecodable, Unsupported

Samples = NDArray[Any]

_ORIENTATION = 274
_ICC_PROFILE = 34675
_GREY = (PHOTOMETRIC.MINISWHITE, PHOTOMETRIC.MINISBLACK)
_KNOWN = (*_GREY, PHOTOMETRIC.RGB, PHOTOMETRIC.PALETTE, PHOTOMETRIC.SEPARATED, PHOTOMETRIC.YCBCR)


def read(stream: BinaryIO, frame: int | None) -> Page:
    """Read the header of one page, 1-based.

    Raises:
        Undecodable: it is broken.
        Unsupported: there is no decoder for this form.
        NotFound: the page is beyond the last.
    """
    pages = tiff_directories.count(stream)
    stream.seek(0)
    # What a maker's private format would have it look for is no page of the chain.
    file = TiffFile(stream, is_lsm=False, is_scanimage=False)
    page = file.pages[check_frame_number(frame, pages) - 1]
    if not isinstance(page, TiffPage):
        raise _broken()
    _check(page)
    if page.photometric == PHOTOMETRIC.YCBCR and page.compression not in tiff_segments.JPEG:
        stream.seek(0)
        return pillow_page.read(stream, frame)  # tifffile leaves it YCbCr
    return _page(page, pages)


def _broken() -> Undecodable:
    return Undecodable(
        "the picture cannot be decoded because a page's directory is broken; "
        "ask for ENCODED to get it as it is"
    )


def _check(page: TiffPage) -> None:
    """Refuse what would come out wrong, or not at all."""
    if page.axes not in ("YX", "YXS", "SYX") or page.dtype is None:
        raise _unsupported(f"its samples are arranged as {page.axes or 'nothing'}")
    if page.photometric not in _KNOWN:
        raise _unsupported("its colour space is unusual")
    if page.compression not in tiff_segments.BOUNDED | tiff_segments.SIZED:
        raise _unsupported(f"its compression {int(page.compression)} is unusual")
    if page.photometric == PHOTOMETRIC.SEPARATED and not _is_cmyk(page):
        raise _unsupported("its inks are not CMYK of 8 bits")
    if page.photometric == PHOTOMETRIC.PALETTE and page.colormap is None:
        raise _broken()
    if _samples(page) > _colors(page) + 1:
        raise _unsupported(f"each pixel has {_samples(page)} samples")
    # A strip or tile may be larger than its page.
    limits.check_frame(max(page.nbytes, math.prod(page.chunks) * page.dtype.itemsize))
    tiff_segments.check(page)


def _unsupported(why: str) -> Unsupported:
    return Unsupported(f"the picture cannot be decoded because {why}; ask for ENCODED")


def _samples(page: TiffPage) -> int:
    return int(page.samplesperpixel)


def _is_cmyk(page: TiffPage) -> bool:
    return page.dtype == np.uint8 and _samples(page) == 4


def _colors(page: TiffPage) -> int:
    if page.photometric == PHOTOMETRIC.SEPARATED:
        return 4
    return 1 if page.photometric in (*_GREY, PHOTOMETRIC.PALETTE) else 3


def _page(page: TiffPage, pages: int) -> Page:
    dtype, samples = _form(page)
    bits = int(page.bitspersample)
    whole = np.dtype(dtype).itemsize * 8
    is_raw = page.photometric not in (PHOTOMETRIC.PALETTE, PHOTOMETRIC.SEPARATED)
    return Page(
        page.imagelength,
        page.imagewidth,
        samples,
        dtype,
        partial(_read, page, dtype),
        bits_stored=bits if is_raw and 1 < bits < whole and dtype.startswith("u") else None,
        pages=pages,
        orientation=_orientation(page),
        icc_profile=_icc_profile(page),
        dark_zero=page.photometric != PHOTOMETRIC.MINISWHITE,
    )


def _orientation(page: TiffPage) -> int:
    tag = page.tags.get(_ORIENTATION)
    return int(tag.value) if tag is not None else 1


def _icc_profile(page: TiffPage) -> bytes | None:
    """That of inks says nothing of the RGB that they become."""
    tag = page.tags.get(_ICC_PROFILE)
    is_of_inks = page.photometric == PHOTOMETRIC.SEPARATED
    return (
        tag.value if tag is not None and isinstance(tag.value, bytes) and not is_of_inks else None
    )


def _form(page: TiffPage) -> tuple[str, int]:
    if page.photometric == PHOTOMETRIC.PALETTE:
        return _palette(page).dtype.name, 3
    if page.photometric == PHOTOMETRIC.SEPARATED:
        return "uint8", 3
    name = np.dtype(page.dtype).name
    return {"bool": "uint8", "float16": "float32"}.get(name, name), _samples(page)


def _palette(page: TiffPage) -> Samples:
    """Shape (entries, 3); of 8 bits where the 16 of the file say no more (TIFF 6 section 5)."""
    table = np.asarray(page.colormap, np.uint16).T
    high, low = table >> 8, table & 0xFF
    if not low.any() or (low == high).all():
        return high.astype(np.uint8)
    return table


def _read(page: TiffPage, dtype: str) -> Samples:
    array = np.asarray(page.asarray(maxworkers=1))
    if page.axes == "SYX":
        array = np.moveaxis(array, 0, -1)
    if page.photometric == PHOTOMETRIC.PALETTE:
        table = _palette(page)
        return np.take(table, array, axis=0, mode="clip")
    if page.photometric == PHOTOMETRIC.SEPARATED:
        return np.asarray(Image.fromarray(np.ascontiguousarray(array), "CMYK").convert("RGB"))
    if array.dtype == np.bool_:
        return array.astype(np.uint8) * 255
    return array.astype(dtype)
