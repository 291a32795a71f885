"""One frame's bytes out of the pixel data of a Part 10 file, without reading the others."""

from __future__ import annotations

from typing import BinaryIO

from pydicom import Dataset
from pydicom.encaps import get_frame

from imageid_daemon.pixels import transfer_syntax
from imageid_daemon.pixels.encoded_frame import EncodedFrame
from imageid_daemon.pixels.image_pixel import ImagePixel
from imageid_daemon.pixels.part10 import Part10, PixelElement
from imageid_loaders.errors import Undecodable


def read_frame(part10: Part10, pixel: ImagePixel, frame: int) -> EncodedFrame:
    """Read frame number `frame`, 1-based.

    Raises:
        Undecodable: the pixel data are missing, too short, or not what the header says.
    """
    element = part10.pixel_element
    if element is None:
        raise Undecodable("the data set cannot be decoded because it holds no pixel data")
    with part10.open() as stream:
        stream.seek(element.value_offset)
        if element.value_length is None:
            data = _encapsulated(stream, part10.attributes, pixel.number_of_frames, frame - 1)
            return EncodedFrame(data, part10.transfer_syntax_uid)
        return _native(stream, part10, element, pixel, frame - 1)


def native_length_bits(pixel: ImagePixel) -> int:
    """Of one uncompressed frame (PS3.5 8.1, 8.2; PS3.3 C.7.6.3.1.2)."""
    if pixel.photometric_interpretation in ("YBR_FULL_422", "YBR_PARTIAL_422"):
        return pixel.rows * pixel.columns * 2 * pixel.bits_allocated
    return pixel.sample_count * pixel.bits_allocated


def full_length_bytes(pixel: ImagePixel) -> int:
    """Of one uncompressed frame whose chrominance is not subsampled."""
    return (pixel.sample_count * pixel.bits_allocated + 7) // 8


def _encapsulated(stream: BinaryIO, attributes: Dataset, frames: int, index: int) -> bytes:
    """PS3.5 A.4: Basic or Extended Offset Table, or none; one fragment or several a frame."""
    offsets = attributes.get("ExtendedOffsetTable")
    lengths = attributes.get("ExtendedOffsetTableLengths")
    extended = (bytes(offsets), bytes(lengths)) if offsets and lengths else None
    return get_frame(stream, index, extended_offsets=extended, number_of_frames=frames)


def _native(
    stream: BinaryIO, part10: Part10, element: PixelElement, pixel: ImagePixel, index: int
) -> EncodedFrame:
    big_endian = transfer_syntax.is_big_endian(part10.transfer_syntax_uid)
    length_bits = _stored_length_bits(element, pixel)
    first_bit = index * length_bits
    start, stop = first_bit // 8, (first_bit + length_bits + 7) // 8
    # A writer of 8-bit samples as OW swaps each pair of bytes, across the frames' ends too.
    swapped = big_endian and element.vr == "OW" and pixel.bits_allocated <= 8
    window = (start - start % 2, stop + stop % 2) if swapped else (start, stop)
    stream.seek(element.value_offset + window[0])
    data = stream.read(max(0, min(window[1], element.value_length or 0) - window[0]))
    if swapped:
        data = _swap_pairs(data)[start - window[0] : stop - window[0]]
    if len(data) < stop - start:
        raise Undecodable(
            f"frame {index + 1} cannot be decoded because the pixel data are shorter than the "
            "header says; ask for ENCODED to get them as they are"
        )
    return EncodedFrame(data, part10.transfer_syntax_uid, first_bit % 8, big_endian)


def _stored_length_bits(element: PixelElement, pixel: ImagePixel) -> int:
    # Some writers keep YBR_FULL_422 in the header of data that they have upsampled.
    full_bytes = full_length_bytes(pixel)
    whole = full_bytes * pixel.number_of_frames
    if element.value_length in (whole, whole + whole % 2):
        return full_bytes * 8 if pixel.bits_allocated % 8 == 0 else native_length_bits(pixel)
    return native_length_bits(pixel)


def _swap_pairs(data: bytes) -> bytes:
    swapped = bytearray(data + b"\0" * (len(data) % 2))
    swapped[0::2], swapped[1::2] = swapped[1::2], swapped[0::2]
    return bytes(swapped)
