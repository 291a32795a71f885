"""Files whose transfer syntax is not theirs give what another decoder makes of the right label.

The encoders and the second decoders are those of dcmtk and GDCM.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pixels.material import dataset, decoded, encoded, pydicom_frame
from pixels.second_codecs import converted

# How a file is encoded, and how another library decodes it again.
LOSSLESS = {
    "JPEG lossless": (["dcmcjpeg", "+e1"], ["gdcmconv", "--raw"]),
    "JPEG-LS": (["gdcmconv", "--jpegls"], ["dcmdjpls"]),
    "JPEG 2000": (["gdcmconv", "--j2k"], ["gdcmconv", "--raw"]),
    "RLE": (["gdcmconv", "--rle"], ["dcmdrle"]),
}
LOSSY = {
    "JPEG baseline": (["dcmcjpeg", "+eb", "+s4"], ["dcmdjpeg"]),
    "JPEG baseline, 4:2:2": (["dcmcjpeg", "+eb", "+s2"], ["dcmdjpeg"]),
    "JPEG-LS near-lossless": (["dcmcjpls", "+en", "+md", "2"], ["gdcmconv", "--raw"]),
    "JPEG 2000 lossy": (["gdcmconv", "--j2k", "--lossy", "-q", "40"], ["gdcmconv", "--raw"]),
}
LABELS = {
    "RLE": "1.2.840.10008.1.2.5",
    "implicit": "1.2.840.10008.1.2",
    "explicit": "1.2.840.10008.1.2.1",
    "encapsulated uncompressed": "1.2.840.10008.1.2.1.98",
    "JPEG": "1.2.840.10008.1.2.4.50",
    "JPEG-LS": "1.2.840.10008.1.2.4.80",
    "JPEG 2000": "1.2.840.10008.1.2.4.90",
    "HTJ2K": "1.2.840.10008.1.2.4.201",
    "JPEG XL": "1.2.840.10008.1.2.4.110",
}


def labelled(path: Path, uid: str) -> Path:
    """The same file under another transfer syntax."""
    before = str(dataset(str(path)).file_meta.TransferSyntaxUID)
    found = path.read_bytes()
    relabelled = path.with_name(f"labelled-{path.name}")
    relabelled.write_bytes(found.replace(_element(before), _element(uid), 1))
    return relabelled


def _element(uid: str) -> bytes:
    value = uid.encode() + b"\0" * (len(uid) % 2)
    return b"\x02\0\x10\0UI" + len(value).to_bytes(2, "little") + value


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("codec", LOSSLESS)
@pytest.mark.parametrize("source", ["MR2_UNCR.dcm", "CT_small.dcm", "US1_UNCR.dcm", "OBXXXX1A.dcm"])
def test_a_lossless_frame_is_decoded_as_what_it_is(
    source: str, codec: str, label: str, tmp_path: Path
) -> None:
    check(source, *LOSSLESS[codec], LABELS[label], tmp_path)


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("codec", LOSSY)
@pytest.mark.parametrize("source", ["US1_UNCR.dcm", "SC_rgb.dcm"])
def test_a_lossy_frame_is_decoded_as_what_it_is(
    source: str, codec: str, label: str, tmp_path: Path
) -> None:
    check(source, *LOSSY[codec], LABELS[label], tmp_path)


def check(source: str, encode: list[str], decode: list[str], label: str, folder: Path) -> None:
    path = converted(source, encode, folder)
    second = converted(path, decode, folder)

    found, _ = decoded(encoded(labelled(path, label)), folder)

    assert np.array_equal(found, pydicom_frame(second, 1))
