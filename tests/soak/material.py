"""What is asked for in a soak, and what is right: bodies of origins, files, and their digests."""

from __future__ import annotations

import hashlib
import random
from pathlib import Path

import msgspec
import numpy as np

import imageid
from fuzz.mutants import SLOW, mutant
from fuzz.seeds import seeds
from origins.corpus import DicomFile, own_file
from origins.reference import difference, reference_pixels

# Decoded by what pydicom has itself, so that a second opinion is there.
_FILES = (
    "CT_small.dcm", "MR_small.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm",
    "SC_rgb_small_odd.dcm", "SC_ybr_full_422_uncompressed.dcm", "examples_palette.dcm",
)  # fmt: skip
OUTPUTS = ("encoded", "pixels", "png")


class Subject(msgspec.Struct, frozen=True):
    """An image and what is right of it.

    Args:
        sha256: of each form that it may be asked for in, hexadecimal.
        failures: the reasons for which it may be refused.
        shape: (rows, columns); () of what is no image.
    """

    image_id: str
    sha256: dict[str, str]
    failures: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()


class Material(msgspec.Struct, frozen=True):
    """What every visitor knows.

    Args:
        missing: imageIds of what its origin does not have.
        once: what imageIds of images begin with that are asked for once; a number follows.
        hostile: the imageId of a file that occupies its decoder until that is killed.
        roots: what lists a series.
        prefixes: what URLs begin with.
    """

    subjects: list[Subject]
    missing: list[str]
    once: str
    hostile: str
    roots: list[str]
    prefixes: list[str]
    studies: list[str]
    series: list[str]
    origins: list[str]


def body_of_once(number: int) -> bytes:
    """What the origin has under such a number."""
    return random.Random(number).randbytes(2_000 + number % 30_000)


def digest(data: bytes | memoryview) -> str:
    return hashlib.sha256(data).hexdigest()


def files_in(folder: Path) -> list[Path]:
    """Real files, below a folder that the daemon may read."""
    copies = []
    for name in _FILES:
        (copy := folder / name).write_bytes(own_file(name).read_bytes())
        copies.append(copy)
    return copies


def hostile_file(path: Path) -> Path:
    path.write_bytes(mutant(seeds(), SLOW)[1])
    return path


async def observed(
    client: imageid.aio.Client, image_id: str, data: bytes, failures: tuple[str, ...] = ()
) -> Subject:
    """What a daemon says of a DICOM file while it does nothing else; pixels by pydicom, too.

    Raises:
        AssertionError: its bytes or its samples are wrong already.
    """
    images = {output: await client.load(image_id, output) for output in OUTPUTS}
    assert images["encoded"].data == data, image_id
    pixels = images["pixels"].pixels
    expected = reference_pixels(DicomFile(image_id, data))
    assert not (wrong := difference(np.squeeze(pixels), expected)), f"{image_id}: {wrong}"
    sha256 = {output: digest(image.data) for output, image in images.items()}
    return Subject(image_id, sha256, failures, pixels.shape[:2])
