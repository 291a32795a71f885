"""A hostile header is refused before it costs memory or time."""

from __future__ import annotations

import json
import resource
import tracemalloc
import zlib
from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import DeflatedExplicitVRLittleEndian

from imageid_daemon.pixels import Encoded, describe, dicom_json, limits
from imageid_loaders.errors import NotFound, TooLarge, Undecodable
from pixels.material import decoded, encoded, grey

MARKED = 0xFFFFFFFF
PIXELS = b"\xe0\x7f\x10\0OW\0\0\x80\0\0\0" + bytes(128)


def element(tag: int, vr: bytes, value: bytes, length: int | None = None) -> bytes:
    """Explicit VR, little endian."""
    size = len(value) if length is None else length
    head = (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little") + vr
    if vr in (b"OB", b"OW", b"SQ", b"UN", b"UT"):
        return head + b"\0\0" + size.to_bytes(4, "little") + value
    return head + size.to_bytes(2, "little") + value


def short(tag: int, value: int) -> bytes:
    return element(tag, b"US", value.to_bytes(2, "little"))


def item(value: bytes, length: int | None = None) -> bytes:
    size = len(value) if length is None else length
    return b"\xfe\xff\x00\xe0" + size.to_bytes(4, "little") + value


IMAGE = short(0x00280010, 8) + short(0x00280011, 8) + short(0x00280100, 16)


def file(folder: Path, *, before: bytes = b"", after: bytes = b"") -> Encoded:
    """An image of 8 x 8 samples with something hostile before or behind its description."""
    syntax = element(0x00020010, b"UI", b"1.2.840.10008.1.2.1\0")
    path = folder / "hostile.dcm"
    path.write_bytes(bytes(128) + b"DICM" + syntax + before + IMAGE + after + PIXELS)
    return encoded(path)


def nested(depth: int, *, marked: bool) -> bytes:
    """Sequences within each other, their ends marked or counted."""
    value = b""
    for _ in range(depth):
        if marked:
            inside = item(value + b"\xfe\xff\x0d\xe0\0\0\0\0", MARKED)
            value = element(0x00081140, b"SQ", inside + b"\xfe\xff\xdd\xe0\0\0\0\0", MARKED)
        else:
            value = element(0x00081140, b"SQ", item(value))
    return value


def peak_bytes(what: Encoded, folder: Path, error: type[Exception] | None) -> int:
    """The memory that it takes to decode or to refuse."""
    tracemalloc.start()
    try:
        if error is None:
            decoded(what, folder)
        else:
            with pytest.raises(error):
                decoded(what, folder)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("marked", [True, False], ids=["marked ends", "counted ends"])
def test_sequences_may_be_nested_as_deep_as_the_limit(marked: bool, tmp_path: Path) -> None:
    what = file(tmp_path, before=nested(limits.SEQUENCE_DEPTH - 1, marked=marked))

    document = json.loads(dicom_json(what))

    assert decoded(what, tmp_path)[0].shape == (8, 8)
    assert json.dumps(document).count("00081140") == limits.SEQUENCE_DEPTH - 1


@pytest.mark.parametrize("depth", [limits.SEQUENCE_DEPTH + 1, 200, 2000])
@pytest.mark.parametrize("marked", [True, False], ids=["marked ends", "counted ends"])
def test_sequences_nested_deeper_are_refused(depth: int, marked: bool, tmp_path: Path) -> None:
    what = file(tmp_path, before=nested(depth, marked=marked))

    for attempt in (lambda: decoded(what, tmp_path), lambda: describe(what)):
        with pytest.raises(Undecodable, match="sequences of its header lie more than 64 deep"):
            attempt()


def test_groups_of_a_frame_nested_too_deep_are_absent(tmp_path: Path) -> None:
    groups = element(0x52009230, b"SQ", item(nested(200, marked=False)))
    what = file(tmp_path, after=groups)

    assert describe(what).rows == 8
    assert "52009230" not in json.loads(dicom_json(what))


def test_a_sequence_that_is_never_closed_hides_the_pixel_data(tmp_path: Path) -> None:
    what = file(tmp_path, after=element(0x00081140, b"SQ", item(b"", MARKED), MARKED))

    with pytest.raises(Undecodable, match="no pixel data"):
        decoded(what, tmp_path)
    assert describe(what).rows == 8


@pytest.mark.parametrize("vr", [b"OB", b"UN", b"UT", b"SQ"])
@pytest.mark.parametrize("length", [0xFFFFFFF0, 0x7FFFFFFF, 1000])
def test_a_length_beyond_the_end_of_the_file_takes_no_memory(
    vr: bytes, length: int, tmp_path: Path
) -> None:
    decoded(file(tmp_path), tmp_path)

    taken = peak_bytes(
        file(tmp_path, after=element(0x00420011, vr, b"", length)), tmp_path, Undecodable
    )

    assert taken < 2**20


def test_pixel_data_longer_than_the_file_take_no_memory(tmp_path: Path) -> None:
    path = grey(tmp_path / "a.dcm", np.zeros((8, 8), np.uint8), Rows=20000, Columns=20000)
    data = path.read_bytes()
    path.write_bytes(data[:-68] + (0xFFFFFFF0).to_bytes(4, "little") + data[-64:])

    taken = peak_bytes(encoded(path), tmp_path, Undecodable)

    assert taken < 2**20


@pytest.mark.parametrize("length", [0xFFFFFFF0, 400_000, 3])
def test_an_offset_table_that_cannot_be_takes_no_memory(length: int, tmp_path: Path) -> None:
    what = file(tmp_path)
    value = item(b"", length) + item(bytes(128)) + b"\xfe\xff\xdd\xe0\0\0\0\0"
    data = Path(what.path).read_bytes()[: -len(PIXELS)].replace(b".1.2.1\0", b".1.2.5\0")
    Path(what.path).write_bytes(data + element(0x7FE00010, b"OB", value, MARKED))

    assert peak_bytes(what, tmp_path, Undecodable) < 2**20


def test_too_many_attributes_are_refused(tmp_path: Path) -> None:
    many = b"".join(
        short(0x00290000 + number, 0) for number in range(limits.HEADER_ATTRIBUTES // 2)
    )

    with pytest.raises(TooLarge, match="more than 65536 attributes"):
        describe(file(tmp_path, before=many * 3))


def test_too_many_elements_in_sequences_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HEADER_ELEMENTS", 1000)
    items = item(b"") * 1000

    marked = element(0x00081140, b"SQ", items + b"\xfe\xff\xdd\xe0\0\0\0\0", MARKED)

    with pytest.raises(TooLarge, match="more than 1000 elements"):
        describe(file(tmp_path, before=marked))


def test_a_header_larger_than_its_limit_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "HEADER_LIMIT_BYTES", 1 << 20)
    texts = b"".join(
        element(0x00290000 + number, b"UT", b"x" * 2**18) for number in range(0x10, 0x18)
    )

    with pytest.raises(TooLarge, match="header is larger than 1048576 bytes"):
        describe(file(tmp_path, before=texts))


def test_overlays_that_are_large_together_are_refused_unread(tmp_path: Path) -> None:
    each = 2**25
    what = file(tmp_path)
    whole = Path(what.path).read_bytes()[: -len(PIXELS)]
    with Path(what.path).open("wb") as sparse:
        sparse.write(whole)
        for group in range(0x6000, 0x6006, 2):
            sparse.write(element(group << 16 | 0x3000, b"OW", b"", each))
            sparse.seek(each, 1)
        sparse.write(PIXELS)

    assert peak_bytes(what, tmp_path, TooLarge) < 2**20


def test_a_long_list_of_decimal_strings_is_not_converted(tmp_path: Path) -> None:
    within = b"1\\" * 2**14 + b"1 "
    beyond = b"1\\" * 2**18 + b"1 "

    # Implicit VR, as a DS in explicit VR has 64 KiB at most.
    found = [
        describe(implicit(tmp_path, values)).pixel_padding_value for values in (within, beyond)
    ]

    assert len(json.loads(dicom_json(implicit(tmp_path, within)))["00281050"]["Value"]) == 2**14 + 1
    assert "00281050" not in json.loads(dicom_json(implicit(tmp_path, beyond)))
    assert found == [None, None]


def implicit(folder: Path, window_centers: bytes) -> Encoded:
    def plain(tag: int, value: bytes) -> bytes:
        head = (tag >> 16).to_bytes(2, "little") + (tag & 0xFFFF).to_bytes(2, "little")
        return head + len(value).to_bytes(4, "little") + value

    path = folder / "implicit.dcm"
    syntax = element(0x00020010, b"UI", b"1.2.840.10008.1.2\0")
    rows = plain(0x00280010, b"\x08\0") + plain(0x00280011, b"\x08\0")
    path.write_bytes(bytes(128) + b"DICM" + syntax + rows + plain(0x00281050, window_centers))
    return encoded(path)


def test_a_deflate_bomb_is_refused_before_it_takes_twice_the_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "INFLATED_LIMIT_BYTES", 1 << 24)
    machine = zlib.compressobj(9, wbits=-15)
    bomb = machine.compress(bytes(1 << 28)) + machine.flush()
    syntax = element(0x00020010, b"UI", DeflatedExplicitVRLittleEndian.encode())
    path = tmp_path / "bomb.dcm"
    path.write_bytes(bytes(128) + b"DICM" + syntax + bomb)

    taken = peak_bytes(encoded(path), tmp_path, TooLarge)

    assert len(bomb) < 300_000
    assert taken < 3 << 24


def test_a_deflated_data_set_of_exactly_the_limit_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data_set = IMAGE + PIXELS
    machine = zlib.compressobj(9, wbits=-15)
    syntax = element(0x00020010, b"UI", DeflatedExplicitVRLittleEndian.encode())
    path = tmp_path / "a.dcm"
    deflated = machine.compress(data_set) + machine.flush()
    path.write_bytes(bytes(128) + b"DICM" + syntax + deflated + b"\0")

    monkeypatch.setattr(limits, "INFLATED_LIMIT_BYTES", len(data_set))
    assert decoded(encoded(path), tmp_path)[0].shape == (8, 8)

    monkeypatch.setattr(limits, "INFLATED_LIMIT_BYTES", len(data_set) - 1)
    with pytest.raises(TooLarge, match="inflates to more than"):
        describe(encoded(path))


def test_a_giant_with_a_broken_header_is_refused_by_reading_little(tmp_path: Path) -> None:
    what = file(tmp_path, after=element(0x00081140, b"SQ", b"", MARKED))
    with Path(what.path).open("r+b") as giant:
        giant.truncate(1 << 40)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_inblock
    taken = peak_bytes(what, tmp_path, Undecodable)

    assert taken < 2**20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_inblock - before < 1000


def document(attributes: object) -> Encoded:
    text = json.dumps(attributes) if not isinstance(attributes, str) else attributes
    return Encoded("", "", dicom_json=text.encode())


def nested_document(depth: int) -> dict[str, object]:
    value: dict[str, object] = {}
    for _ in range(depth):
        value = {"00081140": {"vr": "SQ", "Value": [value]}}
    return value


def test_a_document_nested_too_deep_is_refused() -> None:
    describe(document(nested_document(limits.SEQUENCE_DEPTH)))

    for depth in (limits.SEQUENCE_DEPTH + 2, 300):
        for attempt in (describe, dicom_json):
            with pytest.raises(Undecodable, match="sequences lie more than 64 deep"):
                attempt(document(nested_document(depth)))


def test_a_document_nested_deeper_than_any_reader_goes_is_refused() -> None:
    text = '{"00081140":{"vr":"SQ","Value":[' * 100_000

    with pytest.raises(Undecodable):
        describe(document(text))


def test_a_document_beyond_the_limit_is_refused_unread(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DOCUMENT_LIMIT_BYTES", 1000)
    long = {"00081030": {"vr": "LO", "Value": ["x" * 1000]}}

    for attempt in (describe, dicom_json):
        with pytest.raises(TooLarge, match="more than the limit of 1000"):
            attempt(document(long))


@pytest.mark.parametrize("rows", ["NaN", "Infinity", "1e999", "12x", [], {}, None, -1, 2**70])
def test_what_is_no_number_in_a_document_is_absent(rows: object) -> None:
    found = describe(document({"00280010": {"vr": "US", "Value": [rows]}}))

    assert found.rows in (None, -1)


def test_a_number_as_text_in_a_document_is_that_number() -> None:
    found = describe(document({"00280010": {"vr": "US", "Value": ["512"]}}))

    assert found.rows == 512


def test_nan_outside_of_json_is_refused() -> None:
    with pytest.raises(Undecodable, match="not DICOM JSON"):
        describe(document('{"00280010":{"vr":"US","Value":[NaN]}}'))


def test_a_frame_beyond_the_native_data_is_not_looked_for(tmp_path: Path) -> None:
    path = grey(tmp_path / "a.dcm", np.zeros((8, 8), np.uint8), NumberOfFrames=2**31 - 1)

    with pytest.raises(Undecodable, match="shorter than the header says"):
        decoded(encoded(path, 2**31 - 1), tmp_path)
    with pytest.raises(NotFound):
        decoded(encoded(path, 2**31), tmp_path)
