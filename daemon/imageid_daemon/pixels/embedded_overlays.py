"""Overlay planes in unused bits of the samples (retired; PS3.3-2004 C.9.2, PS3.5-2004 8.1.2)."""

from __future__ import annotations

import msgspec
import numpy as np
from pydicom import Dataset

from imageid_daemon.pixels import metadata_size, overlays
from imageid_daemon.pixels.attributes import integer
from imageid_daemon.pixels.description import ImageMetadata
from imageid_daemon.pixels.encoded_frame import EncodedFrame, Instance
from imageid_daemon.pixels.image_pixel import ImagePixel
from imageid_daemon.pixels.metadata_modules import Overlay

# A codec gives samples; what stood in the bits beside them may be lost.
_UNCOMPRESSED = (
    "1.2.840.10008.1.2",
    "1.2.840.10008.1.2.1",
    "1.2.840.10008.1.2.1.99",
    "1.2.840.10008.1.2.2",
)


def are_in(instance: Instance) -> bool:
    """Whether uncompressed samples hold overlays, so that the frame must be read for them."""
    attributes = instance.attributes
    return instance.transfer_syntax_uid in _UNCOMPRESSED and any(
        _place(attributes, group) is not None for group in overlays.groups(attributes)
    )


def add(
    described: ImageMetadata, instance: Instance, pixel: ImagePixel, frame: EncodedFrame
) -> ImageMetadata:
    """Add the frame's embedded overlays, in the order of their groups.

    Args:
        frame: uncompressed.
    """
    if frame.transfer_syntax_uid not in _UNCOMPRESSED or not are_in(instance):
        return described
    width = pixel.bits_allocated // 8
    words = np.frombuffer(frame.data, f"{'>' if frame.big_endian else '<'}u{width}")
    found = [
        plane
        for group in overlays.groups(instance.attributes)
        if (plane := _plane(instance.attributes, group, words, pixel)) is not None
    ]
    every = sorted((*described.overlays, *found), key=lambda overlay: overlay.group)
    return metadata_size.bounded(msgspec.structs.replace(described, overlays=tuple(every)))


def _plane(
    attributes: Dataset, group: int, words: np.typing.NDArray[np.unsignedinteger], pixel: ImagePixel
) -> Overlay | None:
    place = _place(attributes, group)
    if place is None:
        return None
    bits = (words[: pixel.rows * pixel.columns] >> place & 1).astype(np.uint8)
    data = np.packbits(bits, bitorder="little").tobytes()
    plane = overlays.plane_of(attributes, group, data, embedded=True)
    # Its samples are the image's, so it can have no other size.
    same = plane is not None and (plane.rows, plane.columns) == (pixel.rows, pixel.columns)
    return plane if same else None


def _place(attributes: Dataset, group: int) -> int | None:
    """The bit of an embedded overlay; None where that bit belongs to the samples."""
    place = overlays.bit_position(attributes, group)
    allocated = integer(attributes, "BitsAllocated") or 0
    stored = integer(attributes, "BitsStored") or allocated
    high = integer(attributes, "HighBit")
    high = stored - 1 if high is None else high
    if place is None or allocated not in (8, 16, 32) or not 0 <= place < allocated:
        return None
    single = integer(attributes, "SamplesPerPixel") in (None, 1)
    return place if single and not high - stored < place <= high else None
