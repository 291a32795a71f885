"""A frame of WADO-RS with its metadata decodes as the whole instance does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom import FileDataset
from pydicom.encaps import generate_frames

from imageid_daemon.pixels import Encoded, PixelsOptions, decode, describe, transform
from imageid_loaders.errors import Undecodable, Unsupported
from pixels.material import dataset, decoded, encoded, samples

NAMES = [
    "693_J2KR.dcm",
    "CT_small.dcm",
    "MR_small_RLE.dcm",
    "MR_small_jpeg_ls_lossless.dcm",
    "JPEG-LL.dcm",
    "JPGExtended.dcm",
    "SC_rgb_dcmtk_+eb+cy+np.dcm",
    "SC_ybr_full_422_uncompressed.dcm",
    "US1_J2KI.dcm",
    "OBXXXX1A_rle.dcm",
    "color-pl.dcm",
    "liver_1frame.dcm",
    "rtdose_1frame.dcm",
    "SC_rgb_small_odd.dcm",
    "mlut_18.dcm",
]


def document(source: FileDataset, **changes: Any) -> bytes:
    """What an origin answers to /metadata, for this instance."""
    found = source.to_json_dict(bulk_data_threshold=10**9, suppress_invalid_tags=True)
    found.pop("7FE00010", None)
    return json.dumps(found | changes).encode()


def lone(
    source: FileDataset, frame: bytes, folder: Path, syntax: str | None, number: int | None = None
) -> Encoded:
    path = folder / "frame"
    path.write_bytes(frame)
    return Encoded(str(path), "application/octet-stream", syntax, document(source), number)


def first_frame(source: FileDataset) -> bytes:
    if source["PixelData"].is_undefined_length:
        return next(iter(generate_frames(source.PixelData, number_of_frames=1)))
    return bytes(source.PixelData)


@pytest.mark.parametrize("name", NAMES)
def test_samples_and_metadata_are_those_of_the_instance(name: str, tmp_path: Path) -> None:
    source = dataset(name)
    what = lone(source, first_frame(source), tmp_path, str(source.file_meta.TransferSyntaxUID))

    found, description = decoded(what, tmp_path)

    expected, of_instance = decoded(encoded(name), tmp_path)
    assert np.array_equal(found, expected)
    assert description == of_instance


@pytest.mark.parametrize("syntax", [None, "1.2.840.10008.1.2.1"])
@pytest.mark.parametrize("name", ["693_J2KR.dcm", "MR_small_jpeg_ls_lossless.dcm", "JPEG-LL.dcm"])
def test_a_codestream_with_no_or_a_wrong_label_is_recognised(
    name: str, syntax: str | None, tmp_path: Path
) -> None:
    source = dataset(name)

    found, _ = decoded(lone(source, first_frame(source), tmp_path, syntax), tmp_path)

    assert np.array_equal(found, decoded(encoded(name), tmp_path)[0])


def test_high_throughput_jpeg_2000_labelled_uncompressed_is_recognised(tmp_path: Path) -> None:
    # Orthanc answers so when it cannot transcode.
    source = dataset("CT_small.dcm")
    frame = imagecodecs.htj2k_encode(source.pixel_array, reversible=True)

    found, _ = decoded(lone(source, frame, tmp_path, "1.2.840.10008.1.2.1"), tmp_path)

    assert np.array_equal(found, source.pixel_array)


@pytest.mark.parametrize(
    "syntax", [None, "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.51"]
)
@pytest.mark.parametrize("name", ["MR_small_RLE.dcm", "SC_rgb_rle.dcm"])
def test_run_lengths_with_no_or_a_wrong_label_are_recognised(
    name: str, syntax: str | None, tmp_path: Path
) -> None:
    source = dataset(name)

    found, _ = decoded(lone(source, first_frame(source), tmp_path, syntax), tmp_path)

    assert np.array_equal(found, decoded(encoded(name), tmp_path)[0])


def test_samples_that_were_decompressed_but_kept_their_label_are_recognised(tmp_path: Path) -> None:
    source = dataset("693_J2KR.dcm")
    expected, _ = decoded(encoded("693_J2KR.dcm"), tmp_path)
    what = lone(source, expected.tobytes(), tmp_path, "1.2.840.10008.1.2.4.90")

    found, _ = decoded(what, tmp_path)

    assert np.array_equal(found, expected)


def test_uncompressed_frames_are_little_endian_whatever_is_stored(tmp_path: Path) -> None:
    source = dataset("MR_small.dcm")
    what = lone(source, bytes(source.PixelData), tmp_path, "1.2.840.10008.1.2.2")

    found, _ = decoded(what, tmp_path)

    assert np.array_equal(found, source.pixel_array)


def test_run_lengths_are_known_by_their_media_type(tmp_path: Path) -> None:
    source = dataset("MR_small_RLE.dcm")
    path = tmp_path / "frame"
    path.write_bytes(first_frame(source))
    what = Encoded(str(path), "image/dicom-rle", None, document(source))

    found, _ = decoded(what, tmp_path)

    assert np.array_equal(found, dataset("MR_small.dcm").pixel_array)


@pytest.mark.parametrize("length", [0, 100, 32767, 32770])
def test_uncompressed_samples_of_another_length_are_refused(length: int, tmp_path: Path) -> None:
    source = dataset("CT_small.dcm")

    with pytest.raises(Undecodable, match=f"it has {length} bytes"):
        decoded(lone(source, b"\1" * length, tmp_path, "1.2.840.10008.1.2.1"), tmp_path)


def test_a_syntax_without_codec_is_unsupported(tmp_path: Path) -> None:
    source = dataset("CT_small.dcm")

    with pytest.raises(Unsupported, match=r"1\.2\.840\.10008\.1\.2\.4\.102"):
        decoded(lone(source, b"\0" * 99, tmp_path, "1.2.840.10008.1.2.4.102"), tmp_path)


def test_a_whole_instance_in_place_of_the_frame_is_taken_for_what_it_is(tmp_path: Path) -> None:
    source = dataset("emri_small.dcm")
    instance = Path(encoded("emri_small.dcm").path).read_bytes()

    found, _ = decoded(lone(source, instance, tmp_path, None, number=4), tmp_path)

    assert np.array_equal(found, source.pixel_array[3])


def test_the_palette_comes_with_the_metadata(tmp_path: Path) -> None:
    source = dataset("OBXXXX1A.dcm")
    what = lone(source, bytes(source.PixelData), tmp_path, None)
    pixels, target = str(tmp_path / "pixels"), str(tmp_path / "rgb")

    written = decode(what, "default", pixels)
    result = transform(pixels, written.description, PixelsOptions(color="rgb"), target)

    assert samples(target, result.description).shape == (600, 800, 3)


def test_describing_needs_the_document_alone() -> None:
    source = dataset("CT_small.dcm")

    found = describe(Encoded("", "application/octet-stream", None, document(source), 1))

    assert (found.rows, found.columns, found.frame_number) == (128, 128, 1)
    assert found.sop_instance_uid == source.SOPInstanceUID
    assert found.transfer_syntax_uid is None


def test_an_attribute_that_cannot_be_read_is_absent() -> None:
    source = dataset("CT_small.dcm")
    broken = document(source, **{"00280030": {"vr": "DS", "Value": ["wide", None]}})

    found = describe(Encoded("", "application/octet-stream", None, broken))

    assert found.pixel_spacing == ()
    assert found.rows == 128


def test_metadata_that_are_no_dicom_json_are_refused() -> None:
    with pytest.raises(Undecodable, match="not DICOM JSON"):
        describe(Encoded("", "application/octet-stream", None, b"<html>"))
