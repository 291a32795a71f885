"""JPEG, PNG and their like come out upright, with every bit, page by page."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import msgspec
import numpy as np
import pytest
from PIL import Image

from imageid_daemon.pixels import Encoded, RenderedOptions, decode, describe, dicom_json, render
from imageid_loaders.errors import NotFound, TooLarge, Undecodable
from pixels.material import decoded, encoded
from pixels.rendered import picture

GREY = np.arange(48, dtype=np.uint8).reshape(6, 8)
COLOUR = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)


def read(path: Path, mode: str) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert(mode))


def what(path: Path, frame: int | None = None, media_type: str = "image/png") -> Encoded:
    return Encoded(str(path), media_type, frame=frame)


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "jp2"])
def test_lossless_grey_comes_back(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(GREY).save(path)

    found, description = decoded(what(path), tmp_path)

    assert np.array_equal(found, read(path, "L"))
    assert np.array_equal(found, GREY)
    assert description.metadata.photometric_interpretation == "MONOCHROME2"
    assert description.metadata.number_of_frames is None


@pytest.mark.parametrize("suffix", ["png", "gif", "bmp", "tiff", "jpg", "webp", "jp2"])
def test_colour_equals_what_pillow_reads(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(COLOUR).save(path)

    found, description = decoded(what(path), tmp_path)

    assert np.array_equal(found, read(path, "RGB"))
    assert description.metadata.photometric_interpretation == "RGB"


@pytest.mark.parametrize("shape", [(6, 8), (6, 8, 3), (6, 8, 4)])
def test_sixteen_bits_of_a_png_are_kept(shape: tuple[int, ...], tmp_path: Path) -> None:
    array = np.random.default_rng(0).integers(0, 65536, shape, np.uint16)
    path = tmp_path / "a.png"
    path.write_bytes(imagecodecs.png_encode(array))

    found, description = decoded(what(path), tmp_path)

    assert np.array_equal(found, array)
    without_range = msgspec.structs.replace(
        description.metadata, min_pixel_value=None, max_pixel_value=None
    )
    assert without_range == describe(what(path))


@pytest.mark.parametrize(
    ("mode", "shape", "dtype"),
    [
        ("1", (6, 8), "uint8"),
        ("P", (6, 8, 3), "uint8"),
        ("LA", (6, 8, 4), "uint8"),
        ("RGBA", (6, 8, 4), "uint8"),
        ("CMYK", (6, 8, 3), "uint8"),
        ("I", (6, 8), "int32"),
        ("F", (6, 8), "float32"),
    ],
)
def test_each_kind_of_sample_has_its_form(
    mode: str, shape: tuple[int, ...], dtype: str, tmp_path: Path
) -> None:
    path = tmp_path / ("a.png" if mode in ("1", "P", "LA", "RGBA") else "a.tiff")
    Image.fromarray(COLOUR).convert("RGB" if mode == "CMYK" else "L").convert(mode).save(path)

    found, description = decoded(what(path), tmp_path)

    assert (found.shape, found.dtype) == (shape, dtype)
    assert describe(what(path)).samples_per_pixel == description.metadata.samples_per_pixel


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int, tmp_path: Path) -> None:
    upright = Image.fromarray(
        np.kron(np.array([[0, 255], [128, 64]], np.uint8), np.ones((16, 32), np.uint8))
    )
    undo = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # Image.Transpose
    turned = upright if orientation == 1 else upright.transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "a.jpg"
    turned.save(path, exif=exif, quality=100)

    found, description = decoded(what(path), tmp_path)

    assert np.abs(found.astype(int) - np.asarray(upright)).max() < 8
    assert (description.metadata.rows, description.metadata.columns) == (32, 64)
    assert (describe(what(path)).rows, describe(what(path)).columns) == (32, 64)


def test_pages_are_frames(tmp_path: Path) -> None:
    path = tmp_path / "a.tiff"
    pages = [Image.fromarray(np.full((2, 2), level, np.uint8)) for level in (1, 2, 3)]
    pages[0].save(path, save_all=True, append_images=pages[1:])

    found = [int(decoded(what(path, frame), tmp_path)[0][0, 0]) for frame in (None, 1, 2, 3)]

    assert found == [1, 1, 2, 3]
    assert describe(what(path, 2)).number_of_frames == 3
    with pytest.raises(NotFound, match="no frame 4: the image has 3 frames"):
        decoded(what(path, 4), tmp_path)


def test_the_bytes_tell_what_they_are_not_the_media_type(tmp_path: Path) -> None:
    path = tmp_path / "a"
    Image.fromarray(GREY).save(path, "JPEG")

    for media_type in ("image/png", "application/dicom", "application/octet-stream"):
        found, _ = decoded(what(path, media_type=media_type), tmp_path)
        assert found.shape == GREY.shape


def test_a_picture_is_rendered(tmp_path: Path) -> None:
    path, pixels, target = tmp_path / "a.png", tmp_path / "pixels", tmp_path / "picture"
    Image.fromarray(COLOUR).convert("RGBA").save(path)

    written = decode(what(path), "default", str(pixels))
    for form in ("png", "jpeg"):
        render(str(pixels), written.description, RenderedOptions(format=form), str(target))
        with Image.open(target) as image:
            assert image.mode == {"png": "RGBA", "jpeg": "RGB"}[form]


def test_a_picture_has_no_data_set(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(GREY).save(path)

    assert dicom_json(what(path)) == b"{}"


def test_a_picture_that_breaks_off_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.fromarray(np.kron(COLOUR, np.ones((20, 20, 1), np.uint8))).save(path)
    path.write_bytes(path.read_bytes()[:-500])

    with pytest.raises(Undecodable, match="its bytes are broken"):
        decoded(what(path), tmp_path)


def test_something_that_only_begins_like_a_picture_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.bmp"
    path.write_bytes(b"BM" + b"\0" * 200)

    with pytest.raises(Undecodable):
        decoded(what(path), tmp_path)


def test_a_picture_beyond_the_limit_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.bmp"
    Image.fromarray(COLOUR).save(path)
    head = bytearray(path.read_bytes())
    head[18:26] = (15000).to_bytes(4, "little") * 2
    path.write_bytes(head)

    with pytest.raises(TooLarge):
        decoded(what(path), tmp_path)


def test_a_dicom_file_is_dicom_even_when_it_is_called_a_picture(tmp_path: Path) -> None:
    found, _ = decoded(Encoded(encoded("CT_small.dcm").path, "image/png"), tmp_path)

    assert found.shape == (128, 128)


@pytest.mark.parametrize("suffix", ["png", "bmp", "tiff", "jp2"])
def test_a_grey_picture_of_8_bits_is_rendered_as_it_is(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"a.{suffix}"
    Image.fromarray(GREY).save(path)

    found, _ = picture(path, tmp_path)

    assert np.array_equal(found, GREY)


@pytest.mark.parametrize("options", [{"window": (24, 48)}, {"percentiles": (0, 100)}])
def test_a_grey_picture_is_windowed_where_that_is_asked_for(
    options: dict[str, tuple[float, float]], tmp_path: Path
) -> None:
    path = tmp_path / "a.png"
    Image.fromarray(GREY).save(path)

    found, _ = picture(path, tmp_path, **options)

    assert (found.min(), found.max()) == (0, 255)


def test_a_grey_picture_of_16_bits_is_rendered_by_its_range(tmp_path: Path) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(imagecodecs.png_encode(GREY.astype(np.uint16) * 80))

    found, _ = picture(path, tmp_path)

    assert (found.min(), found.max()) == (0, 255)


def test_a_grey_picture_of_negative_numbers_too_is_rendered_by_its_range(tmp_path: Path) -> None:
    path = tmp_path / "a.tiff"
    path.write_bytes(imagecodecs.tiff_encode(GREY.astype(np.int8) - np.int8(40)))

    found, _ = picture(path, tmp_path)

    assert (found.min(), found.max()) == (0, 255)
