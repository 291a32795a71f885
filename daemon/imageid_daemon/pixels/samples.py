"""From stored bits to numbers: unused bits, sign, byte order, planes (PS3.5 8.1)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imageid_daemon.pixels.codestream import Codestream
from imageid_daemon.pixels.encoded_frame import EncodedFrame
from imageid_daemon.pixels.image_pixel import ImagePixel
from imageid_daemon.pixels.pixel_data import full_length_bytes, native_length_bits
from imageid_loaders.errors import Undecodable, Unsupported

Samples = NDArray[Any]

# Bits take a byte each while they are unpacked.
_PACKED_STEP = 1 << 15


def native(frame: EncodedFrame, pixel: ImagePixel) -> tuple[Samples, str]:
    """Read uncompressed samples, with what stands beside them in their words.

    Returns:
        The samples, shape (rows, columns[, samples]), and their photometric
        interpretation: subsampled chrominance is spread over its pixels.

    Raises:
        Undecodable: the bytes are too few.
        Unsupported: chrominance is subsampled in a way that is not understood.
    """
    photometric = pixel.photometric_interpretation
    if pixel.bits_allocated == 1:
        return _bits(frame, pixel), photometric
    flat = _words(frame, pixel) if _in_words(pixel) else _packed(frame, pixel)
    # Spread, its chrominance has the range of YBR_PARTIAL_422 still, but not its layout.
    spread = "YBR_FULL" if photometric == "YBR_FULL_422" else photometric
    if flat.size < pixel.sample_count and photometric in ("YBR_FULL_422", "YBR_PARTIAL_422"):
        return _spread_422(flat, pixel), spread
    if flat.size < pixel.sample_count and photometric == "YBR_PARTIAL_420":
        raise Unsupported(
            "the image cannot be decoded because PS3.3 says no order for the uncompressed samples "
            "of YBR_PARTIAL_420; ask for ENCODED and decode it elsewhere",
            transfer_syntax_uid=frame.transfer_syntax_uid,
        )
    if flat.size < pixel.sample_count:
        raise _too_short()
    return _planes(flat[: pixel.sample_count], pixel), spread


def mask(array: Samples, pixel: ImagePixel) -> Samples:
    """Keep the BitsStored bits that end at HighBit, and extend the sign into the rest.

    What stands beside them is overlay planes or garbage.
    """
    if pixel.floating or pixel.bits_stored == pixel.sample_bits:
        return array
    return _extract(array, pixel, pixel.bits_stored, pixel.high_bit)


def from_codec(array: Samples, pixel: ImagePixel, stream: Codestream) -> Samples:
    """Give a codec's samples the type that the header says; no copy where nothing changes.

    Most codecs know no sign: two's complement comes out of them as large numbers.
    """
    words = _typed(array, pixel)
    # Lossless JPEG predicts modulo 2^16, so that its precision bounds nothing.
    bounded = stream.family != "jpeg-lossless"
    if bounded and stream.precision <= pixel.bits_stored:
        return _resigned(words, pixel, stream)
    if stream.exact:
        high_bit = pixel.high_bit if pixel.high_bit < stream.precision else pixel.bits_stored - 1
        return _extract(words, pixel, pixel.bits_stored, high_bit)
    # A lossy codec overshoots the range; cut there, as masking would turn white to black.
    low = -(1 << (pixel.bits_stored - 1)) if pixel.signed else 0
    resigned = _resigned(words, pixel, stream)
    target = resigned if resigned.flags.writeable else None
    return np.asarray(np.clip(resigned, low, low + (1 << pixel.bits_stored) - 1, out=target))


def _typed(array: Samples, pixel: ImagePixel) -> Samples:
    stored = np.dtype(pixel.dtype)
    return array.view(stored) if array.itemsize == stored.itemsize else array.astype(stored)


def _resigned(words: Samples, pixel: ImagePixel, stream: Codestream) -> Samples:
    """Find the sign where the codestream says another than the header, or cannot say one."""
    if stream.signed == pixel.signed:
        return words
    # JPEG and JPEG XL store numbers: fewer bits than BitsStored never reach its sign. In
    # JPEG 2000 and JPEG-LS, encoders are known to cut two's complement to the precision.
    cut = stream.family in ("jpeg-2000", "jpeg-ls")
    if not cut and stream.precision < pixel.bits_stored:
        return words
    return _extract(words, pixel, stream.precision, stream.precision - 1)


def _extract(array: Samples, pixel: ImagePixel, bits: int, high_bit: int) -> Samples:
    """In place where that is possible: the memory of a new frame costs more than its bits."""
    if bits == pixel.sample_bits:
        return array
    target = array if array.flags.writeable else np.empty_like(array)
    if not pixel.signed:
        kept = np.right_shift(array, high_bit + 1 - bits, out=target) if high_bit >= bits else array
        mask_bits = np.asarray((1 << bits) - 1, array.dtype)
        return np.asarray(np.bitwise_and(kept, mask_bits, out=target))
    # The second shift is arithmetic and so extends the sign.
    shifted = np.left_shift(array, pixel.sample_bits - 1 - high_bit, out=target)
    return np.asarray(np.right_shift(shifted, pixel.sample_bits - bits, out=target))


def _bits(frame: EncodedFrame, pixel: ImagePixel) -> Samples:
    packed = np.frombuffer(frame.data, np.uint8)
    flat = np.unpackbits(packed, bitorder="little")[frame.first_bit :]
    if flat.size < pixel.sample_count:
        raise _too_short()
    return _planes(flat[: pixel.sample_count], pixel)


def _words(frame: EncodedFrame, pixel: ImagePixel) -> Samples:
    length_bytes = min(len(frame.data), full_length_bytes(pixel))
    if length_bytes * 8 < native_length_bits(pixel):
        raise _too_short()
    stored = np.dtype(pixel.dtype).newbyteorder(">" if frame.big_endian else "<")
    count = length_bytes // stored.itemsize
    return np.frombuffer(frame.data, stored, count).astype(pixel.dtype, copy=False)


def _in_words(pixel: ImagePixel) -> bool:
    return pixel.bits_allocated == pixel.sample_bits


def _packed(frame: EncodedFrame, pixel: ImagePixel) -> Samples:
    """PS3.5 8.1.1 and D: samples of 12 or 24 bits, say, follow each other without gaps."""
    if frame.big_endian:
        raise Unsupported(
            f"the image cannot be decoded because big-endian samples of {pixel.bits_allocated} "
            "bits allocated are not understood; ask for ENCODED and decode it elsewhere",
            transfer_syntax_uid=frame.transfer_syntax_uid,
        )
    width = pixel.bits_allocated
    count = min((len(frame.data) * 8 - frame.first_bit) // width, pixel.sample_count)
    if count * width < native_length_bits(pixel):
        raise _too_short()
    flat = np.empty(count, pixel.dtype)
    for start in range(0, count, _PACKED_STEP):
        part = flat[start : start + _PACKED_STEP]
        first_bit = frame.first_bit + start * width
        stop = (first_bit + part.size * width + 7) // 8
        packed = np.frombuffer(frame.data, np.uint8)[first_bit // 8 : stop]
        bits = np.unpackbits(packed, bitorder="little")[first_bit % 8 :][: part.size * width]
        wide = np.zeros((part.size, pixel.sample_bits), np.uint8)
        wide[:, :width] = bits.reshape(-1, width)
        part[:] = np.packbits(wide, axis=1, bitorder="little").view(part.dtype)[:, 0]
    return flat


def _planes(flat: Samples, pixel: ImagePixel) -> Samples:
    if pixel.samples_per_pixel > 1 and pixel.planar_configuration == 1:
        planes = flat.reshape(pixel.samples_per_pixel, pixel.rows, pixel.columns)
        return np.ascontiguousarray(planes.transpose(1, 2, 0))
    return flat.reshape(pixel.shape)


def _spread_422(flat: Samples, pixel: ImagePixel) -> Samples:
    """PS3.3 C.7.6.3.1.2: Y1 Y2 CB CR for each two pixels of a row."""
    if pixel.columns % 2 or pixel.samples_per_pixel != 3:
        raise Undecodable(
            "the image cannot be decoded because YBR_FULL_422 needs an even number of columns "
            "and three samples per pixel; ask for ENCODED to get it as it is"
        )
    pairs = flat[: pixel.rows * pixel.columns * 2].reshape(-1, 4)
    spread = np.empty((pairs.shape[0], 2, 3), flat.dtype)
    spread[:, :, 0] = pairs[:, :2]
    spread[:, :, 1:] = pairs[:, None, 2:]
    return spread.reshape(pixel.shape)


def _too_short() -> Undecodable:
    return Undecodable(
        "the image cannot be decoded because its pixel data are shorter than the header says; "
        "ask for ENCODED to get them as they are"
    )
