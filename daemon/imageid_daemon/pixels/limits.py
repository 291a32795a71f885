"""How large a decoded frame and an inflated data set may become."""

from __future__ import annotations

from imageid_loaders.errors import TooLarge

FRAME_LIMIT_BYTES = 512 * 2**20
INFLATED_LIMIT_BYTES = 512 * 2**20
# Of a volume in gzip.
VOLUME_LIMIT_BYTES = 2 * 2**30
# Of the frames of an animation that are drawn over each other.
COMPOSED_LIMIT_PIXELS = 4 * 2**30
# Longer attributes are bulk data, and left out of a header but for overlays and the ICC profile.
ATTRIBUTE_LIMIT_BYTES = 1 << 20
# Numbers written as text become one object each, fifty times as large.
NUMBER_TEXT_LIMIT_BYTES = 1 << 16
# DICOM JSON of one instance, which becomes objects ten times as large.
DOCUMENT_LIMIT_BYTES = 64 << 20
# Sequences within sequences; a real header has fewer than ten.
SEQUENCE_DEPTH = 64
# Elements of a header, those within sequences too: 100 000 frames have some 2 million.
HEADER_ELEMENTS = 1 << 22
# What a header may hold beside bulk data, and in how many attributes outside of sequences.
HEADER_LIMIT_BYTES = 64 << 20
HEADER_ATTRIBUTES = 1 << 16
UID_BYTES = 64 + 64  # with room for those who pad more than PS3.5 9.1 allows
# Below, reading a header and walking over fragments anew costs less than asking an index.
INDEX_FROM_BYTES = 1 << 20
# Fragments of encapsulated pixel data.
FRAGMENTS = 1 << 21

# Values that an origin's document refers to: how many are asked for, with what URIs, and how
# many bytes they may have together.
BULK_REFERENCES = 64
BULK_URI_CHARACTERS = 4096
BULK_LIMIT_BYTES = 16 << 20

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


def check_encoded(size_bytes: int) -> None:
    """Refuse an encoded frame before it is read.

    Raises:
        TooLarge: it exceeds `FRAME_LIMIT_BYTES`.
    """
    if size_bytes > FRAME_LIMIT_BYTES:
        raise TooLarge(
            f"the frame was not decoded because its encoded form has {size_bytes} bytes, more "
            f"than the limit of {FRAME_LIMIT_BYTES}; ask for ENCODED and decode it elsewhere"
        )
