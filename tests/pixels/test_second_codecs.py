"""What dcmtk and GDCM encode is decoded as they decode it, or as what went in."""

from __future__ import annotations

import subprocess
from pathlib import Path

import imagecodecs
import numpy as np
import pytest
from pydicom.encaps import generate_frames

from pixels.conftest import Count
from pixels.material import dataset, decoded, encoded, part10, path_of
from pixels.second_codecs import converted

SOURCES = [
    "CT_small.dcm",  # signed
    "MR2_UNCR.dcm",  # 12 bits
    "SC_rgb_16bit.dcm",
    "US1_UNCR.dcm",  # RGB
    "SC_ybr_full_uncompressed.dcm",
    "color-pl.dcm",  # planes
    "OBXXXX1A_2frame.dcm",  # palette
    "emri_small.dcm",  # ten frames
]
LOSSLESS = {
    "GDCM JPEG": ["gdcmconv", "--jpeg"],
    "GDCM JPEG-LS": ["gdcmconv", "--jpegls"],
    "GDCM JPEG 2000": ["gdcmconv", "--j2k"],
    "GDCM RLE": ["gdcmconv", "--rle"],
    "dcmtk JPEG 14": ["dcmcjpeg", "+el"],
    "dcmtk JPEG 14 SV1": ["dcmcjpeg", "+e1"],
    "dcmtk JPEG-LS": ["dcmcjpls"],
    "dcmtk JPEG-LS by plane": ["dcmcjpls", "+in"],
    "dcmtk JPEG-LS by line": ["dcmcjpls", "+il"],
    "dcmtk JPEG-LS by sample": ["dcmcjpls", "+is"],
    "dcmtk RLE": ["dcmcrle"],
    "dcmtk deflated": ["dcmconv", "+td"],
    "dcmtk big endian": ["dcmconv", "+tb"],
    "dcmtk implicit": ["dcmconv", "+ti"],
}
LOSSY = {
    "baseline": ["dcmcjpeg", "+eb"],
    "baseline, RGB": ["dcmcjpeg", "+eb", "+cr"],
    "baseline, 4:4:4": ["dcmcjpeg", "+eb", "+s4"],
    "baseline, 4:2:2": ["dcmcjpeg", "+eb", "+s2"],
    "extended": ["dcmcjpeg", "+ee"],
    "spectral selection": ["dcmcjpeg", "+es"],
    "progressive": ["dcmcjpeg", "+ep"],
}


@pytest.mark.parametrize("encoder", LOSSLESS)
@pytest.mark.parametrize("source", SOURCES)
def test_a_lossless_encoders_file_gives_what_went_in(
    source: str, encoder: str, tmp_path: Path, count: Count
) -> None:
    path = converted(source, LOSSLESS[encoder], tmp_path)

    for frame in {1, int(dataset(source).get("NumberOfFrames") or 1)}:
        found, _ = decoded(encoded(path, frame), tmp_path)

        expected, _ = decoded(encoded(source, frame), tmp_path)
        assert found.dtype == expected.dtype
        assert np.array_equal(found, expected)
    count(path, f"{encoder} of {source}", "exact")


@pytest.mark.parametrize("encoder", LOSSY)
@pytest.mark.parametrize("source", SOURCES)
def test_a_lossy_encoders_file_is_decoded_as_dcmtk_decodes_it(
    source: str, encoder: str, tmp_path: Path, count: Count
) -> None:
    path = converted(source, LOSSY[encoder], tmp_path)

    found, _ = decoded(encoded(path, 1), tmp_path)

    second = converted(path, ["dcmdjpeg"], tmp_path)
    assert np.array_equal(found, decoded(encoded(second, 1), tmp_path)[0])
    count(path, f"{encoder} of {source}", "exact")


@pytest.mark.parametrize("point_transform", ["0", "3"])
@pytest.mark.parametrize("predictor", range(1, 8))
@pytest.mark.parametrize("source", ["CT_small.dcm", "SC_rgb_16bit.dcm"])
def test_every_predictor_of_lossless_jpeg_is_known(
    source: str, predictor: int, point_transform: str, tmp_path: Path
) -> None:
    options = ["+el", "+sv", str(predictor), "+pt", point_transform]
    path = converted(source, ["dcmcjpeg", *options], tmp_path)

    found, _ = decoded(encoded(path), tmp_path)

    second = converted(path, ["dcmdjpeg"], tmp_path)
    assert np.array_equal(found, decoded(encoded(second), tmp_path)[0])


@pytest.mark.parametrize("near", ["1", "5"])
@pytest.mark.parametrize("source", ["MR2_UNCR.dcm", "US1_UNCR.dcm"])
def test_near_lossless_jpeg_ls_is_decoded_as_dcmtk_decodes_it(
    source: str, near: str, tmp_path: Path
) -> None:
    path = converted(source, ["dcmcjpls", "+en", "+md", near], tmp_path)

    found, _ = decoded(encoded(path), tmp_path)

    second = converted(path, ["dcmdjpls"], tmp_path)
    expected, _ = decoded(encoded(second), tmp_path)
    original, _ = decoded(encoded(source), tmp_path)
    assert np.array_equal(found, expected)
    assert 0 < np.abs(found.astype(int) - original).max() <= int(near)


@pytest.mark.parametrize(
    ("number", "options"),
    [("52", ["-arithmetic"]), ("56", ["-arithmetic", "-progressive"])],
    ids=["sequential", "progressive"],
)
def test_arithmetic_coding_gives_what_huffman_coding_gives(
    number: str, options: list[str], tmp_path: Path
) -> None:
    source = dataset("examples_ybr_color.dcm")
    huffman = next(iter(generate_frames(source.PixelData, number_of_frames=30)))
    ran = subprocess.run(["jpegtran", *options], input=huffman, capture_output=True, check=True)
    path = part10(
        tmp_path / "a.dcm",
        [ran.stdout],
        f"1.2.840.10008.1.2.4.{number}",
        Rows=source.Rows,
        Columns=source.Columns,
        SamplesPerPixel=3,
        PlanarConfiguration=0,
        PhotometricInterpretation="YBR_FULL_422",
        BitsAllocated=8,
    )

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(
        found, decoded(encoded(path_of("examples_ybr_color.dcm"), 1), tmp_path)[0]
    )


def test_a_recompressed_jpeg_is_decoded_as_the_jpeg(tmp_path: Path, count: Count) -> None:
    source = dataset("examples_ybr_color.dcm")
    jpeg = next(iter(generate_frames(source.PixelData, number_of_frames=30)))
    path = part10(
        tmp_path / "a.dcm",
        [imagecodecs.jpegxl_encode_jpeg(jpeg)],
        "1.2.840.10008.1.2.4.111",
        Rows=source.Rows,
        Columns=source.Columns,
        SamplesPerPixel=3,
        PlanarConfiguration=0,
        PhotometricInterpretation="YBR_FULL_422",
        BitsAllocated=8,
    )

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, decoded(encoded("examples_ybr_color.dcm", 1), tmp_path)[0])
    count(path, "recompressed examples_ybr_color.dcm", "exact")
