"""A slice of a NIfTI volume is what nibabel reads, and stands where nibabel says."""

from __future__ import annotations

import gzip
import math
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from nibabel.nifti1 import Nifti1Image
from nibabel.nifti2 import Nifti2Image

from imageid_daemon.pixels import (
    Encoded,
    ImageMetadata,
    PixelsOptions,
    decode,
    describe,
    dicom_json,
    inflate,
    limits,
    transform,
)
from imageid_loaders.base import Plane
from imageid_loaders.errors import NotFound, TooLarge, Undecodable, Unsupported
from pixels.material import decoded, samples

SHAPE = (5, 6, 7, 3)
# Turned about the left-right axis, voxels of 2 × 3 × 4 mm, the first one at (90, -126, -72).
TURN = math.radians(20)
OBLIQUE = np.array(
    [
        [-2, 0, 0, 90],
        [0, 3 * math.cos(TURN), -4 * math.sin(TURN), -126],
        [0, 3 * math.sin(TURN), 4 * math.cos(TURN), -72],
        [0, 0, 0, 1],
    ]
)
PLANES = [Plane("z", 3, 1), Plane("z", 0, 0), Plane("y", 5, 2), Plane("x", 4, 1)]
TYPES = ["u1", "i1", "<u2", ">u2", "<i2", ">i2", "<i4", ">u4", "<i8", ">u8", "<f4", ">f4", ">f8"]


def voxels(dtype: str = "<i2", shape: tuple[int, ...] = SHAPE) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 100, shape).astype(dtype)


def volume(path: Path, array: np.ndarray, kind: Any = Nifti1Image, **fields: Any) -> Path:
    """Write voxels as they are; `fields` of the header are set at the end."""
    header = kind.header_class(endianness=">" if array.dtype.str[0] == ">" else "<")
    header.set_data_shape(array.shape)
    header.set_data_dtype(array.dtype)
    header.set_sform(OBLIQUE, code=1)
    header["vox_offset"] = header.single_vox_offset
    header["magic"] = header.single_magic
    for name, value in fields.items():
        header[name] = value
    data = header.binaryblock + bytes(4) + array.tobytes(order="F")
    path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return path


def what(path: Path, plane: Plane | None = PLANES[0]) -> Encoded:
    return Encoded(str(path), "application/octet-stream", plane=plane)


def expected(path: Path, plane: Plane) -> np.ndarray:
    """By nibabel: the lower of the remaining axes along a row."""
    array = np.asarray(nibabel.load(path).dataobj.get_unscaled())
    array = array[..., plane.time] if array.ndim == 4 else array
    return np.take(array, plane.index, "xyz".index(plane.axis)).T


@pytest.mark.parametrize("plane", PLANES)
@pytest.mark.parametrize("kind", [Nifti1Image, Nifti2Image])
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
@pytest.mark.parametrize("dtype", TYPES)
def test_a_plane_is_what_nibabel_reads(
    dtype: str, suffix: str, kind: Any, plane: Plane, tmp_path: Path
) -> None:
    path = volume(tmp_path / f"v{suffix}", voxels(dtype), kind)

    found, description = decoded(what(path, plane), tmp_path)

    assert np.array_equal(found, expected(path, plane))
    assert found.dtype == np.dtype(dtype).newbyteorder("=")
    assert describe(what(path, plane)).bits_stored == description.metadata.bits_stored


@pytest.mark.parametrize("samples_per_pixel", [3, 4])
def test_colour_voxels_are_delivered_as_samples(samples_per_pixel: int, tmp_path: Path) -> None:
    names = "RGBA"[:samples_per_pixel]
    colour = voxels("u1", (5, 6, 7, samples_per_pixel))
    array = np.ascontiguousarray(colour).view([(name, "u1") for name in names])[..., 0]
    path = volume(tmp_path / "v.nii", array, scl_slope=2)

    found, description = decoded(what(path, Plane("x", 4)), tmp_path)

    assert np.array_equal(found, colour[4].swapaxes(0, 1))
    assert description.metadata.photometric_interpretation == "RGB"
    assert description.metadata.rescale_slope is None


def test_slices_run_on_from_one_volume_in_time_to_the_next(tmp_path: Path) -> None:
    path = volume(tmp_path / "v.nii", voxels())

    found, _ = decoded(what(path, Plane("z", 7 + 2)), tmp_path)

    assert np.array_equal(found, expected(path, Plane("z", 2, 1)))


@pytest.mark.parametrize("shape", [(5,), (5, 6), (5, 6, 7), (5, 6, 7, 1, 1, 1, 1)])
def test_axes_that_are_missing_or_single_have_one_slice(
    shape: tuple[int, ...], tmp_path: Path
) -> None:
    path = volume(tmp_path / "v.nii", voxels(shape=shape))

    found, _ = decoded(what(path, Plane("z", 0)), tmp_path)

    x, y, z = (*shape, 1, 1)[:3]
    assert np.array_equal(found, voxels(shape=shape).reshape((x, y, z))[:, :, 0].T)


@pytest.mark.parametrize(
    ("plane", "message"),
    [
        (Plane("z", 21), "counted from 0 to 20"),
        (Plane("z", 7, 0), "counted from 0 to 6"),
        (Plane("x", 5, 0), "counted from 0 to 4"),
        (Plane("z", 0, 3), "counted from 0 to 2"),
    ],
)
def test_a_slice_beyond_the_last_is_not_found(plane: Plane, message: str, tmp_path: Path) -> None:
    path = volume(tmp_path / "v.nii.gz", voxels())

    for ask in (describe, lambda encoded: decoded(encoded, tmp_path)):
        with pytest.raises(NotFound, match=message):
            ask(what(path, plane))


def modality(path: Path, folder: Path) -> tuple[np.ndarray, ImageMetadata]:
    written = decode(what(path), "default", str(folder / "stored"))
    options = PixelsOptions(values="modality")
    target = folder / "modality"
    moved = transform(str(folder / "stored"), written.description, options, str(target))
    return samples(target, moved.description), moved.description.metadata


@pytest.mark.parametrize(("slope", "intercept"), [(2, 0), (1, 5), (-0.5, 3), (1e-3, 0), (2, -1024)])
def test_scl_slope_applies_whatever_scl_inter_is(
    slope: float, intercept: float, tmp_path: Path
) -> None:
    """Cornerstone ignores a slope beside an intercept of 0 (modalityScaleNifti.ts)."""
    path = volume(tmp_path / "v.nii", voxels(), scl_slope=slope, scl_inter=intercept)

    values, described = modality(path, tmp_path)

    scaled = np.asarray(nibabel.load(path).dataobj)[:, :, 3, 1].T
    assert np.allclose(values, scaled, rtol=1e-6, atol=0)
    assert (described.rescale_slope, described.rescale_intercept) == (
        pytest.approx(slope),
        pytest.approx(intercept),
    )
    assert np.array_equal(decoded(what(path), tmp_path)[0], expected(path, PLANES[0]))


@pytest.mark.parametrize("slope", [0, math.nan, math.inf])
def test_a_slope_that_is_none_scales_nothing(slope: float, tmp_path: Path) -> None:
    path = volume(tmp_path / "v.nii", voxels(), scl_slope=slope, scl_inter=7)

    values, described = modality(path, tmp_path)

    assert described.rescale_slope is described.rescale_intercept is None
    assert np.array_equal(values, expected(path, PLANES[0]))


def test_the_range_to_show_is_the_window(tmp_path: Path) -> None:
    path = volume(tmp_path / "v.nii", voxels(), cal_min=20, cal_max=80)

    described = describe(what(path))

    assert (described.window_center, described.window_width) == ((50,), (60,))
    assert described.voi_lut_function == "LINEAR_EXACT"
    assert describe(what(volume(path, voxels()))).window_center == ()


@pytest.mark.parametrize("plane", PLANES)
def test_every_voxel_stands_where_nibabel_says(plane: Plane, tmp_path: Path) -> None:
    path = volume(tmp_path / "v.nii", voxels())

    described = describe(what(path, plane))

    row, column = 4, 3
    in_plane = {"z": (column, row, 3), "y": (column, 5, row), "x": (4, column, row)}[plane.axis]
    if plane == PLANES[1]:
        in_plane = (column, row, 0)
    right, anterior, superior = (OBLIQUE @ (*in_plane, 1))[:3]
    assert _place(described, row, column) == pytest.approx((-right, -anterior, superior), abs=1e-4)
    sizes = {"x": (4, 3, 2), "y": (4, 2, 3), "z": (3, 2, 4)}[plane.axis]
    assert (*described.pixel_spacing, described.spacing_between_slices) == pytest.approx(sizes)


def _place(described: ImageMetadata, row: int, column: int) -> tuple[float, ...]:
    """PS3.3 C.7.6.2.1.1."""
    position = np.array(described.image_position_patient)
    along, down = np.array(described.image_orientation_patient).reshape(2, 3)
    between_rows, between_columns = described.pixel_spacing
    return tuple(position + along * between_columns * column + down * between_rows * row)


def test_the_quaternion_places_what_has_no_matrix(tmp_path: Path) -> None:
    header = Nifti1Image.header_class()
    header.set_qform(OBLIQUE, code=1)
    names = ("quatern_b", "quatern_c", "quatern_d", "qoffset_x", "qoffset_y", "qoffset_z")
    fields = {name: header[name] for name in (*names, "pixdim", "qform_code")}
    by_matrix = describe(what(volume(tmp_path / "v.nii", voxels())))

    found = describe(what(volume(tmp_path / "v.nii", voxels(), sform_code=0, **fields)))

    for name in ("image_position_patient", "image_orientation_patient", "pixel_spacing"):
        assert getattr(found, name) == pytest.approx(getattr(by_matrix, name), abs=1e-4)


def test_a_file_that_says_no_place_has_only_spacings(tmp_path: Path) -> None:
    path = volume(tmp_path / "v.nii", voxels(), sform_code=0, pixdim=[1, 2, 3, 4, 1, 1, 1, 1])

    found = describe(what(path))

    assert found.pixel_spacing == (3, 2)
    assert found.spacing_between_slices == 4
    assert found.image_position_patient == found.image_orientation_patient == ()


def test_a_sheared_volume_has_no_orientation(tmp_path: Path) -> None:
    path = volume(tmp_path / "v.nii", voxels(), srow_x=[2, 1, 0, 0])

    assert describe(what(path)).image_orientation_patient == ()


@pytest.mark.parametrize(("unit", "spacing"), [(1, 3000), (2, 3), (3, 0.003), (0, 3)])
def test_lengths_are_millimetres(unit: int, spacing: float, tmp_path: Path) -> None:
    path = volume(tmp_path / "v.nii", voxels(), xyzt_units=unit)

    assert describe(what(path)).pixel_spacing[0] == pytest.approx(spacing)


def test_inflating_gives_the_file_as_far_as_its_header_says(tmp_path: Path) -> None:
    plain, path = volume(tmp_path / "v.nii", voxels()), tmp_path / "v.nii.gz"
    path.write_bytes(gzip.compress(plain.read_bytes() + bytes(1000)))

    written = inflate(what(path), str(tmp_path / "inflated"))

    assert (tmp_path / "inflated").read_bytes() == plain.read_bytes()
    assert written.size_bytes == plain.stat().st_size


def test_a_volume_has_no_data_set(tmp_path: Path) -> None:
    assert dicom_json(what(volume(tmp_path / "v.nii", voxels()))) == b"{}"


def test_a_volume_without_a_slice_says_how_to_name_one(tmp_path: Path) -> None:
    path = volume(tmp_path / "v.nii", voxels())

    with pytest.raises(Undecodable, match=r"nifti:…\?frame=0"):
        decoded(what(path, None), tmp_path)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"dim": [3, 32767, 32767, 32767, 1, 1, 1, 1]}, Undecodable),
        ({"dim": [3, 5, -6, 7, 1, 1, 1, 1]}, Undecodable),
        ({"dim": [3, 5, 0, 7, 1, 1, 1, 1]}, Undecodable),
        ({"dim": [-1, 5, 6, 7, 1, 1, 1, 1]}, Undecodable),
        ({"dim": [5, 5, 6, 7, 1, 3, 1, 1]}, Unsupported),
        ({"vox_offset": 1e9}, Undecodable),
        ({"vox_offset": 4}, Undecodable),
        ({"vox_offset": math.nan}, Undecodable),
        ({"vox_offset": -1}, Undecodable),
        ({"datatype": 32}, Unsupported),
        ({"datatype": 1536}, Unsupported),
        ({"datatype": 999}, Undecodable),
        ({"magic": b"ni1"}, Unsupported),
        ({"magic": b"no"}, Undecodable),
    ],
)
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_a_hostile_header_is_refused(
    fields: dict[str, Any], error: type[Exception], suffix: str, tmp_path: Path
) -> None:
    path = volume(tmp_path / f"v{suffix}", voxels(), **fields)

    with pytest.raises((error, TooLarge)):
        decoded(what(path, Plane("z", 0)), tmp_path)


def test_a_file_that_breaks_off_gives_no_slice_at_all(tmp_path: Path) -> None:
    path = volume(tmp_path / "v.nii", voxels())
    path.write_bytes(path.read_bytes()[:-1])

    with pytest.raises(Undecodable, match="ends before the last voxel"):
        decoded(what(path, Plane("z", 0)), tmp_path)


def test_a_bomb_in_gzip_is_refused_before_it_is_inflated(tmp_path: Path) -> None:
    side = math.isqrt(limits.VOLUME_LIMIT_BYTES // 200 // 2) + 1
    path = volume(tmp_path / "v.nii.gz", voxels(), dim=[3, side, side, 200, 1, 1, 1, 1])

    encoded = what(path, Plane("z", 0))

    with pytest.raises(TooLarge, match="more than the limit"):
        decoded(encoded, tmp_path)
    with pytest.raises(TooLarge, match="more than the limit"):
        inflate(encoded, str(tmp_path / "inflated"))
    assert (tmp_path / "inflated").stat().st_size == 0


@pytest.mark.parametrize("cut", [30, 300, 3000])
def test_a_volume_in_gzip_that_breaks_off_is_refused(cut: int, tmp_path: Path) -> None:
    path = volume(tmp_path / "v.nii.gz", np.random.default_rng(0).random((20, 20, 20)))
    path.write_bytes(path.read_bytes()[:-cut])

    with pytest.raises(Undecodable):
        inflate(what(path), str(tmp_path / "inflated"))


def test_a_volume_in_gzip_whose_checksum_is_wrong_is_refused(tmp_path: Path) -> None:
    path = volume(tmp_path / "v.nii.gz", voxels())
    data = bytearray(path.read_bytes())
    data[-8] ^= 1
    path.write_bytes(data)

    with pytest.raises(Undecodable):
        inflate(what(path), str(tmp_path / "inflated"))


def test_a_picture_is_no_volume(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(600))

    with pytest.raises(Undecodable, match="no NIfTI"):
        decoded(what(path), tmp_path)
