"""The only frame of a file as it arrives, against what pydicom cuts out of it."""

from __future__ import annotations

import asyncio
from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
)

from imageid_loaders import element_positions
from imageid_loaders.body import Body
from imageid_loaders.errors import Corrupt
from imageid_loaders.file_frame import frame_of_file
from imageid_loaders.part10 import phantom_file

FILE = phantom_file(1)


def cut(data, piece_bytes=1000):
    """Source and bytes of the frame of a file that arrives in pieces."""
    return asyncio.run(_cut(data, piece_bytes))


async def _cut(data, piece_bytes):
    async def arriving():
        for start in range(0, len(data), piece_bytes):
            yield data[start : start + piece_bytes]

    source = await frame_of_file(Body(arriving()))
    return source and (source, b"".join([chunk async for chunk in source.chunks]))


def written(change=lambda dataset: None, syntax=ExplicitVRLittleEndian):
    dataset = pydicom.dcmread(BytesIO(FILE))
    dataset.file_meta.TransferSyntaxUID = syntax
    change(dataset)
    file = BytesIO()
    pydicom.dcmwrite(
        file,
        dataset,
        implicit_vr=syntax.is_implicit_VR,
        little_endian=syntax.is_little_endian,
        overwrite=True,
    )
    return file.getvalue()


def has_fragments(*fragments):
    def change(dataset):
        frame = b"".join(
            b"\xfe\xff\x00\xe0" + len(each).to_bytes(4, "little") + each for each in fragments
        )
        dataset.PixelData = b"\xfe\xff\x00\xe0\0\0\0\0" + frame + b"\xfe\xff\xdd\xe0\0\0\0\0"
        dataset["PixelData"].is_undefined_length = True

    return change


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("piece_bytes", [1, 7, 1000, 10**6])
def test_native_samples_are_the_frame(syntax, piece_bytes):
    source, data = cut(written(syntax=syntax), piece_bytes)

    assert data == pydicom.dcmread(BytesIO(FILE)).PixelData
    assert (source.transfer_syntax_uid, source.size_bytes) == (syntax, len(data))
    assert source.media_type == "application/octet-stream"


def test_the_padding_of_an_odd_frame_is_not_part_of_it():
    def change(dataset):
        dataset.Rows, dataset.Columns, dataset.BitsAllocated = 3, 3, 8
        dataset.BitsStored, dataset.HighBit = 8, 7
        dataset.PixelData = bytes(range(9)) + b"\0"
        dataset["PixelData"].VR = "OB"

    source, data = cut(written(change))

    assert data == bytes(range(9))
    assert source.size_bytes == 9


@pytest.mark.parametrize(
    "name", ["JPEG2000.dcm", "MR_small_RLE.dcm", "MR_small_jpeg_ls_lossless.dcm", "JPEG-LL.dcm"]
)
@pytest.mark.parametrize("piece_bytes", [3, 5000])
def test_the_codestream_is_the_frame(name, piece_bytes):
    path = get_testdata_file(name, download=False)
    dataset = pydicom.dcmread(path)

    source, data = cut(Path(path).read_bytes(), piece_bytes)

    assert [data] == list(generate_frames(dataset.PixelData, number_of_frames=1))
    assert source.transfer_syntax_uid == dataset.file_meta.TransferSyntaxUID


def test_a_frame_of_several_fragments_is_all_of_them():
    file = written(has_fragments(b"\xff\x4fab", b"cd", b"efgh"), JPEG2000Lossless)

    assert cut(file)[1] == b"\xff\x4fabcdefgh"


@pytest.mark.parametrize("piece_bytes", [1, 5, 1000])
def test_fragments_without_a_byte_add_nothing_to_the_frame(piece_bytes):
    fragments = has_fragments(b"", b"\xff\x4fab", b"", b"", b"cd", b"")

    assert cut(written(fragments, JPEG2000Lossless), piece_bytes)[1] == b"\xff\x4fabcd"


def test_pixel_data_within_sequences_are_not_the_image_s():
    def change(dataset):
        icon = Dataset()
        icon.Rows = icon.Columns = 1
        icon.PixelData = encapsulate([b"icon"])
        icon["PixelData"].VR = "OB"
        icon["PixelData"].is_undefined_length = True
        dataset.IconImageSequence = Sequence([icon])
        dataset["IconImageSequence"].is_undefined_length = True
        icon.is_undefined_length_sequence_item = True
        has_fragments(b"\xff\x4fab")(dataset)

    assert cut(written(change, JPEG2000Lossless))[1] == b"\xff\x4fab"


def test_a_header_of_many_kilobytes_is_read_through():
    def change(dataset):
        dataset.add_new(0x00091001, "OB", bytes(100_000))

    assert cut(written(change))[1] == pydicom.dcmread(BytesIO(FILE)).PixelData


def two_frames(dataset):
    dataset.NumberOfFrames = 2
    dataset.PixelData = dataset.PixelData * 2


def packed_bits(dataset):
    dataset.BitsAllocated = 1


def one_row_more(dataset):
    dataset.Rows += 1


@pytest.mark.parametrize("change", [two_frames, packed_bits, one_row_more])
def test_what_is_not_exactly_one_plain_frame_is_none(change):
    assert cut(written(change)) is None


@pytest.mark.parametrize("syntax", [ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian])
def test_what_would_not_be_delivered_as_it_stands_in_the_file_is_none(syntax):
    assert cut(written(syntax=syntax)) is None


@pytest.mark.parametrize("data", [b"x" * 5000, FILE[:200], b"\0" * 128 + b"DICM" + b"\xff" * 5000])
def test_what_is_no_readable_file_is_none(data):
    assert cut(data) is None


def test_a_file_that_ends_within_its_pixel_data_raises():
    with pytest.raises(Corrupt):
        cut(FILE[:-1000])
    with pytest.raises(Corrupt):
        cut(written(has_fragments(b"\xff\x4f" * 4000), JPEG2000Lossless)[:-100])


@pytest.mark.parametrize("inside", [b"\xfe\xff\x00\xe0\0\0\0\0", b"\x09\x00\x01\x10LO\0\0"])
def test_a_header_without_end_is_given_up_after_some_thousand_elements(inside, monkeypatch):
    steps = []
    walked = element_positions._Walk._element
    monkeypatch.setattr(
        element_positions._Walk, "_element", lambda self, at: steps.append(at) or walked(self, at)
    )
    sequence = b"\x08\x00\x40\x11SQ\0\0\xff\xff\xff\xff" if inside[0] == 0xFE else b""
    meta = FILE[: FILE.index(b"1.2.840.10008.1.2.1\0") + 20]
    begin = 144 + int.from_bytes(FILE[140:144], "little")

    assert cut(meta + FILE[len(meta) : begin] + sequence + inside * 130_000) is None
    assert len(steps) < 15_000
