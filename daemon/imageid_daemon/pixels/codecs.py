"""Which codec undoes which transfer syntax, and what each gets wrong.

The choice was measured; where two codecs know a syntax, the one taken is exact, releases
the GIL and survived fuzzing.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from imageid_daemon.pixels import limits, samples
from imageid_daemon.pixels.codestream import Codestream
from imageid_daemon.pixels.codestream import read as read_codestream
from imageid_daemon.pixels.encoded_frame import EncodedFrame
from imageid_daemon.pixels.image_pixel import ImagePixel
from imageid_daemon.pixels.part10 import inflate
from imageid_daemon.pixels.pixel_data import full_length_bytes
from imageid_loaders.errors import Undecodable, Unsupported

_DICOM = "1.2.840.10008.1.2"
_NATIVE = (_DICOM, f"{_DICOM}.1", f"{_DICOM}.1.99", f"{_DICOM}.2", f"{_DICOM}.1.98")
_DEFLATED_FRAME = f"{_DICOM}.8.1"
_RLE = f"{_DICOM}.5"
_JPEG = tuple(f"{_DICOM}.4.{number}" for number in (50, 51, 53, 55, 57, 70))
_JPEG_LS = (f"{_DICOM}.4.80", f"{_DICOM}.4.81")
_JPEG_2000 = tuple(f"{_DICOM}.4.{number}" for number in (90, 91, 92, 93))
_HTJ2K_LOSSLESS = (f"{_DICOM}.4.201", f"{_DICOM}.4.202")
# Not htj2k_decode: it wraps instead of clamping what a lossy codestream overshoots.
_HTJ2K_LOSSY = f"{_DICOM}.4.203"

Samples = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Decoded:
    """Samples of shape (rows, columns[, samples]), as BitsAllocated holds them.

    Args:
        photometric_interpretation: of `samples`, after what the codec converted.
    """

    samples: Samples
    photometric_interpretation: str


def decode(frame: EncodedFrame, pixel: ImagePixel, *, keep_ybr: bool) -> Decoded:
    """Undo the transfer syntax.

    Args:
        keep_ybr: have a JPEG codec deliver YBR rather than RGB.

    Raises:
        Unsupported: no codec for the syntax is here.
        Undecodable: the codestream contradicts the header.
        TooLarge: a deflated frame exceeds the limit.
    """
    syntax = frame.transfer_syntax_uid
    if syntax in _NATIVE:
        return Decoded(*samples.native(frame, pixel))
    if syntax == _DEFLATED_FRAME:
        inflated = inflate(frame.data, limits.FRAME_LIMIT_BYTES)
        return Decoded(*samples.native(replace(frame, data=inflated), pixel))
    if syntax == _RLE:
        return Decoded(_rle(frame.data, pixel), pixel.photometric_interpretation)
    check(syntax)
    stream = _checked_codestream(frame.data, pixel, syntax)
    array, photometric = _CODECS[syntax](frame.data, pixel, stream, keep_ybr)
    return Decoded(samples.from_codec(_interleave(array, pixel), pixel, stream), photometric)


def check(syntax: str) -> None:
    """Refuse a syntax before its frames are looked for, which may be laid out otherwise.

    Raises:
        Unsupported: no codec for it is here.
    """
    if syntax not in SUPPORTED:
        raise Unsupported(
            f"the image cannot be decoded because no codec for transfer syntax {syntax} is here; "
            "ask for ENCODED and decode it elsewhere",
            transfer_syntax_uid=syntax,
        )


def _checked_codestream(data: bytes, pixel: ImagePixel, syntax: str) -> Codestream:
    stream = read_codestream(data)
    if stream is None or stream.family not in _FAMILIES[syntax]:
        raise Undecodable(
            "the image cannot be decoded because its codestream is not what its transfer syntax "
            "says; ask for ENCODED to get it as it is"
        )
    inside = (stream.rows, stream.columns, stream.samples_per_pixel)
    if inside != (pixel.rows, pixel.columns, pixel.samples_per_pixel):
        raise Undecodable(
            "the image cannot be decoded because its codestream holds "
            f"{_size(*inside)} and its header says "
            f"{_size(pixel.rows, pixel.columns, pixel.samples_per_pixel)}; "
            "ask for ENCODED to get it as it is"
        )
    if stream.precision > pixel.bits_allocated:
        raise Undecodable(
            f"the image cannot be decoded because its codestream has {stream.precision} bits a "
            f"sample and its header {pixel.bits_allocated}; ask for ENCODED to get it as it is"
        )
    return stream


def _size(rows: int, columns: int, samples_per_pixel: int) -> str:
    return f"{rows} rows, {columns} columns and {samples_per_pixel} samples per pixel"


def _interleave(array: Samples, pixel: ImagePixel) -> Samples:
    if array.shape != pixel.shape and array.shape == (pixel.samples_per_pixel, *pixel.shape[:2]):
        array = array.transpose(1, 2, 0)
    if array.shape != pixel.shape:
        raise Undecodable("the image cannot be decoded because its codec gave another shape")
    return array


def _jpeg(
    data: bytes, pixel: ImagePixel, stream: Codestream, keep_ybr: bool
) -> tuple[Samples, str]:
    photometric = _jpeg_photometric(pixel, stream)
    if pixel.samples_per_pixel != 3:
        return imagecodecs.jpeg8_decode(data), photometric
    # Named, because without it libjpeg guesses from the Adobe marker, which may be absent.
    stored = "YCBCR" if photometric.startswith("YBR") else "RGB"
    # Lossless processes carry no colour transformation, and libjpeg refuses to add one.
    wanted = stored if keep_ybr or stream.family == "jpeg-lossless" else "RGB"
    array = imagecodecs.jpeg8_decode(data, colorspace=stored, outcolorspace=wanted)
    return array, "YBR_FULL" if wanted == "YCBCR" else "RGB"


def _jpeg_photometric(pixel: ImagePixel, stream: Codestream) -> str:
    """Correct the header where the codestream itself names its colours."""
    if pixel.samples_per_pixel != 3 or stream.says_rgb:
        return "RGB" if stream.says_rgb else pixel.photometric_interpretation
    return "YBR_FULL" if stream.says_ybr else pixel.photometric_interpretation


def _jpeg_ls(data: bytes, pixel: ImagePixel, *_: object) -> tuple[Samples, str]:
    return imagecodecs.jpegls_decode(data), pixel.photometric_interpretation


def _jpeg_2000(data: bytes, pixel: ImagePixel, *_: object) -> tuple[Samples, str]:
    return imagecodecs.jpeg2k_decode(data), _after_wavelet(pixel)


def _htj2k(data: bytes, pixel: ImagePixel, *_: object) -> tuple[Samples, str]:
    return imagecodecs.htj2k_decode(data), _after_wavelet(pixel)


def _after_wavelet(pixel: ImagePixel) -> str:
    """The codecs undo the component transformation themselves."""
    done = pixel.photometric_interpretation in ("YBR_RCT", "YBR_ICT")
    return "RGB" if done else pixel.photometric_interpretation


def _rle(data: bytes, pixel: ImagePixel) -> Samples:
    """PS3.5 G: one segment for each byte of each sample."""
    if pixel.bits_allocated < 8:
        raise Unsupported(
            "the image cannot be decoded because no codec for RLE of 1-bit samples is here; "
            "ask for ENCODED and decode it elsewhere",
            transfer_syntax_uid=_RLE,
        )
    _check_rle_header(data, pixel.samples_per_pixel * pixel.bits_allocated // 8)
    # With `out` the codec cannot be lured into memory that it does not have.
    out = bytearray(full_length_bytes(pixel))
    written = imagecodecs.dicomrle_decode(data, pixel.dtype.replace("i", "u"), out=out)
    if len(written) != len(out):
        raise Undecodable("the image cannot be decoded because its RLE segments are too short")
    planes = np.frombuffer(written, pixel.dtype).reshape(pixel.samples_per_pixel, -1)
    return samples.mask(np.ascontiguousarray(planes.T).reshape(pixel.shape), pixel)


def _check_rle_header(data: bytes, segments: int) -> None:
    """Refuse what would make the codec read outside of `data`."""
    if len(data) >= 64:
        count, *offsets = struct.unpack_from("<16I", data)
        bounds = [*offsets[:segments], len(data)]
        ascending = all(low < high for low, high in pairwise(bounds))
        if count == segments and bounds[0] >= 64 and ascending:
            return
    raise Undecodable(
        "the image cannot be decoded because the header of its RLE data is broken; "
        "ask for ENCODED to get it as it is"
    )


_Codec = Callable[[bytes, ImagePixel, Codestream, bool], tuple[Samples, str]]
_CODECS: dict[str, _Codec] = {
    **dict.fromkeys(_JPEG, _jpeg),
    **dict.fromkeys(_JPEG_LS, _jpeg_ls),
    **dict.fromkeys((*_JPEG_2000, _HTJ2K_LOSSY), _jpeg_2000),
    **dict.fromkeys(_HTJ2K_LOSSLESS, _htj2k),
}
_FAMILIES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(_JPEG, ("jpeg", "jpeg-lossless")),
    **dict.fromkeys(_JPEG_LS, ("jpeg-ls",)),
    **dict.fromkeys((*_JPEG_2000, _HTJ2K_LOSSY, *_HTJ2K_LOSSLESS), ("jpeg-2000",)),
}
SUPPORTED = frozenset((*_NATIVE, _DEFLATED_FRAME, _RLE, *_CODECS))
