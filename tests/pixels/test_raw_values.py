"""What is read of a header without pydicom is what pydicom reads of it."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.dataelem import RawDataElement, convert_raw_data_element
from pydicom.multival import MultiValue
from pydicom.tag import Tag

from imageid_daemon.pixels import part10, raw_values
from imageid_loaders.errors import ImageError
from pixels.material import corpus

# Attributes of each VR that is read so.
TAGS = {
    "CS": 0x00080060, "DA": 0x00080020, "DT": 0x0008002A, "TM": 0x00080030, "UI": 0x0020000D,
    "LO": 0x0008103E, "SH": 0x00080050, "IS": 0x00200013, "DS": 0x00281053, "US": 0x00280010,
    "SS": 0x00189219, "UL": 0x00209157, "SL": 0x00186018, "FL": 0x00189073, "FD": 0x00186028,
}  # fmt: skip


def value_by_pydicom(element: RawDataElement) -> tuple[object, ...]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        value = convert_raw_data_element(element).value
    if value is None or value == "":
        return ()
    return tuple(value) if isinstance(value, (MultiValue, list)) else (value,)


def elements(attributes: Dataset) -> Iterator[RawDataElement]:
    for tag in list(attributes.keys()):
        element = attributes.get_item(tag)
        if isinstance(element, RawDataElement):
            yield element


def check(element: RawDataElement) -> int:
    """Compare both ways; gives how many of texts and numbers were read without pydicom."""
    texts, numbers = raw_values.texts(element), raw_values.numbers(element)
    if texts is not None:
        expected = value_by_pydicom(element)
        assert texts == tuple(str(value).strip() for value in expected)
    if numbers is not None:
        expected = value_by_pydicom(element)
        assert numbers == pytest.approx(tuple(map(float, expected)), rel=0, abs=0, nan_ok=True)  # type: ignore[arg-type]
    return (texts is not None) + (numbers is not None)


def test_every_shipped_header_reads_as_pydicom_reads_it() -> None:
    read = 0
    for path in corpus():
        try:
            attributes = part10.read(str(path)).attributes
        except ImageError:
            continue
        read += sum(map(check, elements(attributes)))

    assert read > 5000


@given(
    vr=st.sampled_from(sorted(TAGS)),
    value=st.one_of(
        st.text("0123456789.+-eE \\AZaz_\0", max_size=20).map(str.encode),
        st.binary(max_size=12),
        st.floats(width=32).map(lambda number: b"%r" % number),
        st.integers(-(10**12), 10**12).map(lambda number: b"%d" % number),
    ),
    stated=st.booleans(),
    little_endian=st.booleans(),
)
def test_whatever_a_writer_wrote_reads_as_pydicom_reads_it(
    vr: str, value: bytes, stated: bool, little_endian: bool
) -> None:
    written_vr = vr if stated else None

    check(
        RawDataElement(Tag(TAGS[vr]), written_vr, len(value), value, 0, not stated, little_endian)
    )


@pytest.mark.parametrize(
    ("read", "vr", "value"),
    [
        (raw_values.texts, "LO", b"\x1b$B"),  # ISO 2022 escapes
        (raw_values.texts, "LO", b"a\\b"),  # in ISO-IR 13 a yen sign
        (raw_values.texts, "LO", "é".encode()),
        (raw_values.numbers, "DS", b"1,5"),
        (raw_values.numbers, "DS", b""),
        (raw_values.numbers, "IS", b"1.5"),
        (raw_values.numbers, "US", b"\1\0\2\0\3\0"),  # a LUT's descriptor
        (raw_values.numbers, "US", b"\1"),
    ],
)
def test_what_is_not_plain_is_left_to_pydicom(
    read: Callable[[RawDataElement], object], vr: str, value: bytes
) -> None:
    element = RawDataElement(Tag(TAGS[vr]), vr, len(value), value, 0, False, True)

    assert read(element) is None


def test_numbers_that_are_none_are_read_as_such() -> None:
    element = RawDataElement(Tag(TAGS["FL"]), "FL", 4, b"\0\0\xc0\x7f", 0, False, True)

    found = raw_values.numbers(element)

    assert found is not None
    assert math.isnan(found[0])
