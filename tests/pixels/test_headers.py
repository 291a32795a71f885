"""The header scanner finds what pydicom finds, in every file that pydicom ships."""

from __future__ import annotations

import warnings
from pathlib import Path

import pydicom
import pytest
from pydicom import DataElement, Dataset
from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag

from imageid_daemon.pixels import part10
from pixels.material import ROOTS

# What pydicom takes for the last element there breaks off within its value, so it is none.
BROKEN_OFF = {"no_meta.dcm": {0x08200500}, "rtplan_truncated.dcm": {0x300A00B0}}


def shipped() -> list[Path]:
    files = (path for root in ROOTS for path in sorted(root.rglob("*")) if path.is_file())
    return [path for path in files if _is_dicom(path)]


def _is_dicom(path: Path) -> bool:
    head = path.read_bytes()[:132]
    return head[128:] == b"DICM" or (path.suffix == ".dcm" and len(head) == 132)


FILES = shipped()


def test_the_files_are_complete() -> None:
    assert len(FILES) == 235


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_attribute_before_the_pixel_data_has_the_value_that_pydicom_gives_it(
    path: Path,
) -> None:
    expected = _values(_as_pydicom_reads_it(path))

    found = _values(part10.read(str(path)).attributes)

    broken = BROKEN_OFF.get(path.name, set())
    assert found == {tag: value for tag, value in expected.items() if tag not in broken}


def _as_pydicom_reads_it(path: Path) -> Dataset:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pydicom.dcmread(path, force=True, stop_before_pixels=True)


def _values(source: Dataset) -> dict[int, object]:
    tags = list(source.keys())
    return {int(tag): _value(source, tag) for tag in tags}


def _value(source: Dataset, tag: BaseTag) -> object:
    """Sequences as lists of plain values; what cannot be converted by its raw bytes."""
    try:
        element = source[tag]
    except Exception:
        raw = source.get_item(tag)
        assert isinstance(raw, RawDataElement)
        return raw.value
    assert isinstance(element, DataElement)
    if element.VR == "SQ":
        return [_values(item) for item in element.value]
    return element.VR, repr(element.value)
