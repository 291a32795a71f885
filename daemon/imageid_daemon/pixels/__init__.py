"""From encoded bytes to metadata, samples and pictures: pure, blocking, thread-safe.

Runs in worker processes, because bytes from outside may make a codec crash or never end.
Large results go to files by path. Importing this package is cheap, and the daemon does it
for the types; the codecs are imported by the first call that needs them.

Every function raises the classes of `imageid_loaders.errors`, and lets an `OSError` of
the file system pass.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from importlib import import_module
from typing import Any, Literal

from imageid_daemon.pixels.bulk_references import may_be_in as may_refer_to_bulk_data
from imageid_daemon.pixels.description import (
    Description,
    Encoded,
    ImageMetadata,
    Layout,
    Located,
    LookupTable,
    Palette,
    PixelsOptions,
    RenderedOptions,
    Tables,
    Written,
)
from imageid_daemon.pixels.frame_index import MEDIA_TYPE as INDEX_MEDIA_TYPE
from imageid_daemon.pixels.frame_index import VERSION as INDEX_VERSION
from imageid_daemon.pixels.limits import BULK_LIMIT_BYTES, INDEX_FROM_BYTES
from imageid_loaders.errors import NotFound

__all__ = [
    "BULK_LIMIT_BYTES",
    "INDEX_MEDIA_TYPE",
    "INDEX_VERSION",
    "Description",
    "Encoded",
    "ImageMetadata",
    "Layout",
    "Located",
    "LookupTable",
    "Palette",
    "PixelsOptions",
    "RenderedOptions",
    "Tables",
    "Written",
    "decode",
    "describe",
    "describe_frames",
    "dicom_json",
    "functional_groups",
    "header_json",
    "index",
    "inflate",
    "is_worth_indexing",
    "locate",
    "may_refer_to_bulk_data",
    "prepare",
    "references",
    "render",
    "split_metadata",
    "transform",
]


def prepare() -> None:
    """Import pydicom and the codecs now, rather than while the first image waits."""
    for module in ("content", "decoding", "rendering", "transforming"):
        import_module(f"imageid_daemon.pixels.{module}")


def describe(encoded: Encoded) -> ImageMetadata:
    """Say what the header of the image says. No pixel is decoded.

    Raises:
        Undecodable: the bytes are no image.
        NotFound: the frame is beyond the last.
    """
    from imageid_daemon.pixels.content import describe as implementation

    return implementation(encoded)


def describe_frames(encoded: Encoded, frames: Sequence[int]) -> list[ImageMetadata | NotFound]:
    """Describe several frames of one image, whose header is read once.

    Args:
        encoded: its own frame does not count.
        frames: 1-based.

    Returns:
        For each frame what `describe` says of it, or that there is no such frame.

    Raises:
        Undecodable: the bytes are no image.
    """
    from imageid_daemon.pixels.content import describe_frames as implementation

    return implementation(encoded, frames)


def dicom_json(encoded: Encoded) -> bytes:
    """Give the whole data set as one DICOM JSON object (PS3.18 F), without bulk data.

    An image that is not DICOM gives an empty object.

    Raises:
        Undecodable: the bytes are no image.
    """
    from imageid_daemon.pixels.content import dicom_json as implementation

    return implementation(encoded)


def header_json(path: str, tags: Collection[int]) -> bytes:
    """Give some attributes of a Part 10 file as one DICOM JSON object.

    Those that the file lacks, or that cannot be read, are left out.

    Raises:
        Undecodable: the bytes are no DICOM.
    """
    from imageid_daemon.pixels.content import header_json as implementation

    return implementation(path, tags)


def references(encoded: Encoded, frames: Sequence[int]) -> list[str]:
    """Give the BulkDataURIs of what describing these frames needs, each once and as written.

    Args:
        encoded: with its DICOM JSON.
        frames: 1-based.

    Raises:
        Undecodable: the document is not DICOM JSON.
    """
    from imageid_daemon.pixels.content import references as implementation

    return implementation(encoded, frames)


def functional_groups(data_set: dict[str, Any], frame: int) -> dict[str, Any]:
    """Flatten one frame's functional groups, its own over the shared ones.

    Args:
        data_set: a DICOM JSON object, as `dicom_json` gives it.
        frame: 1-based.

    Returns:
        A DICOM JSON object, empty where the image has no functional groups.
    """
    from imageid_daemon.pixels.frame_groups import flattened as implementation

    return implementation(data_set, frame)


def split_metadata(document: bytes) -> dict[str, bytes]:
    """Cut a WADO-RS metadata answer into its instances.

    Returns:
        The bytes of each instance's JSON object by SOPInstanceUID.

    Raises:
        Undecodable: the document is not DICOM JSON.
    """
    from imageid_daemon.pixels.metadata_document import split as implementation

    return implementation(document)


def inflate(encoded: Encoded, target_path: str) -> Written:
    """Write a NIfTI volume without its gzip, so that each plane costs one read.

    Raises:
        Undecodable: the bytes are no NIfTI file in gzip.
        Unsupported: its voxels have no form in the contract.
        TooLarge: the volume would exceed `limits.VOLUME_LIMIT_BYTES`.
    """
    from imageid_daemon.pixels.decoding import inflate as implementation

    return implementation(encoded, target_path)


def is_worth_indexing(size_bytes: int, beginning: bytes) -> bool:
    """Whether a file is so large that finding a frame in it costs more than in its index.

    Args:
        beginning: its first 132 bytes.
    """
    return size_bytes >= INDEX_FROM_BYTES and beginning[128:132] == b"DICM"


def index(encoded: Encoded, target_path: str) -> Written:
    """Write where each frame of a Part 10 file is; see `frame_index`.

    Raises:
        Undecodable: the header is broken.
        TooLarge: the header, a deflated data set or the number of fragments exceeds its limit.
    """
    from imageid_daemon.pixels.indexing import index as implementation

    return implementation(encoded, target_path)


def locate(index_path: str, frames: Sequence[int]) -> Located:
    """Read what an index says of frames, 1-based, whether or not there are such frames.

    Imports neither pydicom nor codecs, and reads a few hundred bytes of each beside the header.

    Raises:
        Undecodable: the index is none.
    """
    from imageid_daemon.pixels.frame_index import locate as implementation

    return implementation(index_path, frames)


def decode(encoded: Encoded, color: Literal["default", "stored"], target_path: str) -> Written:
    """Write the stored values of one frame, shape (rows, columns[, samples]).

    Integers have the type of BitsAllocated and PixelRepresentation, BitsStored and
    HighBit honoured. PALETTE COLOR stays indices.

    Args:
        color: "default" turns YBR into RGB, "stored" keeps it where the codec gives it.

    Raises:
        Undecodable: the bytes are not what they claim to be.
        Unsupported: there is no decoder for the transfer syntax or sample format.
        NotFound: the frame is beyond the last.
        TooLarge: the decoded frame would exceed `limits.FRAME_LIMIT_BYTES`.
    """
    from imageid_daemon.pixels.decoding import decode as implementation

    return implementation(encoded, color, target_path)


def transform(
    pixels_path: str, description: Description, options: PixelsOptions, target_path: str
) -> Written:
    """Write decoded samples with other values or colours.

    Args:
        pixels_path: what `decode` wrote.
        description: what `decode` said of it.

    Raises:
        Unsupported: RGB is wanted of samples of which nothing says what colours they are.
        Undecodable: a palette or lookup table is broken or missing.
    """
    from imageid_daemon.pixels.transforming import transform as implementation

    return implementation(pixels_path, description, options, target_path)


def render(
    pixels_path: str, description: Description, options: RenderedOptions, target_path: str
) -> Written:
    """Write a picture for a screen; the same arguments give the same bytes.

    Grey images pass the modality LUT and the VOI LUT (PS3.3 C.11.1, C.11.2); colour
    images have no VOI LUT and ignore windows. Pixels become square, and the picture then
    fits into the box. ICC profiles are not applied.

    Args:
        pixels_path: what `decode` wrote.
        description: what `decode` said of it.

    Raises:
        InvalidOption: the window, quality, size or bit depth cannot be, or the image has
            no window of that name.
        Unsupported: nothing says what colours its samples are.
        Undecodable: a palette or lookup table is broken or missing.
    """
    from imageid_daemon.pixels.rendering import render as implementation

    return implementation(pixels_path, description, options, target_path)
