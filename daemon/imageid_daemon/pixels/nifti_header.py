"""The header of a NIfTI file as far as pixels and metadata depend on it, checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from nibabel.nifti1 import Nifti1Header
from nibabel.nifti2 import Nifti2Header
from numpy.typing import NDArray

from imageid_loaders.errors import Undecodable, Unsupported

HEADER_BYTES = 540
_MAGIC_1_AT = 344
_MAGIC_2_AT = 4
_TYPES = frozenset({"u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8"})
# The field xyzt_units, bits 0 to 2; what is unknown is taken for mm, as everybody does.
_MILLIMETRES = {1: 1000.0, 2: 1.0, 3: 0.001}

Affine = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Volume:
    """What is stored where.

    Args:
        shape: voxels along x, y, z and time; 1 where the file has no such axis.
        sample_type: of one sample, in the file's byte order.
        samples: of each voxel: 1, or 3 and 4 for RGB and RGBA.
        data_offset_bytes: of the first voxel.
        slope, intercept: scl_slope and scl_inter; None where the file does not scale.
        shown_range: cal_min and cal_max, in scaled values.
        spacing: of voxels in mm along x, y and z (pixdim).
        affine: from voxel numbers to mm, right, anterior and superior being positive,
            shape (4, 4); None where the file does not say it.
    """

    shape: tuple[int, int, int, int]
    sample_type: np.dtype[Any]
    samples: int
    data_offset_bytes: int
    slope: float | None
    intercept: float | None
    shown_range: tuple[float, float] | None
    spacing: tuple[float, float, float]
    affine: Affine | None

    @property
    def times(self) -> int:
        return self.shape[3]

    @property
    def voxel_bytes(self) -> int:
        return self.sample_type.itemsize * self.samples

    @property
    def end_bytes(self) -> int:
        """Where the last voxel ends."""
        return self.data_offset_bytes + math.prod(self.shape) * self.voxel_bytes

    def size_along(self, axis: str) -> int:
        return self.shape["xyz".index(axis)]

    def plane_shape(self, axis: str) -> tuple[int, int]:
        """Rows and columns of a plane across the axis."""
        x, y, z, _ = self.shape
        return {"x": (z, y), "y": (z, x), "z": (y, x)}[axis]

    def bytes_of_plane(self, axis: str) -> int:
        return math.prod(self.plane_shape(axis)) * self.voxel_bytes

    def offset_bytes(self, y: int, z: int, time: int) -> int:
        """Of the first voxel of a line along x."""
        lines = (time * self.shape[2] + z) * self.shape[1] + y
        return self.data_offset_bytes + lines * self.shape[0] * self.voxel_bytes


def has_magic(head: bytes) -> bool:
    """Whether the first `HEADER_BYTES` of a file are those of NIfTI."""
    return _is_version_1(head) or _is_version_2(head)


def read(head: bytes) -> Volume:
    """Read the first `HEADER_BYTES` of a file.

    Raises:
        Undecodable: they are not NIfTI's, or contradict themselves.
        Unsupported: the voxels have no form in the contract, or are in a second file.
    """
    header = _header(head)
    sample_type, samples = _voxel(header)
    slope, intercept = header.get_slope_inter()
    return Volume(
        shape=_shape(header),
        sample_type=sample_type,
        samples=samples,
        data_offset_bytes=_data_offset_bytes(header),
        slope=None if slope is None else float(slope),
        intercept=None if intercept is None else float(intercept),
        shown_range=_shown_range(header),
        spacing=_spacing(header),
        affine=_affine(header),
    )


def _is_version_1(head: bytes) -> bool:
    return head[_MAGIC_1_AT : _MAGIC_1_AT + 4] in (b"n+1\0", b"ni1\0")


def _is_version_2(head: bytes) -> bool:
    return head[_MAGIC_2_AT : _MAGIC_2_AT + 4] in (b"n+2\0", b"ni2\0")


def _header(head: bytes) -> Any:
    """What nibabel refuses by itself reaches `boundary.refusing`."""
    if not has_magic(head):
        raise Undecodable(
            "the image cannot be decoded because it is no NIfTI file; use another scheme for "
            "it, or ask for ENCODED to get it as it is"
        )
    # Any, because nibabel's headers have no types.
    kind: Any = Nifti2Header if _is_version_2(head) else Nifti1Header
    header = kind(head[: kind.sizeof_hdr], check=False)
    if bytes(header["magic"]).startswith(b"ni"):
        raise Unsupported(
            "the image cannot be decoded because its voxels are in a second file (.img): "
            "convert the pair to one .nii file"
        )
    return header


def _shape(header: Any) -> tuple[int, int, int, int]:
    rank = int(header["dim"][0])
    sizes = [int(size) for size in header["dim"][1 : rank + 1]]
    if not 1 <= rank <= 7 or min(sizes) < 1:
        raise Undecodable(
            "the image cannot be decoded because its header has an impossible dimension; "
            "ask for ENCODED to get it as it is"
        )
    if math.prod(sizes[4:]) != 1:
        raise Unsupported(
            "the image cannot be decoded because it has more dimensions than x, y, z and time; "
            "ask for ENCODED"
        )
    x, y, z, time = [*sizes, 1, 1, 1][:4]
    return x, y, z, time


def _voxel(header: Any) -> tuple[np.dtype[Any], int]:
    found = header.get_data_dtype()
    if found.names is not None:
        return np.dtype(np.uint8), len(found.names)
    if found.str[1:] not in _TYPES:
        raise Unsupported(
            f"the image cannot be decoded because voxels of the NIfTI type "
            f"{int(header['datatype'])} have no form in this contract; ask for ENCODED"
        )
    return found, 1


def _data_offset_bytes(header: Any) -> int:
    offset_bytes = int(header.get_data_offset())
    if offset_bytes < int(header["sizeof_hdr"]):
        raise Undecodable(
            "the image cannot be decoded because its header says that the voxels begin within "
            "it; ask for ENCODED to get it as it is"
        )
    return offset_bytes


def _shown_range(header: Any) -> tuple[float, float] | None:
    low, high = float(header["cal_min"]), float(header["cal_max"])
    return (low, high) if math.isfinite(high - low) and low < high else None


def _millimetres(header: Any) -> float:
    return _MILLIMETRES.get(int(header["xyzt_units"]) & 7, 1.0)


def _spacing(header: Any) -> tuple[float, float, float]:
    x, y, z = (abs(float(size)) * _millimetres(header) for size in header["pixdim"][1:4])
    return x, y, z


def _affine(header: Any) -> Affine | None:
    """By the standard's method 3 (sform), else 2 (qform); method 1 knows no place."""
    if header["sform_code"] > 0:
        found = np.array(header.get_sform(), np.float64)
    elif header["qform_code"] > 0:
        found = np.array(header.get_qform(), np.float64)
    else:
        return None
    found[:3] *= _millimetres(header)
    return found if np.isfinite(found).all() else None
