"""Undo a transfer syntax with the codec that gets it right.

The choice was measured; where two codecs know a syntax, the one taken is exact, releases
the GIL and survived fuzzing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import imagecodecs
from numpy.typing import NDArray

from imageid_daemon.pixels import (
    codec_choice,
    jpeg_2000_codec,
    jpeg_codec,
    run_lengths,
    samples,
    transfer_syntax,
)
from imageid_daemon.pixels.codestream import Codestream
from imageid_daemon.pixels.encoded_frame import EncodedFrame
from imageid_daemon.pixels.image_pixel import ImagePixel
from imageid_daemon.pixels.part10 import inflate
from imageid_daemon.pixels.photometric import RETIRED
from imageid_daemon.pixels.pixel_data import full_length_bytes
from imageid_daemon.pixels.transfer_syntax import Codec
from imageid_loaders.errors import Undecodable

Samples = NDArray[Any]

# What a deflated frame may hold behind its samples: a byte of padding, and the end of block.
_DEFLATE_SLACK_BYTES = 64


@dataclass(frozen=True, slots=True)
class Decoded:
    """Samples of shape (rows, columns[, samples]), as BitsAllocated holds them.

    Args:
        photometric_interpretation: of `samples`, after what the codec converted.
    """

    samples: Samples
    photometric_interpretation: str


@dataclass(frozen=True, slots=True)
class Unmasked:
    """Samples as a codec gives them, with whatever stands beside them in their words.

    Args:
        samples: shape (rows, columns[, samples]).
        photometric_interpretation: of `samples`, after what the codec converted.
        stream: None where the words are those of BitsAllocated.
    """

    samples: Samples
    photometric_interpretation: str
    stream: Codestream | None = None


def undo(frame: EncodedFrame, pixel: ImagePixel, *, keep_ybr: bool) -> Unmasked:
    """Undo the transfer syntax.

    Args:
        keep_ybr: have a JPEG codec deliver YBR rather than RGB.

    Raises:
        Unsupported: no codec for the syntax, or for samples of this form, is here.
        Undecodable: the codestream contradicts the header.
        TooLarge: a deflated frame is larger than its samples.
    """
    codec, stream = codec_choice.choose(frame, pixel)
    if codec == "native":
        return Unmasked(*samples.native(frame, pixel))
    if codec == "deflated frame":
        inflated = inflate(frame.data, full_length_bytes(pixel) + _DEFLATE_SLACK_BYTES)
        return Unmasked(*samples.native(replace(frame, data=inflated), pixel))
    if codec == "rle" or stream is None:
        stored = run_lengths.decode(frame.data, pixel)
        return Unmasked(stored, pixel.photometric_interpretation)
    array, photometric = _CODECS[codec](frame.data, pixel, stream, keep_ybr)
    return Unmasked(_in_shape(array, pixel), photometric, stream)


def masked(unmasked: Unmasked, pixel: ImagePixel) -> Decoded:
    """Keep what belongs to the samples, perhaps in the memory of what is given."""
    array, stream = unmasked.samples, unmasked.stream
    kept = (
        samples.mask(array, pixel) if stream is None else samples.from_codec(array, pixel, stream)
    )
    return Decoded(kept, unmasked.photometric_interpretation)


def exact_bits(frame: EncodedFrame, pixel: ImagePixel) -> int:
    """How many bits of each word, from the lowest, come out as they went in. Decodes nothing.

    Raises:
        Unsupported, Undecodable: as `undo`.
    """
    codec, stream = codec_choice.choose(frame, pixel)
    if stream is None:
        return pixel.bits_allocated
    # A reversible wavelet may break off on purpose, which its header does not tell.
    told = stream.family in ("jpeg-lossless", "jpeg-ls")
    only = transfer_syntax.is_lossless_only(frame.transfer_syntax_uid, codec)
    return stream.precision if stream.exact and (told or only) else 0


def check(syntax: str) -> None:
    """Refuse a syntax before its frames are looked for, which may be laid out otherwise.

    Raises:
        Unsupported: no codec for it is here.
    """
    transfer_syntax.codec_of(syntax)


def _in_shape(array: Samples, pixel: ImagePixel) -> Samples:
    if array.shape != pixel.shape:
        raise Undecodable("the image cannot be decoded because its codec gave another shape")
    return array


def _jpeg_ls(data: bytes, pixel: ImagePixel, stream: Codestream, _: bool) -> tuple[Samples, str]:
    named = stream.colors == "rgb" and pixel.photometric_interpretation not in RETIRED
    return imagecodecs.jpegls_decode(data), "RGB" if named else pixel.photometric_interpretation


def _jpeg_xl(
    data: bytes, pixel: ImagePixel, stream: Codestream, keep_ybr: bool
) -> tuple[Samples, str]:
    if stream.holds_jpeg:
        return _recompressed_jpeg(data, pixel, stream, keep_ybr)
    as_encoded = stream.colors is None and pixel.photometric_interpretation != "XYB"
    photometric = pixel.photometric_interpretation if as_encoded else "RGB"
    return imagecodecs.jpegxl_decode(data, numthreads=1), photometric


def _recompressed_jpeg(
    data: bytes, pixel: ImagePixel, stream: Codestream, keep_ybr: bool
) -> tuple[Samples, str]:
    if stream.holds_jpeg:
        # Exact, as the JPEG is had back bit for bit; libjxl's own samples differ by some levels.
        jpeg = bytes(imagecodecs.jpegxl_decode_jpeg(data, numthreads=1))
        return jpeg_codec.decode(
            jpeg, pixel, codec_choice.checked_codestream(jpeg, pixel), keep_ybr
        )
    # libjxl undoes the JPEG's own transformation.
    ybr = pixel.photometric_interpretation.startswith("YBR")
    photometric = "RGB" if ybr else pixel.photometric_interpretation
    return imagecodecs.jpegxl_decode(data, numthreads=1), photometric


_Codec = Callable[[bytes, ImagePixel, Codestream, bool], tuple[Samples, str]]
_CODECS: dict[Codec, _Codec] = {
    "jpeg": jpeg_codec.decode,
    "jpeg-ls": _jpeg_ls,
    "jpeg-2000": jpeg_2000_codec.decode,
    "htj2k": jpeg_2000_codec.decode,
    "jpeg-xl": _jpeg_xl,
    "recompressed jpeg": _recompressed_jpeg,
}
