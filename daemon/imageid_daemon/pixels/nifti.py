"""NIfTI-1 and NIfTI-2 (nifti.nimh.nih.gov): one plane of a volume as an image.

Of the file's axes x, y, z the lower one runs along a row, as x runs fastest in the file:
a plane across z has the shape (y, x), one across y (z, x), one across x (z, y). That is
what Cornerstone's volume loader gives for z.
"""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any, BinaryIO, cast

import msgspec
import numpy as np
from numpy.typing import NDArray

from imageid_daemon.pixels import limits, nifti_geometry, nifti_header
from imageid_daemon.pixels.description import Description, Encoded, ImageMetadata, Written
from imageid_daemon.pixels.nifti_header import HEADER_BYTES, Volume
from imageid_loaders.base import Plane
from imageid_loaders.errors import NotFound, TooLarge, Undecodable

Samples = NDArray[Any]

CONTENT_TYPE = "application/x-nifti"
HEAD_BYTES = HEADER_BYTES
_GZIP = b"\x1f\x8b"
_PIECE_BYTES = 1 << 20
_LARGEST_SIDE = 65535


def is_nifti(head: bytes) -> bool:
    """Whether a file begins like NIfTI, or like the gzip that it is most often kept in."""
    return head.startswith(_GZIP) or nifti_header.has_magic(head)


def describe(encoded: Encoded) -> ImageMetadata:
    """Say of one plane what the header says.

    Raises:
        Undecodable: the file is no NIfTI, or no plane of it is named.
        Unsupported: its voxels have no form in the contract.
        NotFound: the plane is beyond the last.
    """
    with Path(encoded.path).open("rb") as raw:
        volume = nifti_header.read(_inflating(raw).read(HEADER_BYTES))
    return _describe(volume, _located(volume, _plane(encoded)))


def decode(encoded: Encoded) -> tuple[Samples, ImageMetadata]:
    """Read the stored values of one plane, shape (rows, columns[, samples]).

    Raises:
        Undecodable: the file is broken or no NIfTI, or no plane of it is named.
        Unsupported: its voxels have no form in the contract.
        NotFound: the plane is beyond the last.
        TooLarge: the plane, or a compressed volume, exceeds the limit.
    """
    with Path(encoded.path).open("rb") as raw:
        stream = _inflating(raw)
        volume = nifti_header.read(stream.read(HEADER_BYTES))
        plane = _located(volume, _plane(encoded))
        _check_size(volume, stream, raw)
        described = _describe(volume, plane)
        limits.check_frame(volume.bytes_of_plane(plane.axis))
        return _READERS[plane.axis](volume, stream, plane), described


def inflate(encoded: Encoded, target_path: str) -> Written:
    """Write the file without its gzip, no further than its header says that it reaches.

    Raises:
        Undecodable: it is no NIfTI in gzip, ends early, or fails its checksum.
        TooLarge: the volume exceeds the limit.
    """
    with Path(encoded.path).open("rb") as raw, Path(target_path).open("wb") as target:
        stream = _inflating(raw)
        volume = nifti_header.read(stream.read(HEADER_BYTES))
        _check_size(volume, stream, raw)
        stream.seek(0)
        left = volume.end_bytes
        while left:
            piece = _exactly(stream, min(left, _PIECE_BYTES))
            target.write(piece)
            left -= len(piece)
        stream.read(1)  # beyond the last voxel stands gzip's checksum
    return Written(Description(ImageMetadata(), CONTENT_TYPE), volume.end_bytes)


def _inflating(raw: BinaryIO) -> BinaryIO:
    is_gzip = raw.read(2) == _GZIP
    raw.seek(0)
    return cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if is_gzip else raw


def _plane(encoded: Encoded) -> Plane:
    if encoded.plane is None:
        raise Undecodable(
            "the image cannot be decoded because it is a NIfTI volume: name one of its slices "
            "with a nifti: imageId, as in nifti:…?frame=0, or ask for ENCODED"
        )
    return encoded.plane


def _located(volume: Volume, plane: Plane) -> Plane:
    """The plane with its volume, checked.

    Raises:
        NotFound: there is none.
    """
    number, count = volume.size_along(plane.axis), volume.times
    if plane.time is None:
        _check_index(plane.index, number * count, f"slice along {plane.axis}")
        return Plane(plane.axis, plane.index % number, plane.index // number)
    _check_index(plane.index, number, f"slice along {plane.axis}")
    _check_index(plane.time, count, "volume in time")
    return plane


def _check_index(index: int, count: int, noun: str) -> None:
    if index >= count:
        raise NotFound(
            f"there is no {noun} with the number {index}: the file has {count}, counted from 0 "
            f"to {count - 1}; ask for one of them"
        )


def _check_size(volume: Volume, stream: BinaryIO, raw: BinaryIO) -> None:
    if stream is raw:
        if os.fstat(raw.fileno()).st_size < volume.end_bytes:
            raise _ended()
    elif volume.end_bytes > limits.VOLUME_LIMIT_BYTES:
        raise TooLarge(
            f"the volume was not inflated because it would take {volume.end_bytes} bytes, more "
            f"than the limit of {limits.VOLUME_LIMIT_BYTES}; ask for ENCODED"
        )
    if max(volume.shape[:3]) > _LARGEST_SIDE:
        raise TooLarge(
            f"the volume was not decoded because a side is longer than {_LARGEST_SIDE} voxels; "
            "ask for ENCODED and decode it elsewhere"
        )


def _ended() -> Undecodable:
    return Undecodable(
        "the image cannot be decoded because the file ends before the last voxel that its "
        "header announces; ask for ENCODED to get it as it is"
    )


def _exactly(stream: BinaryIO, size_bytes: int) -> bytes:
    data = stream.read(size_bytes)
    if len(data) < size_bytes:
        raise _ended()
    return data


def _read_z(volume: Volume, stream: BinaryIO, plane: Plane) -> Samples:
    x, y, _, _ = volume.shape
    stream.seek(volume.offset_bytes(0, plane.index, plane.time or 0))
    return _voxels(volume, _exactly(stream, x * y * volume.voxel_bytes), (y, x))


def _read_y(volume: Volume, stream: BinaryIO, plane: Plane) -> Samples:
    x, _, z, _ = volume.shape
    lines = []
    for index in range(z):
        stream.seek(volume.offset_bytes(plane.index, index, plane.time or 0))
        lines.append(_exactly(stream, x * volume.voxel_bytes))
    return _voxels(volume, b"".join(lines), (z, x))


def _read_x(volume: Volume, stream: BinaryIO, plane: Plane) -> Samples:
    _, _, z, _ = volume.shape
    slices = (_read_z(volume, stream, Plane("z", index, plane.time)) for index in range(z))
    return np.stack([each[:, plane.index] for each in slices])


_READERS = {"x": _read_x, "y": _read_y, "z": _read_z}


def _voxels(volume: Volume, data: bytes, shape: tuple[int, int]) -> Samples:
    samples = np.frombuffer(data, volume.sample_type)
    return samples.reshape(shape if volume.samples == 1 else (*shape, volume.samples))


def _describe(volume: Volume, plane: Plane) -> ImageMetadata:
    bits = volume.sample_type.itemsize * 8
    rows, columns = volume.plane_shape(plane.axis)
    described = ImageMetadata(
        rows=rows,
        columns=columns,
        samples_per_pixel=volume.samples,
        photometric_interpretation="MONOCHROME2" if volume.samples == 1 else "RGB",
        bits_allocated=bits,
        bits_stored=bits,
        high_bit=bits - 1,
        pixel_representation=int(volume.sample_type.kind == "i"),
        planar_configuration=0 if volume.samples > 1 else None,
        **nifti_geometry.of_plane(volume, plane),
    )
    return _scaled(volume, described) if volume.samples == 1 else described


def _scaled(volume: Volume, described: ImageMetadata) -> ImageMetadata:
    """What NIfTI says of scalar voxels alone: scl_slope, scl_inter, cal_min and cal_max."""
    if volume.slope is not None:
        described = msgspec.structs.replace(
            described, rescale_slope=volume.slope, rescale_intercept=volume.intercept
        )
    if volume.shown_range is None:
        return described
    low, high = volume.shown_range
    return msgspec.structs.replace(
        described,
        window_center=((low + high) / 2,),
        window_width=(high - low,),
        voi_lut_function="LINEAR_EXACT",
    )
