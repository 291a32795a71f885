"""How large a decoded frame and an inflated data set may become."""

from __future__ import annotations

from imageid_loaders.errors import TooLarge

FRAME_LIMIT_BYTES = 512 * 2**20
INFLATED_LIMIT_BYTES = 512 * 2**20
# Of a volume in gzip.
VOLUME_LIMIT_BYTES = 2 * 2**30
# Of the frames of an animation that are drawn over each other.
COMPOSED_LIMIT_PIXELS = 4 * 2**30
# Longer attributes are bulk data; they are skipped, not read, while a header is parsed.
ATTRIBUTE_LIMIT_BYTES = 1 << 20

# A message of gRPC may have 4 MiB; what describes an image must fit into one.
METADATA_BULK_LIMIT_BYTES = 3 << 20


def check_frame(size_bytes: int) -> None:
    """Refuse a frame before memory is taken for it.

    Raises:
        TooLarge: it exceeds `FRAME_LIMIT_BYTES`.
    """
    if size_bytes > FRAME_LIMIT_BYTES:
        raise TooLarge(
            f"the frame was not decoded because it would take {size_bytes} bytes, more than the "
            f"limit of {FRAME_LIMIT_BYTES}; ask for ENCODED and decode it elsewhere"
        )
