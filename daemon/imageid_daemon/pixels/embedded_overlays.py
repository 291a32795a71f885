"""Overlay planes in unused bits of the samples (retired; PS3.3-2004 C.9.2, PS3.5-2004 8.1.2)."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from imageid_daemon.pixels import codecs, metadata_size, overlays
from imageid_daemon.pixels.attributes import integer
from imageid_daemon.pixels.codecs import Unmasked
from imageid_daemon.pixels.description import ImageMetadata
from imageid_daemon.pixels.encoded_frame import EncodedFrame, Instance
from imageid_daemon.pixels.image_pixel import ImagePixel
from imageid_daemon.pixels.metadata_modules import Overlay

Words = NDArray[np.unsignedinteger[Any]]


def are_in(instance: Instance) -> bool:
    """Whether the header places overlays in the samples, so that the frame must be read."""
    return any(
        _place(instance.attributes, group) is not None
        for group in overlays.groups(instance.attributes)
    )


def decode(instance: Instance, pixel: ImagePixel, frame: EncodedFrame) -> list[Overlay]:
    """The frame's embedded overlays; decodes it only if its codestream keeps one of them.

    Raises:
        ImageError: the frame cannot be decoded.
    """
    if not _kept_groups(instance, pixel, frame):
        return []
    return read(instance, pixel, frame, codecs.undo(frame, pixel, keep_ybr=True))


def read(
    instance: Instance, pixel: ImagePixel, frame: EncodedFrame, unmasked: Unmasked
) -> list[Overlay]:
    """The frame's embedded overlays, in the order of their groups.

    Args:
        unmasked: the same frame.
    """
    if not instance.once(are_in):
        return []
    found = unmasked.samples
    words = found.view(f"u{found.itemsize}").reshape(-1)
    planes = (
        _plane(instance.attributes, group, words, pixel)
        for group in _kept_groups(instance, pixel, frame)
    )
    return [plane for plane in planes if plane is not None]


def add(described: ImageMetadata, planes: list[Overlay]) -> ImageMetadata:
    """Put embedded overlays among the others, as far as there is room for them."""
    if not planes:
        return described
    every = sorted((*described.overlays, *planes), key=lambda overlay: overlay.group)
    return metadata_size.bounded(msgspec.structs.replace(described, overlays=tuple(every)))


def _kept_groups(instance: Instance, pixel: ImagePixel, frame: EncodedFrame) -> list[int]:
    """Those whose bit comes out of the frame as it went in, where the header says that it is."""
    exact_bits = codecs.exact_bits(frame, pixel)
    if pixel.high_bit >= exact_bits:
        return []  # an encoder that left bits out may have moved the others
    return [
        group
        for group in overlays.groups(instance.attributes)
        if (place := _place(instance.attributes, group)) is not None and place < exact_bits
    ]


def _plane(attributes: Dataset, group: int, words: Words, pixel: ImagePixel) -> Overlay | None:
    place = _place(attributes, group)
    if place is None:
        return None
    bits = (words >> place & 1).astype(np.uint8)
    if pixel.signed and bits.any() and np.array_equal(bits, words >> pixel.high_bit & 1):
        return None  # a sign that was extended into its place
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
