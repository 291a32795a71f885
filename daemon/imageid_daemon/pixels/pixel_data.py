"""One frame's bytes out of the pixel data of a Part 10 file, without reading the others."""

from __future__ import annotations

from imageid_daemon.pixels import fragments, frame_table, limits, transfer_syntax
from imageid_daemon.pixels.byte_source import ReadAt
from imageid_daemon.pixels.encoded_frame import EncodedFrame
from imageid_daemon.pixels.fragments import Fragments
from imageid_daemon.pixels.frame_table import FramePlaces, FrameTable
from imageid_daemon.pixels.image_pixel import ImagePixel
from imageid_daemon.pixels.part10 import Part10, PixelElement
from imageid_loaders.errors import Undecodable

_ITEM = b"\xfe\xff\x00\xe0"


def read_frame(part10: Part10, pixel: ImagePixel, frame: int) -> EncodedFrame:
    """Read frame number `frame`, 1-based.

    Raises:
        Undecodable: the pixel data are missing, too short, or not what the header says.
        TooLarge: the encoded frame exceeds the limit, or there are too many fragments.
    """
    element = part10.pixel_element
    if element is None:
        raise Undecodable("the data set cannot be decoded because it holds no pixel data")
    with part10.source.reading() as read:
        if is_encapsulated(part10, read):
            places = _certain(frame, _places(part10, read, pixel, frame))
            limits.check_encoded(sum(length for _, length in places))
            data = b"".join(read(offset, length) for offset, length in places)
            return EncodedFrame(data, part10.transfer_syntax_uid, encapsulated=True)
        return _native(read, part10, element, pixel, frame - 1)


def is_encapsulated(part10: Part10, read: ReadAt) -> bool:
    """Whether the pixel data are items (PS3.5 A.4); some writers give them a length."""
    element = part10.pixel_element
    if element is None or element.value_length is None:
        return element is not None
    begins = read(element.value_offset, 4) == _ITEM
    if part10.transfer_syntax_uid in transfer_syntax.NEVER_ENCAPSULATED:
        # Samples may have these values, but not one item after the other up to their end.
        return begins and _fragments(part10, read, element).filled
    if begins:
        return True
    raise Undecodable(
        "the image cannot be decoded because its pixel data are not encapsulated, as its transfer "
        "syntax demands; ask for ENCODED to get it as it is"
    )


def _places(part10: Part10, read: ReadAt, pixel: ImagePixel, frame: int) -> FramePlaces:
    if part10.places is not None:
        return part10.places[frame]
    return _table(part10, read, pixel.number_of_frames).places(frame)


def _table(part10: Part10, read: ReadAt, frames: int) -> FrameTable:
    if frames not in part10.frame_tables:
        part10.frame_tables[frames] = locate(part10, read, frames)
    return part10.frame_tables[frames]


def locate(part10: Part10, read: ReadAt, frames: int) -> FrameTable:
    """Find every frame of encapsulated pixel data.

    Raises:
        TooLarge: there are too many fragments.
    """
    element = part10.pixel_element
    if element is None:
        raise Undecodable("the data set cannot be decoded because it holds no pixel data")
    found = _fragments(part10, read, element)

    def look(index: int, length: int) -> bytes:
        begin, size = found.offsets[index], found.lengths[index]
        wanted = min(abs(length), size)
        return read(begin if length > 0 else begin + size - wanted, wanted)

    return frame_table.build(
        found,
        frames,
        look,
        transfer_syntax_uid=part10.transfer_syntax_uid,
    )


def _fragments(part10: Part10, read: ReadAt, element: PixelElement) -> Fragments:
    size_bytes = part10.source.size_bytes
    length = size_bytes if element.value_length is None else element.value_length
    return fragments.find(
        read, element.value_offset, min(size_bytes, element.value_offset + length)
    )


def _certain(frame: int, found: FramePlaces) -> list[tuple[int, int]]:
    if frame > found.located:
        raise Undecodable(
            f"frame {frame} cannot be decoded because the pixel data break off, or are not the "
            f"{found.frames} frames that the header says: {found.located} can be told apart; "
            "ask for ENCODED to get them as they are"
        )
    return found.places


def native_length_bits(pixel: ImagePixel) -> int:
    """Of one uncompressed frame (PS3.5 8.1, 8.2; PS3.3 C.7.6.3.1.2)."""
    if pixel.photometric_interpretation in ("YBR_FULL_422", "YBR_PARTIAL_422"):
        return pixel.rows * pixel.columns * 2 * pixel.bits_allocated
    return pixel.sample_count * pixel.bits_allocated


def full_length_bytes(pixel: ImagePixel) -> int:
    """Of one uncompressed frame whose chrominance is not subsampled."""
    return (pixel.sample_count * pixel.bits_allocated + 7) // 8


def native_lengths_bytes(pixel: ImagePixel) -> tuple[int, ...]:
    """Those that one uncompressed frame may have: subsampled or not, and padded or not."""
    subsampled = (native_length_bits(pixel) + 7) // 8
    full = full_length_bytes(pixel)
    return (subsampled, subsampled + subsampled % 2, full, full + full % 2)


def _native(
    read: ReadAt, part10: Part10, element: PixelElement, pixel: ImagePixel, index: int
) -> EncodedFrame:
    big_endian = transfer_syntax.is_big_endian(part10.transfer_syntax_uid)
    length_bits = _stored_length_bits(element, pixel)
    first_bit = index * length_bits
    start, stop = first_bit // 8, (first_bit + length_bits + 7) // 8
    # A writer of 8-bit samples as OW swaps each pair of bytes, across the frames' ends too.
    swapped = big_endian and element.vr == "OW" and pixel.bits_allocated <= 8
    window = (start - start % 2, stop + stop % 2) if swapped else (start, stop)
    length_bytes = max(0, min(window[1], element.value_length or 0) - window[0])
    data = read(element.value_offset + window[0], length_bytes)
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
