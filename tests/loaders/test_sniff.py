import gzip

import imagecodecs
import nibabel
import numpy
import pytest

from imageid_loaders.media_type import parse_media_type
from imageid_loaders.part10 import phantom_file
from imageid_loaders.sniff import HEAD_BYTES, codestream_of, is_html, media_type_of
from imageid_loaders.transfer_syntax import frame_media_type, transfer_syntax_of

SAMPLES = (numpy.arange(64 * 64) % 4096).reshape(64, 64).astype(numpy.uint16)
BYTES = (SAMPLES // 16).astype(numpy.uint8)
FRAMES = {
    "image/jpeg": imagecodecs.jpeg8_encode(BYTES),
    "image/jls": imagecodecs.jpegls_encode(SAMPLES),
    "image/j2c": imagecodecs.jpeg2k_encode(SAMPLES, codecformat="J2K"),
    "image/jp2": imagecodecs.jpeg2k_encode(SAMPLES, codecformat="JP2"),
    "image/jphc": imagecodecs.htj2k_encode(SAMPLES),
}
FILES = {
    **FRAMES,
    "application/dicom": phantom_file(1),
    "image/png": imagecodecs.png_encode(BYTES),
    "image/gif": imagecodecs.gif_encode(BYTES),
    "image/bmp": imagecodecs.bmp_encode(BYTES),
    "image/tiff": imagecodecs.tiff_encode(SAMPLES),
    "image/webp": imagecodecs.webp_encode(numpy.stack([BYTES] * 3, axis=-1)),
    "image/jxl": imagecodecs.jpegxl_encode(SAMPLES),
    "application/x-nifti": nibabel.Nifti1Image(SAMPLES, None).to_bytes(),
    "application/gzip": gzip.compress(SAMPLES.tobytes()),
}
JPEG_BASELINE, JPEG_LOSSLESS, RLE = (f"1.2.840.10008.1.2.{n}" for n in ("4.50", "4.70", "5"))
EXPLICIT, IMPLICIT = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2"
NATIVE = bytes(HEAD_BYTES)


@pytest.mark.parametrize("media_type", FILES)
def test_a_real_file_is_recognized_by_its_beginning(media_type):
    assert media_type_of(FILES[media_type][:HEAD_BYTES]) == media_type


@pytest.mark.parametrize(
    ("media_type", "head"),
    [
        ("image/jxl", imagecodecs.jpegxl_encode(BYTES, usecontainer=False)),
        ("image/jxl", imagecodecs.jpegxl_encode(BYTES, usecontainer=True)),
        ("image/tiff", imagecodecs.tiff_encode(SAMPLES, bigtiff=True)),
        ("application/x-nifti", nibabel.Nifti2Image(SAMPLES, None).to_bytes()),
    ],
)
def test_other_beginnings_of_the_same_formats_are_recognized(media_type, head):
    assert media_type_of(head[:HEAD_BYTES]) == media_type


@pytest.mark.parametrize("media_type", FRAMES)
def test_a_real_codestream_is_recognized_by_its_beginning(media_type):
    assert codestream_of(FRAMES[media_type][:HEAD_BYTES]) == media_type


@pytest.mark.parametrize("head", [b"BM", b"\xff\x0a", b"", b"GIF89a"])
def test_native_samples_are_not_taken_for_a_codestream_by_two_of_them(head):
    assert codestream_of(head + bytes(100)) is None


@pytest.mark.parametrize("page", [b"<!DOCTYPE html>", b"\xef\xbb\xbf\n <html lang=en>", b"<HEAD>"])
def test_a_web_page_is_recognized(page):
    assert is_html(page)


def test_a_content_type_is_read_in_any_order_case_and_quoting():
    found = parse_media_type('Multipart/Related;Boundary="a;\\"b" ; TYPE=image/jp2')

    assert found.name == "multipart/related"
    assert found.parameters == {"boundary": 'a;"b', "type": "image/jp2"}


def test_no_content_type_is_octet_stream():
    assert parse_media_type(None).name == parse_media_type("").name == "application/octet-stream"


@pytest.mark.parametrize(
    ("part", "outer", "uid"),
    [
        (f"image/jpeg; transfer-syntax={JPEG_LOSSLESS}", "multipart/related", JPEG_LOSSLESS),
        (f'image/jpeg; Transfer-Syntax="{JPEG_LOSSLESS}"', "multipart/related", JPEG_LOSSLESS),
        ("application/octet-stream", f"multipart/related; transfer-syntax={RLE}; boundary=b", RLE),
        (
            "application/octet-stream",
            f'multipart/related; type="image/jp2; transfer-syntax={JPEG_LOSSLESS}"; boundary=b',
            JPEG_LOSSLESS,
        ),
        (
            "application/octet-stream; transfer-syntax=*",
            'multipart/related; type="image/jls"',
            "1.2.840.10008.1.2.4.80",
        ),
        ("image/x-dicom-rle", "multipart/related", RLE),
        (f"application/octet-stream; transfer-syntax={IMPLICIT}", "multipart/related", IMPLICIT),
        ("application/octet-stream", "application/octet-stream", EXPLICIT),
    ],
)
def test_the_label_is_found_wherever_a_server_puts_it(part, outer, uid):
    assert transfer_syntax_of(parse_media_type(part), parse_media_type(outer), NATIVE) == uid


@pytest.mark.parametrize(
    ("frame", "label", "uid"),
    [
        ("image/jphc", EXPLICIT, "1.2.840.10008.1.2.4.203"),
        ("image/jphc", "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.201"),
        ("image/jpeg", IMPLICIT, JPEG_BASELINE),
        ("image/jpeg", JPEG_LOSSLESS, JPEG_LOSSLESS),
        ("image/j2c", JPEG_BASELINE, "1.2.840.10008.1.2.4.91"),
        ("image/j2c", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.90"),
        ("image/jls", "*", "1.2.840.10008.1.2.4.81"),
    ],
)
def test_the_bytes_overrule_a_label_that_contradicts_them(frame, label, uid):
    part = parse_media_type(f"application/octet-stream; transfer-syntax={label}")

    assert transfer_syntax_of(part, part, FRAMES[frame][:HEAD_BYTES]) == uid


def test_an_unlabelled_lossless_jpeg_is_recognized_by_its_process():
    frame = imagecodecs.ljpeg_encode(SAMPLES)
    nothing = parse_media_type(None)

    assert transfer_syntax_of(nothing, nothing, frame[:HEAD_BYTES]) == "1.2.840.10008.1.2.4.57"


@pytest.mark.parametrize(
    ("uid", "media_type"),
    [
        (JPEG_BASELINE, "image/jpeg"),
        (RLE, "image/dicom-rle"),
        (EXPLICIT, "application/octet-stream"),
    ],
)
def test_a_frame_is_called_by_its_transfer_syntax(uid, media_type):
    assert frame_media_type(uid) == media_type
