"""RLE Lossless (PS3.5 G): one segment of PackBits for each byte of each sample."""

from __future__ import annotations

import struct
from itertools import pairwise
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray

from imageid_daemon.pixels.image_pixel import ImagePixel
from imageid_daemon.pixels.pixel_data import full_length_bytes
from imageid_loaders.errors import Undecodable, Unsupported

Samples = NDArray[Any]
Plane = NDArray[np.uint8]

_HEADER = struct.Struct("<16I")
_MOST_SEGMENTS = 15


def are_in(data: bytes, pixel: ImagePixel) -> bool:
    """Whether the bytes begin with a header of run lengths for exactly these samples."""
    wanted = pixel.samples_per_pixel * max(pixel.bits_allocated // 8, 1)
    whole = pixel.bits_allocated == 1 or pixel.bits_allocated % 8 == 0
    if len(data) < _HEADER.size or wanted > _MOST_SEGMENTS or not whole:
        return False
    count, *offsets = _HEADER.unpack_from(data)
    used, unused = offsets[:wanted], offsets[wanted:]
    ascending = all(low < high for low, high in pairwise([*used, len(data)]))
    return count == wanted and used[0] == _HEADER.size and ascending and not any(unused)


def decode(data: bytes, pixel: ImagePixel) -> Samples:
    """Give the samples as they are stored, shape (rows, columns[, samples]).

    Raises:
        Undecodable: the header is broken or a segment is too short.
        Unsupported: samples share bytes otherwise than one bit each.
    """
    if pixel.bits_allocated == 1:
        return _bits(data, pixel)
    if pixel.bits_allocated % 8:
        raise Unsupported(
            f"the image cannot be decoded because no codec for RLE of {pixel.bits_allocated} bits "
            "allocated is here; ask for ENCODED and decode it elsewhere",
            transfer_syntax_uid="1.2.840.10008.1.2.5",
        )
    width = pixel.bits_allocated // 8
    segments = _segments(data, pixel.samples_per_pixel * width)
    try:
        return _at_once(data, pixel)
    except (RuntimeError, ValueError):
        # The codec takes one byte of padding a segment and no segment too many.
        return _by_segment([data[where] for where in segments], pixel)


def _at_once(data: bytes, pixel: ImagePixel) -> Samples:
    """Have the codec interleave the bytes of each pixel, which are a type of that many bytes.

    Raises:
        ValueError: there is no such type, or there are other segments besides.
        RuntimeError: a segment holds more than its bytes.
    """
    if pixel.bits_allocated != pixel.sample_bits:
        raise ValueError("no type has as many bytes as are stored")
    grey = pixel.samples_per_pixel == 1
    octets = pixel.samples_per_pixel * pixel.bits_allocated // 8
    # In this type, the bytes keep the order of the segments, which is big-endian.
    together = f">u{octets}" if octets in (2, 4, 8) else f"V{octets}"
    dtype = pixel.dtype.replace("i", "u") if grey else together
    # With `out`, the codec takes no memory that the header did not promise.
    out = bytearray(full_length_bytes(pixel))
    if len(imagecodecs.dicomrle_decode(data, dtype, out=out)) < len(out):
        raise _too_short()
    flat = np.frombuffer(out, pixel.dtype)
    turned = flat if grey or pixel.bits_allocated == 8 else flat.byteswap(inplace=True)
    return turned.reshape(pixel.shape)


def _by_segment(segments: list[bytes], pixel: ImagePixel) -> Samples:
    stored, width = np.dtype(pixel.dtype), pixel.bits_allocated // 8
    count = pixel.rows * pixel.columns
    planes = np.zeros((count, pixel.samples_per_pixel, stored.itemsize), np.uint8)
    for index, segment in enumerate(segments):
        sample, byte = divmod(index, width)
        # The most significant byte comes first.
        planes[:, sample, width - 1 - byte] = _unpacked(segment, count)
    return planes.reshape(-1).view(stored).reshape(pixel.shape)


def _bits(data: bytes, pixel: ImagePixel) -> Samples:
    """PS3.5 8.1.1 inside the segment: eight samples a byte, the first in its lowest bit."""
    count = pixel.rows * pixel.columns
    planes = [
        np.unpackbits(_unpacked(data[where], (count + 7) // 8), count=count, bitorder="little")
        for where in _segments(data, pixel.samples_per_pixel)
    ]
    return np.stack(planes, axis=-1).reshape(pixel.shape)


def _segments(data: bytes, wanted: int) -> list[slice]:
    """Where the header says they are; those beyond what the samples need are left out."""
    if len(data) >= _HEADER.size:
        count, *offsets = _HEADER.unpack_from(data)
        bounds = [*offsets[:count], len(data)] if count <= len(offsets) else []
        ascending = all(low < high for low, high in pairwise(bounds))
        if wanted <= count and bounds and bounds[0] >= _HEADER.size and ascending:
            return [slice(low, high) for low, high in pairwise(bounds)][:wanted]
    raise Undecodable(
        "the image cannot be decoded because the header of its RLE data is broken; "
        "ask for ENCODED to get it as it is"
    )


def _unpacked(segment: bytes, length_bytes: int) -> Plane:
    """Undo PackBits, whatever a writer put behind the samples to pad the segment."""
    try:
        written = imagecodecs.packbits_decode(segment, out=bytearray(length_bytes))
    except RuntimeError:
        written = _unpacked_until(segment, length_bytes)
    if len(written) < length_bytes:
        raise _too_short()
    return np.frombuffer(written, np.uint8, length_bytes)


def _unpacked_until(segment: bytes, length_bytes: int) -> bytes:
    """PS3.5 G.3.2, up to the wanted length, whatever stands behind."""
    written, position = bytearray(), 0
    while len(written) < length_bytes and position + 1 < len(segment):
        count = segment[position]
        if count < 128:
            written += segment[position + 1 : position + 2 + count]
            position += 2 + count
        elif count > 128:
            written += segment[position + 1 : position + 2] * (257 - count)
            position += 2
        else:
            position += 1
    return bytes(written[:length_bytes])


def _too_short() -> Undecodable:
    return Undecodable(
        "the image cannot be decoded because its RLE segments are too short; "
        "ask for ENCODED to get it as it is"
    )
