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


def native(frame: EncodedFrame, pixel: ImagePixel) -> tuple[Samples, str]:
    """Read uncompressed samples.

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
    flat = _words(frame, pixel)
    subsampled = photometric in ("YBR_FULL_422", "YBR_PARTIAL_422")
    if photometric.startswith("YBR_PARTIAL"):
        raise Unsupported(
            f"the image cannot be decoded because uncompressed {photometric} is not understood; "
            "ask for ENCODED and decode it elsewhere",
            transfer_syntax_uid=frame.transfer_syntax_uid,
        )
    if subsampled and flat.size < pixel.sample_count:
        return mask(_spread_422(flat, pixel), pixel), "YBR_FULL"
    if flat.size < pixel.sample_count:
        raise _too_short()
    array = _planes(flat[: pixel.sample_count], pixel)
    return mask(array, pixel), "YBR_FULL" if subsampled else photometric


def mask(array: Samples, pixel: ImagePixel) -> Samples:
    """Keep the BitsStored bits that end at HighBit, and extend the sign into the rest.

    What stands beside them is overlay planes or garbage.
    """
    if pixel.floating or pixel.bits_stored == pixel.bits_allocated:
        return array
    return _extract(array, pixel, pixel.bits_stored, pixel.high_bit)


def from_codec(array: Samples, pixel: ImagePixel, stream: Codestream) -> Samples:
    """Give a codec's samples the type that the header says.

    Most codecs know no sign: two's complement comes out of them as large numbers.
    """
    words = array.astype(pixel.dtype.replace("i", "u")).view(pixel.dtype)
    bits = min(stream.precision, pixel.bits_stored)
    high_bit = pixel.high_bit if stream.precision > pixel.high_bit else bits - 1
    if stream.signed != pixel.signed:
        return _extract(words, pixel, bits, high_bit)
    if stream.precision <= pixel.bits_stored:
        return words
    if stream.exact:
        return _extract(words, pixel, bits, high_bit)
    # A lossy codec overshoots the range; cut there, as masking would turn white to black.
    low = -(1 << (bits - 1)) if pixel.signed else 0
    return np.asarray(np.clip(words, low, low + (1 << bits) - 1))


def _extract(array: Samples, pixel: ImagePixel, bits: int, high_bit: int) -> Samples:
    """Two shifts; the second is arithmetic on signed types and so extends the sign."""
    up = pixel.bits_allocated - 1 - high_bit
    down = pixel.bits_allocated - bits
    if not up and not down:
        return array
    shifted = np.left_shift(array, up)
    np.right_shift(shifted, down, out=shifted)
    return shifted


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
