"""Every image that pydicom ships decodes to what a second decoder says, or is refused."""

from __future__ import annotations

from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom import FileDataset
from pydicom.encaps import generate_frames

from imageid_loaders.errors import Undecodable
from pixels.conftest import Count
from pixels.material import corpus, dataset, decoded, encoded, path_of, pydicom_frame

CORPUS = corpus()

REFUSED = {
    "MR_truncated.dcm": "the pixel data are shorter than the header says",
    "JPEG2000-embedded-sequence-delimiter.dcm": "header of its codestream",  # SIZ is lost
    "meta_missing_tsyntax.dcm": "neither DICOM nor a picture",  # holds a data set of no image
    "nested_priv_SQ.dcm": "neither DICOM nor a picture",
}

# What pydicom cannot decode with Pillow alone: the same image uncompressed, in this package.
UNCOMPRESSED = {
    "MR_small_jpeg_ls_lossless.dcm": "MR_small.dcm",
    "emri_small_jpeg_ls_lossless.dcm": "emri_small.dcm",
}
# A second implementation of lossless JPEG, independent of libjpeg.
JPEG_LOSSLESS = (
    "JPEG-LL.dcm",
    "JPGLosslessP14SV1_1s_1f_8b.dcm",
    "bad_sequence.dcm",
    "SC_rgb_jpeg_gdcm.dcm",
)
# No second decoder is installed; the sample values are known from pydicom's own tests.
KNOWN_SAMPLES = {
    "JPEG-lossy.dcm": {(420, 140): 244, (230, 120): 95},
    "JPGExtended.dcm": {(420, 140): 244, (230, 120): 95},
}
# Near-lossless JPEG-LS: each sample is at most NEAR away from the original.
NEAR = {"SC_rgb_jls_lossy_line.dcm": 4, "SC_rgb_jls_lossy_sample.dcm": 4}
# Near-lossless, without an original: the values of one column are known by their making.
RAMPS = ("JPEGLSNearLossless_08.dcm", "JPEGLSNearLossless_16.dcm")
# pydicom does not read these headers, or insists on the File Meta Information.
PLAIN = ("badVR.dcm", "OT-PAL-8-face.dcm")

SECOND_DECODERS = (*UNCOMPRESSED, *JPEG_LOSSLESS, *KNOWN_SAMPLES, *NEAR, *RAMPS, *PLAIN)
COMPARED = [path for path in CORPUS if path.name not in REFUSED]
PYDICOM = [
    path
    for path in COMPARED
    if path.name not in SECOND_DECODERS and path.name != "GDCMJ2K_TextGBR.dcm"
]


def test_the_corpus_is_complete() -> None:
    assert len(CORPUS) == 162
    assert len(PYDICOM) == 162 - len(REFUSED) - len(SECOND_DECODERS) - 1


@pytest.mark.parametrize("path", PYDICOM, ids=lambda path: path.name)
def test_every_frame_equals_that_of_pydicom(path: Path, tmp_path: Path, count: Count) -> None:
    number = int(dataset(str(path)).get("NumberOfFrames") or 1)

    for frame in _spread(number):
        found, _ = decoded(encoded(path, frame), tmp_path)

        expected = pydicom_frame(path, frame)
        assert found.dtype == expected.dtype.newbyteorder("<")
        assert np.array_equal(found, expected), f"frame {frame}"
    count(path, path.name, "exact")


def _spread(number: int) -> range:
    """Each frame of a short image, seven or so of a long one."""
    return range(1, number + 1, max(1, number // 7))


@pytest.mark.parametrize("name", UNCOMPRESSED)
def test_lossless_jpeg_ls_equals_the_uncompressed_image(
    name: str, tmp_path: Path, count: Count
) -> None:
    number = int(dataset(name).get("NumberOfFrames") or 1)

    for frame in range(1, number + 1):
        found, _ = decoded(encoded(name, frame), tmp_path)

        assert np.array_equal(found, pydicom_frame(path_of(UNCOMPRESSED[name]), frame))
    count(path_of(name), name, "exact")


@pytest.mark.parametrize("name", JPEG_LOSSLESS)
def test_lossless_jpeg_equals_a_second_implementation(
    name: str, tmp_path: Path, count: Count
) -> None:
    expected = imagecodecs.jpegsof3_decode(_first_fragment(dataset(name)))

    found, _ = decoded(encoded(name), tmp_path)

    assert np.array_equal(found, expected)
    count(path_of(name), name, "exact")


@pytest.mark.parametrize("name", KNOWN_SAMPLES)
def test_twelve_bit_jpeg_has_the_known_samples(name: str, tmp_path: Path, count: Count) -> None:
    found, _ = decoded(encoded(name), tmp_path)

    assert {at: found[at] for at in KNOWN_SAMPLES[name]} == KNOWN_SAMPLES[name]
    count(path_of(name), name, "exact")


@pytest.mark.parametrize("name", NEAR)
def test_near_lossless_jpeg_ls_stays_near_the_original(
    name: str, tmp_path: Path, count: Count
) -> None:
    original = dataset("SC_rgb.dcm").pixel_array.astype(int)

    found, _ = decoded(encoded(name), tmp_path)

    assert 0 < np.abs(found - original).max() <= NEAR[name]
    count(path_of(name), name, "exact")


@pytest.mark.parametrize("name", RAMPS)
def test_near_lossless_jpeg_ls_of_bars_is_bars(name: str, tmp_path: Path, count: Count) -> None:
    found, description = decoded(encoded(name), tmp_path)

    assert (found == found[:, :1]).all()
    assert description.metadata.max_pixel_value == np.iinfo(found.dtype).max
    count(path_of(name), name, "exact")


def test_a_jpeg_2000_file_with_boxes_shows_the_words_in_their_colours(
    tmp_path: Path, count: Count
) -> None:
    found, _ = decoded(encoded("GDCMJ2K_TextGBR.dcm"), tmp_path)

    for rows, colour in (
        ((40, 110), (255, 0, 0)),
        ((140, 215), (0, 255, 0)),
        ((240, 310), (0, 0, 255)),
    ):
        where = np.flatnonzero((found == colour).all(axis=2).any(axis=1))
        assert where.size > 20
        assert rows[0] < where.min() <= where.max() < rows[1]
    count(path_of("GDCMJ2K_TextGBR.dcm"), "GDCMJ2K_TextGBR.dcm", "exact")


@pytest.mark.parametrize("name", PLAIN)
def test_headers_that_pydicom_does_not_accept_are_read_nevertheless(
    name: str, tmp_path: Path, count: Count
) -> None:
    source = dataset(name)

    found, _ = decoded(encoded(name), tmp_path)

    assert found.tobytes() == source.PixelData[: found.nbytes]
    assert found.shape == (source.Rows, source.Columns)
    count(path_of(name), name, "exact")


@pytest.mark.parametrize("name", REFUSED)
def test_a_broken_file_is_refused_with_the_reason(name: str, tmp_path: Path, count: Count) -> None:
    with pytest.raises(Undecodable, match=REFUSED[name]):
        decoded(encoded(name), tmp_path)
    count(path_of(name), name, "refused with reason")


def _first_fragment(source: FileDataset) -> bytes:
    return next(iter(generate_frames(source.PixelData, number_of_frames=1)))
