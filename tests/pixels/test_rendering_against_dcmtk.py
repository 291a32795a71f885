"""Pictures equal those of DCMTK, an implementation of PS3.3 C.11 that shares nothing with ours.

Within one grey level, and always in the same direction: DCMTK cuts off the fraction of a
level (9.7 is 9), this daemon rounds it (9.7 is 10). What is not compared, and why:

| what | because |
| --- | --- |
| LINEAR_EXACT | DCMTK 3.6 does not know it; compared with exact fractions in test_windows |
| supplemental palettes | DCMTK shows such images in grey; see test_supplemental_palettes |
| windows of functional groups | DCMTK's tools read the data set's own alone |
| PresentationLUTShape | DCMTK's tools take it from their options alone, which is compared |
| padding | DCMTK's range of values takes it for values; the files here have none in view |
| JPEG 2000, segmented palettes, 32-bit colour | DCMTK cannot decode them |
| lossy JPEG, YBR | decoders differ by more than a level before any C.11 begins |
| square pixels | DCMTK interpolates otherwise; the sizes of the pictures are compared |
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom import Dataset
from pydicom.uid import (
    ImplicitVRLittleEndian,
    JPEGLosslessSV1,
    JPEGLSLossless,
)

from pixels.material import dataset, grey, path_of
from pixels.rendered import deep_picture, picture

# dcm2pnm with a codec in it is a program of its own.
PROGRAMS = {JPEGLosslessSV1: "dcmj2pnm", JPEGLSLossless: "dcml2pnm"}

# File, options of dcm2pnm, options of the picture.
GREY: list[tuple[str, str, dict[str, Any]]] = [
    # The image's own windows.
    ("MR_small.dcm", "+Wi 1", {}),
    ("MR_small_implicit.dcm", "+Wi 1", {}),
    ("MR_small_bigendian.dcm", "+Wi 1", {}),
    ("MR_small_RLE.dcm", "+Wi 1", {}),
    ("MR_small_jpeg_ls_lossless.dcm", "+Wi 1", {}),
    ("MR2_UNCR.dcm", "+Wi 1", {}),
    ("693_UNCI.dcm", "+Wi 1", {}),
    ("JPGLosslessP14SV1_1s_1f_8b.dcm", "+Wi 1", {}),
    ("examples_overlay.dcm", "+Wi 1", {}),
    ("examples_overlay.dcm", "+Wi 2", {"window_name": "window2"}),
    ("bad_sequence.dcm", "+Wi 2", {"window_name": "2"}),
    ("dicomdirtests/77654033/CT2/17106", "+Wi 1", {}),
    ("dicomdirtests/98892001/CT5N/2062", "+Wi 1", {}),
    ("dicomdirtests/98892003/MR1/15820", "+Wi 1", {}),
    ("dicomdirtests/98892003/MR700/4467", "+Wi 1", {}),
    # MONOCHROME1.
    ("RG1_UNCI.dcm", "+Wi 1", {}),
    ("RG3_UNCI.dcm", "+Wi 1", {}),
    ("RG3_UNCR.dcm", "+Wi 1 +P", {"invert": True}),
    ("dicomdirtests/77654033/CR1/6154", "+Wi 1", {}),
    # The caller's windows.
    ("CT_small.dcm", "+Ww 40 400", {"window": (40, 400)}),
    ("CT_small.dcm", "+Ww 40 400 +P", {"window": (40, 400), "invert": True}),
    ("693_UNCR.dcm", "+Ww -600 1500", {"window": (-600, 1500)}),
    ("693_UNCR.dcm", "+Ww 40.5 3", {"window": (40.5, 3)}),
    ("693_UNCR.dcm", "+Ww 40 1", {"window": (40, 1)}),
    ("MR2_UNCI.dcm", "+Ww 1000 2000", {"window": (1000, 2000)}),
    (
        "CT_small.dcm",
        "+Ww 40 400 +Wfs",
        {"window": (40, 400), "voi_lut_function": "SIGMOID"},
    ),
    ("RG3_UNCR.dcm", "+Ww 300 200 +Wfs", {"window": (300, 200), "voi_lut_function": "SIGMOID"}),
    # The range of values.
    ("CT_small.dcm", "+Wm", {}),
    ("CT_small.dcm", "+Wm", {"percentiles": (0, 100)}),
    ("MR_small.dcm", "+Wm", {"percentiles": (0, 100)}),
    ("RG3_UNCI.dcm", "+Wm", {"percentiles": (0, 100)}),
    ("JPEG-LL.dcm", "+Wm", {}),
    ("JPEG2000_UNC.dcm", "+Wm", {}),
    ("image_dfl.dcm", "+Wm", {}),
    ("rtdose_1frame.dcm", "+Wm", {}),
    ("rtdose_rle.dcm", "+Wm +F 15", {"frame": 15}),
    ("emri_small.dcm", "+Wm +F 5", {"frame": 5}),
    ("emri_small_RLE.dcm", "+Wm +F 10", {"frame": 10}),
    ("emri_small_jpeg_ls_lossless.dcm", "+Wm +F 3", {"frame": 3}),
    ("liver.dcm", "+Wm +F 2", {"frame": 2}),
    # Lookup tables.
    ("mlut_18.dcm", "+Wm", {}),
    ("mlut_18.dcm", "+Ww 1000 1200", {"window": (1000, 1200)}),
    ("vlut_04.dcm", "+Wl 1", {}),
    ("vlut_04.dcm", "+Wl 1", {"window_name": "1"}),
]
COLOR = [
    ("OBXXXX1A.dcm", ""),
    ("OBXXXX1A_rle_2frame.dcm", "+F 2"),
    ("OT-PAL-8-face.dcm", ""),
    ("examples_palette.dcm", ""),
    ("US1_UNCI.dcm", ""),
    ("SC_rgb.dcm", ""),
    ("SC_rgb_expb.dcm", ""),
    ("SC_rgb_rle_2frame.dcm", "+F 2"),
    ("SC_rgb_16bit.dcm", ""),
    ("SC_rgb_small_odd.dcm", ""),
    ("SC_rgb_gdcm2k_uncompressed.dcm", ""),
    ("SC_rgb_jpeg_gdcm.dcm", ""),
    ("ExplVR_BigEnd.dcm", ""),
]


def of_dcmtk(path: str | Path, folder: Path, options: str, form: str = "+on") -> np.ndarray:
    """What dcm2pnm makes of a frame, its overlays left out."""
    target = folder / "dcmtk.png"
    program = PROGRAMS.get(dataset(str(path)).file_meta.get("TransferSyntaxUID"), "dcm2pnm")
    command = [program, "-q", "-O", "-il", *options.split(), form, str(path), str(target)]
    subprocess.run(command, check=True, timeout=60)
    return imagecodecs.png_decode(target.read_bytes())


def assert_rounded_where_dcmtk_cuts(found: np.ndarray, expected: np.ndarray) -> None:
    assert (found.shape, found.dtype) == (expected.shape, expected.dtype)
    difference = found.astype(int) - expected
    assert 0 <= difference.min() <= difference.max() <= 1
    assert expected.min() < expected.max()


@pytest.mark.parametrize(("name", "theirs", "ours"), GREY)
def test_grey_pictures_are_those_of_dcmtk(
    name: str, theirs: str, ours: dict[str, Any], tmp_path: Path
) -> None:
    found, _ = picture(path_of(name), tmp_path, **ours)

    assert_rounded_where_dcmtk_cuts(found, of_dcmtk(path_of(name), tmp_path, theirs))


@pytest.mark.parametrize(
    ("name", "theirs"),
    [
        ("MR_small.dcm", "+Wi 1"),
        ("examples_overlay.dcm", "+Wi 1"),
        ("693_UNCI.dcm", "+Wi 1"),
        ("RG3_UNCI.dcm", "+Wi 1"),
        ("vlut_04.dcm", "+Wl 1"),
        ("mlut_18.dcm", "+Wm"),
    ],
)
def test_grey_pictures_of_16_bits_are_those_of_dcmtk(
    name: str, theirs: str, tmp_path: Path
) -> None:
    found = deep_picture(path_of(name), tmp_path)

    assert_rounded_where_dcmtk_cuts(found, of_dcmtk(path_of(name), tmp_path, theirs, "+on2"))


@pytest.mark.parametrize(("name", "theirs"), COLOR)
def test_colour_pictures_are_exactly_those_of_dcmtk(name: str, theirs: str, tmp_path: Path) -> None:
    found, _ = picture(path_of(name), tmp_path, frame=2 if theirs else None)

    assert np.array_equal(found, of_dcmtk(path_of(name), tmp_path, theirs))


@pytest.mark.parametrize(
    "name", ["US1_UNCI.dcm", "SC_rgb_16bit.dcm", "SC_rgb.dcm", "OT-PAL-8-face.dcm"]
)
def test_colour_pictures_of_16_bits_are_exactly_those_of_dcmtk(name: str, tmp_path: Path) -> None:
    found = deep_picture(path_of(name), tmp_path)

    assert found.dtype == np.uint16
    assert np.array_equal(found, of_dcmtk(path_of(name), tmp_path, "", "+on2"))


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
def test_a_sigmoid_window_of_the_image_is_that_of_dcmtk(photometric: str, tmp_path: Path) -> None:
    ramp = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    path = grey(
        tmp_path / "a.dcm",
        ramp,
        BitsStored=12,
        PhotometricInterpretation=photometric,
        RescaleSlope="1",
        RescaleIntercept="-1024",
        WindowCenter="300",
        WindowWidth="900",
        VOILUTFunction="SIGMOID",
    )

    found, _ = picture(path, tmp_path)

    assert_rounded_where_dcmtk_cuts(found, of_dcmtk(path, tmp_path, "+Wi 1"))


def test_an_inverse_presentation_lut_is_that_of_dcmtk(tmp_path: Path) -> None:
    window = {"WindowCenter": "2000", "WindowWidth": "3000"}
    ramp = np.arange(4096, dtype=np.uint16).reshape(64, 64)
    path = grey(tmp_path / "a.dcm", ramp, PresentationLUTShape="INVERSE", **window)

    found, _ = picture(path, tmp_path)

    assert_rounded_where_dcmtk_cuts(found, of_dcmtk(path, tmp_path, "+Wi 1 +Piv"))


@pytest.mark.parametrize("syntax", [None, ImplicitVRLittleEndian])
@pytest.mark.parametrize(("first", "vr"), [(-500, "SS"), (100, "US")])
def test_a_voi_lut_of_hounsfield_units_is_that_of_dcmtk(
    first: int, vr: str, syntax: str | None, tmp_path: Path
) -> None:
    item = Dataset()
    item.add_new("LUTDescriptor", vr, [1024, first, 16])
    item.add_new("LUTData", "OW", (np.arange(1024) ** 2 // 16).astype("<u2").tobytes())
    path = grey(
        tmp_path / "a.dcm",
        np.arange(4096, dtype=np.uint16).reshape(64, 64),
        BitsStored=12,
        RescaleSlope="1",
        RescaleIntercept="-1024",
        VOILUTSequence=[item],
        **({"syntax": syntax} if syntax else {}),
    )

    found, _ = picture(path, tmp_path)

    # Both ways: DCMTK cuts the low byte off where this daemon divides by 257.
    expected = of_dcmtk(path, tmp_path, "+Wl 1")
    assert np.abs(found.astype(int) - expected).max() <= 1
    assert len(np.unique(expected)) > 200


@pytest.mark.parametrize("name", ["color-pl.dcm", "dicomdirtests/98892001/CT2N/6293"])
def test_pixels_become_square_as_dcmtk_makes_them(name: str, tmp_path: Path) -> None:
    longer = of_dcmtk(path_of(name), tmp_path, "")
    scaled = of_dcmtk(path_of(name), tmp_path, f"+Sxv {longer.shape[1] * 4}")

    found, _ = picture(path_of(name), tmp_path)

    expected_aspect = scaled.shape[1] / scaled.shape[0]
    assert found.shape[1] / found.shape[0] == pytest.approx(expected_aspect, rel=0.05)
    assert found.shape[:2] != longer.shape[:2]
