"""Each form of each picture format, made here, comes back exactly as another reader has it."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms, ImageOps

from imageid_daemon.pixels import Encoded, RenderedOptions, decode, describe, render
from imageid_daemon.pixels.jpeg_xl_header import read_image_header
from imageid_loaders.errors import NotFound, TooLarge, Undecodable, Unsupported
from pixels.material import decoded

_RANDOM = np.random.default_rng(0)
GREY_8 = _RANDOM.integers(0, 256, (40, 56), np.uint8)
GREY_16 = _RANDOM.integers(0, 65536, (40, 56), np.uint16)
SIGNED_16 = _RANDOM.integers(-32768, 32768, (40, 56), np.int16)
OPACITY_16 = _RANDOM.integers(0, 65536, (40, 56, 2), np.uint16)
COLOR_8 = _RANDOM.integers(0, 256, (40, 56, 3), np.uint8)
COLOR_16 = _RANDOM.integers(0, 65536, (40, 56, 3), np.uint16)
RGBA_8 = _RANDOM.integers(0, 256, (40, 56, 4), np.uint8)
RGBA_16 = _RANDOM.integers(0, 65536, (40, 56, 4), np.uint16)
FLOAT = _RANDOM.random((40, 56), np.float32)
SMOOTH = np.add.outer(np.arange(40), np.arange(56)).astype(np.uint8)
PALETTE_8 = _RANDOM.integers(0, 256, (3, 256), np.uint16) * 257
PALETTE_16 = _RANDOM.integers(0, 65536, (3, 256), np.uint16)


def file(path: Path, data: bytes | bytearray, frame: int | None = None) -> Encoded:
    path.write_bytes(data)
    return Encoded(str(path), "application/octet-stream", frame=frame)


def read(data: bytes, folder: Path, frame: int | None = None) -> np.ndarray:
    """What is delivered; what is described must be the same."""
    encoded = file(folder / "picture", data, frame)
    found, description = decoded(encoded, folder)
    described = describe(encoded)
    assert (described.rows, described.columns) == found.shape[:2]
    assert described.samples_per_pixel == (found.shape[2] if found.ndim == 3 else 1)
    assert described.bits_allocated == found.dtype.itemsize * 8
    for name in ("bits_stored", "photometric_interpretation", "number_of_frames", "frame_number"):
        assert getattr(described, name) == getattr(description.metadata, name)
    return found


def tiff(array: np.ndarray, **options: Any) -> bytes:
    target = BytesIO()
    tifffile.imwrite(target, np.ascontiguousarray(array), **options)
    return target.getvalue()


def saved(image: Image.Image | np.ndarray, kind: str, **options: Any) -> bytes:
    target = BytesIO()
    picture = Image.fromarray(image) if isinstance(image, np.ndarray) else image
    picture.save(target, kind, **options)
    return target.getvalue()


def by_pillow(data: bytes, mode: str = "RGB", frame: int = 1) -> np.ndarray:
    with Image.open(BytesIO(data)) as image:
        image.seek(frame - 1)
        return np.asarray(image.convert(mode))


def as_rgba(grey_and_opacity: np.ndarray) -> np.ndarray:
    return grey_and_opacity[..., [0, 0, 0, 1]]


def jpeg_2000(array: np.ndarray, form: str = "JP2") -> bytes:
    return imagecodecs.jpeg2k_encode(
        np.ascontiguousarray(array), codecformat=form, level=0, reversible=True
    )


def jpeg_xl(array: np.ndarray, container: bool = False) -> bytes:
    return imagecodecs.jpegxl_encode(
        np.ascontiguousarray(array), lossless=True, usecontainer=container
    )


RGB = {"photometric": "rgb"}
ALPHA = {"photometric": "rgb", "extrasamples": ["unassalpha"]}
EXACT: dict[str, tuple[Callable[[], bytes], np.ndarray]] = {
    "PNG grey 8": (lambda: imagecodecs.png_encode(GREY_8), GREY_8),
    "PNG grey 16": (lambda: imagecodecs.png_encode(GREY_16), GREY_16),
    "PNG grey 16 with opacity": (lambda: imagecodecs.png_encode(OPACITY_16), as_rgba(OPACITY_16)),
    "PNG RGB 16": (lambda: imagecodecs.png_encode(COLOR_16), COLOR_16),
    "PNG RGBA 8": (lambda: imagecodecs.png_encode(RGBA_8), RGBA_8),
    "PNG RGBA 16": (lambda: imagecodecs.png_encode(RGBA_16), RGBA_16),
    "BMP": (lambda: saved(COLOR_8, "BMP"), COLOR_8),
    "WebP lossless": (lambda: saved(COLOR_8, "WEBP", lossless=True), COLOR_8),
    "WebP with opacity": (lambda: saved(RGBA_8, "WEBP", lossless=True, exact=True), RGBA_8),
    "JPEG lossless": (lambda: imagecodecs.ljpeg_encode(GREY_16), GREY_16),
    "JPEG-LS": (lambda: imagecodecs.jpegls_encode(GREY_16), GREY_16),
    "JPEG 2000 grey 8": (lambda: jpeg_2000(GREY_8), GREY_8),
    "JPEG 2000 grey 16": (lambda: jpeg_2000(GREY_16), GREY_16),
    "JPEG 2000 signed": (lambda: jpeg_2000(SIGNED_16), SIGNED_16),
    "JPEG 2000 RGB 8": (lambda: jpeg_2000(COLOR_8), COLOR_8),
    "JPEG 2000 RGB 16": (lambda: jpeg_2000(COLOR_16), COLOR_16),
    "JPEG 2000 RGBA 16": (lambda: jpeg_2000(RGBA_16), RGBA_16),
    "JPEG 2000 grey with opacity": (lambda: jpeg_2000(OPACITY_16), as_rgba(OPACITY_16)),
    "JPEG 2000 codestream": (lambda: jpeg_2000(COLOR_16, "J2K"), COLOR_16),
    "HTJ2K codestream": (lambda: imagecodecs.htj2k_encode(GREY_16), GREY_16),
    "JPEG XL grey 8": (lambda: jpeg_xl(GREY_8), GREY_8),
    "JPEG XL grey 16": (lambda: jpeg_xl(GREY_16), GREY_16),
    "JPEG XL RGB 8": (lambda: jpeg_xl(COLOR_8), COLOR_8),
    "JPEG XL RGB 16": (lambda: jpeg_xl(COLOR_16), COLOR_16),
    "JPEG XL RGBA 16": (lambda: jpeg_xl(RGBA_16), RGBA_16),
    "JPEG XL grey with opacity": (lambda: jpeg_xl(OPACITY_16), as_rgba(OPACITY_16)),
    "JPEG XL float": (lambda: jpeg_xl(FLOAT), FLOAT),
    "JPEG XL container": (lambda: jpeg_xl(COLOR_8, container=True), COLOR_8),
    "TIFF big endian": (lambda: tiff(COLOR_16, byteorder=">", **RGB), COLOR_16),
    "BigTIFF": (lambda: tiff(COLOR_16, bigtiff=True, **RGB), COLOR_16),
    "TIFF tiled": (lambda: tiff(COLOR_16, tile=(16, 16), **RGB), COLOR_16),
    "TIFF in strips": (lambda: tiff(COLOR_16, rowsperstrip=7, **RGB), COLOR_16),
    "TIFF planar": (
        lambda: tiff(np.moveaxis(COLOR_16, -1, 0), planarconfig="separate", **RGB),
        COLOR_16,
    ),
    "TIFF RGBA 16": (lambda: tiff(RGBA_16, **ALPHA), RGBA_16),
    "TIFF grey with opacity": (
        lambda: tiff(
            OPACITY_16,
            photometric="minisblack",
            planarconfig="contig",
            extrasamples=["unassalpha"],
        ),
        as_rgba(OPACITY_16),
    ),
    "TIFF float predictor": (
        lambda: tiff(FLOAT, compression="zlib", predictor=3),
        FLOAT,
    ),
    "TIFF half float": (
        lambda: tiff(FLOAT.astype(np.float16)),
        FLOAT.astype(np.float16).astype(np.float32),
    ),
    "TIFF palette 8": (
        lambda: tiff(GREY_8, photometric="palette", colormap=PALETTE_8),
        (PALETTE_8 >> 8).astype(np.uint8).T[GREY_8],
    ),
    "TIFF palette 16": (
        lambda: tiff(GREY_8, photometric="palette", colormap=PALETTE_16),
        PALETTE_16.T[GREY_8],
    ),
    **{
        f"TIFF {compression}": (
            lambda compression=compression: tiff(COLOR_16, compression=compression, **RGB),
            COLOR_16,
        )
        for compression in ("lzw", "zlib", "zstd", "packbits", "lzma", "jpeg2000", "jpegxl")
    },
    **{
        f"TIFF {dtype}": (
            lambda dtype=dtype: tiff((FLOAT * 100).astype(dtype)),
            (FLOAT * 100).astype(dtype),
        )
        for dtype in ("u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f4", "f8")
    },
}


@pytest.mark.parametrize("form", EXACT)
def test_a_lossless_form_comes_back_bit_by_bit(form: str, tmp_path: Path) -> None:
    encode, expected = EXACT[form]

    found = read(encode(), tmp_path)

    assert found.dtype == expected.dtype
    assert np.array_equal(found, expected)


LIKE_PILLOW: dict[str, tuple[Callable[[], bytes], str]] = {
    "PNG 1 bit": (lambda: saved(Image.fromarray(GREY_8).convert("1"), "PNG"), "L"),
    **{
        f"PNG palette of {bits} bits": (
            lambda bits=bits: saved(Image.fromarray(GREY_8 >> (8 - bits)).convert("P"), "PNG"),
            "RGB",
        )
        for bits in (1, 2, 4, 8)
    },
    "PNG palette with opacity": (
        lambda: saved(Image.fromarray(GREY_8).convert("P"), "PNG", transparency=3),
        "RGBA",
    ),
    "PNG grey with a clear grey": (lambda: saved(GREY_8, "PNG", transparency=3), "RGBA"),
    "PNG RGB with a clear colour": (
        lambda: saved(COLOR_8, "PNG", transparency=tuple(COLOR_8[3, 4].tolist())),
        "RGBA",
    ),
    "BMP 1 bit": (lambda: saved(Image.fromarray(GREY_8).convert("1"), "BMP"), "L"),
    "BMP palette": (lambda: saved(Image.fromarray(COLOR_8).convert("P"), "BMP"), "RGB"),
    "GIF": (lambda: saved(COLOR_8, "GIF"), "RGB"),
    "JPEG grey": (lambda: saved(GREY_8, "JPEG"), "L"),
    "JPEG": (lambda: saved(COLOR_8, "JPEG"), "RGB"),
    "JPEG without subsampling": (lambda: saved(COLOR_8, "JPEG", subsampling=0), "RGB"),
    "JPEG progressive": (lambda: saved(COLOR_8, "JPEG", progressive=True), "RGB"),
    "JPEG CMYK of Adobe": (lambda: saved(Image.fromarray(COLOR_8).convert("CMYK"), "JPEG"), "RGB"),
    "JPEG YCCK of Adobe": (
        lambda: imagecodecs.jpeg8_encode(RGBA_8, colorspace="CMYK", outcolorspace="YCCK"),
        "RGB",
    ),
    "WebP": (lambda: saved(COLOR_8, "WEBP"), "RGB"),
    "JPEG 2000 irreversible": (lambda: saved(COLOR_8, "JPEG2000", irreversible=True), "RGB"),
    "TIFF 1 bit": (lambda: saved(Image.fromarray(GREY_8).convert("1"), "TIFF"), "L"),
    "TIFF fax": (
        lambda: saved(Image.fromarray(GREY_8).convert("1"), "TIFF", compression="group4"),
        "L",
    ),
    "TIFF CMYK": (lambda: saved(Image.fromarray(COLOR_8).convert("CMYK"), "TIFF"), "RGB"),
    "TIFF YCbCr": (lambda: saved(Image.fromarray(COLOR_8).convert("YCbCr"), "TIFF"), "RGB"),
    "TIFF JPEG": (lambda: saved(COLOR_8, "TIFF", compression="jpeg"), "RGB"),
}


@pytest.mark.parametrize("form", LIKE_PILLOW)
def test_another_form_comes_out_as_pillow_reads_it(form: str, tmp_path: Path) -> None:
    encode, mode = LIKE_PILLOW[form]
    data = encode()

    found = read(data, tmp_path)

    assert found.dtype == np.uint8
    assert np.array_equal(found, by_pillow(data, mode))


def test_a_jpeg_of_12_bits_keeps_them(tmp_path: Path) -> None:
    deep = SMOOTH.astype(np.uint16) * 40

    found = read(imagecodecs.jpeg8_encode(deep, bitspersample=12, level=100), tmp_path)

    assert describe(Encoded(str(tmp_path / "picture"), "")).bits_stored == 12
    assert np.abs(found.astype(int) - deep).max() <= 2


def test_cmyk_that_is_not_adobes_is_not_inverted(tmp_path: Path) -> None:
    inks = np.dstack([SMOOTH, SMOOTH // 2, SMOOTH // 3, SMOOTH // 4])
    adobes = saved(Image.fromarray(inks, "CMYK"), "JPEG", quality=100)
    start = adobes.index(b"\xff\xee")
    plain = adobes[:start] + adobes[start + 16 :]

    found = read(plain, tmp_path)

    # Without the marker, what Pillow has written means the opposite amounts of ink.
    opposite = np.asarray(Image.fromarray(255 - inks, "CMYK").convert("RGB"))
    assert np.abs(found.astype(int) - opposite).max() < 12


def test_white_is_zero_where_a_tiff_says_so(tmp_path: Path) -> None:
    encoded = file(tmp_path / "a.tiff", tiff(GREY_8, photometric="miniswhite"))

    found, description = decoded(encoded, tmp_path)
    render(str(tmp_path / "pixels"), description, RenderedOptions(), str(tmp_path / "shown"))

    assert np.array_equal(found, GREY_8)
    assert description.metadata.photometric_interpretation == "MONOCHROME1"
    shown = by_pillow((tmp_path / "shown").read_bytes(), "L").astype(int)
    assert shown[GREY_8.min() == GREY_8].min() > shown[GREY_8.max() == GREY_8].max()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_the_orientation_is_applied(kind: str, orientation: int, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(COLOR_8, kind, exif=exif)

    found = read(data, tmp_path)

    with Image.open(BytesIO(data)) as image:
        assert np.array_equal(found, np.asarray(ImageOps.exif_transpose(image)))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_the_profile_of_the_colours_is_handed_over(kind: str, tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = saved(COLOR_8, kind, icc_profile=profile)

    assert describe(file(tmp_path / "picture", data)).icc_profile == profile
    assert describe(file(tmp_path / "picture", saved(COLOR_8, kind))).icc_profile is None


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_the_profile_of_inks_is_not_taken_for_one_of_colours(kind: str, tmp_path: Path) -> None:
    data = saved(Image.fromarray(COLOR_8).convert("CMYK"), kind, icc_profile=b"of inks")

    assert describe(file(tmp_path / "picture", data)).icc_profile is None


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_orientation_of_a_ycbcr_tiff_is_applied_once(orientation: int, tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = saved(Image.fromarray(COLOR_8).convert("YCbCr"), "TIFF", exif=exif)

    assert np.array_equal(read(data, tmp_path), by_pillow(data))


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP"])
def test_frames_of_an_animation_are_composed(kind: str, tmp_path: Path) -> None:
    first = np.kron(GREY_8[:4, :4], np.ones((8, 8), np.uint8))
    second = first.copy()
    second[8:16, 8:16] = 255 - second[8:16, 8:16]
    images = [Image.fromarray(each).convert("RGB") for each in (first, second, first)]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = saved(images[0], kind, save_all=True, append_images=images[1:], **options)

    found = [read(data, tmp_path, frame) for frame in (1, 2, 3)]

    expected = [np.asarray(image) for image in images]
    assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))
    with pytest.raises(NotFound, match="the image has 3 frames, counted from 1"):
        read(data, tmp_path, 4)


def test_pages_of_a_tiff_differ_as_they_like(tmp_path: Path) -> None:
    target = BytesIO()
    with tifffile.TiffWriter(target) as writer:
        for page in (GREY_8, COLOR_16, FLOAT):
            writer.write(page, photometric="rgb" if page.ndim == 3 else "minisblack")

    found = [read(target.getvalue(), tmp_path, frame) for frame in (1, 2, 3)]

    assert [each.dtype.name for each in found] == ["uint8", "uint16", "float32"]
    assert all(np.array_equal(a, b) for a, b in zip(found, (GREY_8, COLOR_16, FLOAT), strict=True))


@pytest.mark.parametrize("dtype", ["float32", "uint16"])
def test_deep_colour_is_shown_from_black_to_white(dtype: str, tmp_path: Path) -> None:
    white = 1 if dtype == "float32" else 65535
    levels = np.array([[[0, 0.25, 1], [0.75, 2, -1]]])
    stored = levels if white == 1 else levels.clip(0, 1) * white
    encoded = file(tmp_path / "a.tiff", tiff(stored.astype(dtype), **RGB))

    written = decode(encoded, "default", str(tmp_path / "pixels"))
    render(str(tmp_path / "pixels"), written.description, RenderedOptions(), str(tmp_path / "a"))

    shown = by_pillow((tmp_path / "a").read_bytes()).tolist()
    assert shown == [[[0, 64, 255], [191, 255, 0]]]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (lambda: tiff(RGBA_8[..., [0, 1, 2, 3, 0]], planarconfig="contig", **RGB), "5 samples"),
        (lambda: tiff(FLOAT.astype(np.complex64)), "complex64"),
        (lambda: saved(Image.fromarray(COLOR_8).convert("LAB"), "TIFF"), "colour space"),
        (lambda: tiff(RGBA_16, photometric="separated"), "inks"),
        (lambda: imagecodecs.jpegxl_encode(np.stack([COLOR_8] * 2)), "animation"),
        (lambda: imagecodecs.apng_encode(np.stack([COLOR_16] * 2)), "16 bits"),
    ],
)  # fmt: skip
def test_what_would_come_out_wrong_is_refused(
    data: Callable[[], bytes], why: str, tmp_path: Path
) -> None:
    for ask in (describe, lambda encoded: decoded(encoded, tmp_path)):
        with pytest.raises(Unsupported, match=why):
            ask(file(tmp_path / "picture", data()))


def looped_tiff() -> bytes:
    data = bytearray(tiff(GREY_8))
    directory = int.from_bytes(data[4:8], "little")
    end = directory + 2 + 12 * int.from_bytes(data[directory : directory + 2], "little")
    data[end : end + 4] = directory.to_bytes(4, "little")
    return bytes(data)


def tiff_with(tag: int, value: int) -> bytes:
    """Five strips of 8 rows, and one tag that says something else."""
    data = bytearray(tiff(GREY_8, rowsperstrip=8))
    directory = int.from_bytes(data[4:8], "little")
    for at in range(directory + 2, len(data) - 12, 12):
        if int.from_bytes(data[at : at + 2], "little") == tag:
            data[at + 2 : at + 12] = b"\4\0\1\0\0\0" + value.to_bytes(4, "little")
            return bytes(data)
    raise AssertionError(f"no tag {tag}")


def huge_jpeg_xl() -> bytes:
    """SizeHeader (18181-1 annex D.2): not small, 30 bits of height, ratio 1:1."""
    size = 0 | 3 << 1 | (2**29) << 3 | 1 << 33
    return b"\xff\x0a" + (size | 1 << 36).to_bytes(8, "little") + bytes(100)


def huge_png() -> bytes:
    data = bytearray(imagecodecs.png_encode(GREY_8))
    data[16:24] = (30_000).to_bytes(4, "big") * 2
    return bytes(data)


def huge_jpeg_2000() -> bytes:
    data = bytearray(jpeg_2000(GREY_16, "J2K"))
    data[8:16] = (60_000).to_bytes(4, "big") * 2
    return bytes(data)


def tiff_with_strip(compression: str, strip: bytes) -> bytes:
    """A small page whose only strip is something else."""
    data = bytearray(tiff(GREY_8, compression=compression))
    directory = int.from_bytes(data[4:8], "little")
    values = {273: len(data), 279: len(strip)}  # StripOffsets, StripByteCounts
    entries = int.from_bytes(data[directory : directory + 2], "little")
    for at in range(directory + 2, directory + 2 + 12 * entries, 12):
        value = values.get(int.from_bytes(data[at : at + 2], "little"))
        if value is not None:
            data[at + 2 : at + 12] = b"\4\0\1\0\0\0" + value.to_bytes(4, "little")
    return bytes(data) + strip


def far_strip() -> bytes:
    """BigTIFF, whose offsets have 64 bits."""
    data = bytearray(tiff(GREY_8, bigtiff=True))
    directory = int.from_bytes(data[8:16], "little")
    entries = int.from_bytes(data[directory : directory + 8], "little")
    for at in range(directory + 8, directory + 8 + 20 * entries, 20):
        if int.from_bytes(data[at : at + 2], "little") == 273:  # StripOffsets
            data[at + 2 : at + 20] = b"\x10\0" + (1).to_bytes(8, "little") + b"\0" * 7 + b"\x70"
    return bytes(data)


LARGE = np.zeros((2000, 2000), np.uint8)
BOMBS: dict[str, Callable[[], bytes]] = {
    "jpeg": lambda: imagecodecs.jpeg8_encode(LARGE),
    "jpeg2000": lambda: jpeg_2000(LARGE),
    "jpegxl": lambda: jpeg_xl(LARGE),
    "png": lambda: imagecodecs.png_encode(LARGE),
}


@pytest.mark.parametrize("compression", BOMBS)
def test_a_codestream_larger_than_its_strip_is_refused_before_it_is_decoded(
    compression: str, tmp_path: Path
) -> None:
    data = tiff_with_strip(compression, BOMBS[compression]())

    with pytest.raises(Undecodable, match="larger than its page says"):
        describe(file(tmp_path / "picture", data))


@pytest.mark.parametrize("compression", ["zlib", "zstd"])
def test_a_strip_that_inflates_to_more_than_its_page_is_refused(
    compression: str, tmp_path: Path
) -> None:
    encode = {"zlib": imagecodecs.zlib_encode, "zstd": imagecodecs.zstd_encode}[compression]
    data = tiff_with_strip(compression, encode(LARGE.tobytes()))

    with pytest.raises(Undecodable):
        decoded(file(tmp_path / "picture", data), tmp_path)


def twelve_bits() -> bytes:
    return imagecodecs.jpeg8_encode(SMOOTH.astype(np.uint16) * 40, bitspersample=12)


HOSTILE: dict[str, Callable[[], bytes]] = {
    "JPEG that breaks off": lambda: saved(COLOR_8, "JPEG")[:-300],
    "JPEG of 12 bits that breaks off": lambda: twelve_bits()[:-100],
    "lossless JPEG that breaks off": lambda: imagecodecs.ljpeg_encode(GREY_16)[:-300],
    "JPEG-LS that breaks off": lambda: imagecodecs.jpegls_encode(GREY_16)[:-300],
    "JPEG in a TIFF that breaks off": lambda: tiff_with_strip(
        "jpeg", imagecodecs.jpeg8_encode(GREY_8)[:-300]
    ),
    "TIFF that lacks strips": lambda: tiff_with(257, 90),
    "TIFF whose directories form a circle": looped_tiff,
    "TIFF of a huge width": lambda: tiff_with(256, 65_000_000),
    "TIFF of a huge length": lambda: tiff_with(257, 65_000_000),
    "TIFF that breaks off": lambda: tiff(GREY_8)[:-500],
    "TIFF with a page beyond all files": lambda: b"II+\0\x08\0\0\0" + b"\0" * 7 + b"\x70",
    "TIFF with a strip beyond all files": far_strip,
    "TIFF without a directory": lambda: b"II*\0" + bytes(100),
    "JPEG XL that breaks off": lambda: jpeg_xl(COLOR_8)[:60],
    "JPEG XL without a codestream": lambda: b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(40),
    "PNG of a huge size": huge_png,
    "PNG that breaks off": lambda: imagecodecs.png_encode(COLOR_8)[:-900],
    "PNG with a bomb of text": lambda: _with_text(imagecodecs.png_encode(GREY_8)),
    "JPEG 2000 of a huge size": huge_jpeg_2000,
    "JPEG 2000 that breaks off": lambda: jpeg_2000(GREY_16)[:90],
    "GIF without a frame": lambda: b"GIF89a" + bytes(20),
    "WebP without a picture": lambda: b"RIFF\x20\0\0\0WEBPVP8 " + bytes(20),
}


def _with_text(png: bytes) -> bytes:
    import zlib

    body = b"zTXta\0\0" + zlib.compress(bytes(80_000_000), 9)
    chunk = (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    return png[:33] + chunk + png[33:]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_picture_is_refused(name: str, tmp_path: Path) -> None:
    encoded = file(tmp_path / "picture", HOSTILE[name]())

    with pytest.raises((Undecodable, TooLarge)):
        decoded(encoded, tmp_path)


def test_a_huge_jpeg_xl_is_refused_by_its_header(tmp_path: Path) -> None:
    with pytest.raises(TooLarge, match="more than the limit"):
        decoded(file(tmp_path / "picture", huge_jpeg_xl()), tmp_path)


def test_a_frame_behind_too_many_others_is_refused(tmp_path: Path) -> None:
    images = [Image.fromarray(np.roll(GREY_8, shift)) for shift in range(30)]
    data = bytearray(saved(images[0], "GIF", save_all=True, append_images=images[1:]))
    data[6:10] = (13_000).to_bytes(2, "little") * 2  # of the screen that all are drawn on

    with pytest.raises(TooLarge, match="too many frames"):
        describe(file(tmp_path / "picture", data, 30))
    assert describe(file(tmp_path / "picture", data, 1)).rows == 13_000


@pytest.mark.parametrize(
    "size", [(1, 1), (8, 16), (256, 256), (256, 8), (7, 300), (1000, 3), (3, 9000), (90, 160)]
)
def test_the_size_of_a_jpeg_xl_is_read_before_it_is_decoded(size: tuple[int, int]) -> None:
    for container in (False, True):
        header = read_image_header(jpeg_xl(np.zeros(size, np.uint8), container))
        assert (header.rows, header.columns, header.animated) == (*size, False)


@pytest.mark.parametrize("bits", [8, 9, 10, 12, 14, 16])
def test_the_depth_of_a_jpeg_xl_is_that_of_its_samples(bits: int, tmp_path: Path) -> None:
    deep = GREY_16 >> (16 - bits) if bits > 8 else GREY_8
    data = imagecodecs.jpegxl_encode(deep, lossless=True, bitspersample=bits)

    assert np.array_equal(read(data, tmp_path), deep)
    assert describe(Encoded(str(tmp_path / "picture"), "")).bits_stored == bits


@pytest.mark.parametrize("name", [name for name in EXACT if name.startswith("JPEG XL")])
def test_a_jpeg_xl_is_described_by_its_header_alone(name: str, tmp_path: Path) -> None:
    data = EXACT[name][0]()

    whole = describe(file(tmp_path / "whole", data))
    beginning = describe(file(tmp_path / "beginning", data[: min(100, len(data) // 2)]))

    assert beginning == whole
    assert whole.samples_per_pixel == (1 if EXACT[name][1].ndim == 2 else EXACT[name][1].shape[2])


def test_a_jpeg_xl_is_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[274] = 6  # Orientation: the first row is shown at the right
    jpeg = saved(GREY_8[:24, :40], "JPEG", exif=exif)
    data = imagecodecs.jpegxl_encode_jpeg(jpeg)

    upright = read(data, tmp_path)

    described = describe(file(tmp_path / "picture", data))
    stored = np.asarray(Image.open(BytesIO(jpeg)), np.int16)
    assert (described.rows, described.columns) == upright.shape == (40, 24)
    # The two decoders differ in how they smooth noise.
    assert np.abs(upright - np.rot90(stored, -1)).max() < 10


def test_the_fields_of_a_moving_jpeg_xl_are_read_up_to_that_it_moves() -> None:
    # SizeHeader: small, 8 rows, 16 columns. Then metadata: not by default, extra fields,
    # orientation 6, no intrinsic size, a preview of 16 x 16, and an animation.
    preview = (1, 1), (0, 2), (1, 3)
    bits = (1, 1), (0, 5), (0, 3), (1, 5), (0, 1), (1, 1), (5, 3), (0, 1), (1, 1), *preview, (1, 1)
    number, at = 0, 0
    for value, width in bits:
        number |= value << at
        at += width

    header = read_image_header(b"\xff\x0a" + number.to_bytes(8, "little"))

    assert (header.rows, header.columns, header.orientation) == (8, 16, 6)
    assert header.preview
    assert header.animated
