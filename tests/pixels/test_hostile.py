"""Broken and malicious bytes end in one named error."""

from __future__ import annotations

import logging
import pickle
import subprocess
import sys
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from imageid_daemon import pixels
from imageid_daemon.pixels import Encoded, Layout, PixelsOptions, RenderedOptions, decode, describe
from imageid_daemon.pixels import dicom_json as to_json
from imageid_loaders.errors import ImageError, TooLarge, Undecodable
from pixels.material import decoded, encoded, grey, path_of

META = b"\0" * 128 + b"DICM"


def file(tmp_path: Path, content: bytes) -> Encoded:
    path = tmp_path / "hostile"
    path.write_bytes(content)
    return Encoded(str(path), "application/dicom")


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"<html><body>404</body></html>" * 20, id="html"),
        pytest.param(bytes(range(256)) * 8, id="bytes"),
        pytest.param(b"\0" * 4096, id="zeros"),
        pytest.param(META, id="preamble alone"),
        pytest.param(META + b"\x02\0\x10\0UI\xff\xff1.2", id="meta breaks off"),
        pytest.param(META + b"\x09\0\x16\x10OB\0\0\xf0\xff\xff\xff", id="huge element"),
        pytest.param(
            META + (b"\x08\0\x40\x11SQ\0\0\xff\xff\xff\xff\xfe\xff\0\xe0\xff\xff\xff\xff" * 3000),
            id="nested",
        ),
    ],
)
def test_garbage_is_refused(content: bytes, tmp_path: Path) -> None:
    what = file(tmp_path, content)

    for attempt in (lambda: decoded(what, tmp_path), lambda: describe(what), lambda: to_json(what)):
        with pytest.raises(Undecodable):
            attempt()


def test_a_deflate_bomb_is_refused_by_its_size(tmp_path: Path) -> None:
    whole = Path(path_of("image_dfl.dcm")).read_bytes()
    machine = zlib.compressobj(9, wbits=-15)
    # After a full flush, a block can be repeated.
    block = machine.compress(b"\0" * 2**24) + machine.flush(zlib.Z_FULL_FLUSH)
    bomb = block * 33 + machine.flush()
    meta = whole[: 132 + 12 + int.from_bytes(whole[140:144], "little")]

    with pytest.raises(TooLarge, match="inflates to more than 536870912 bytes"):
        describe(file(tmp_path, meta + bomb))


def test_deflate_in_a_zlib_wrap_is_read_and_bounded_too(tmp_path: Path) -> None:
    whole = Path(path_of("image_dfl.dcm")).read_bytes()
    begin = 132 + 12 + int.from_bytes(whole[140:144], "little")
    data_set = zlib.decompress(whole[begin:], -zlib.MAX_WBITS)
    raw, bomb = file(tmp_path, whole), zlib.compress(bytes(2**29 + 1), 9)
    expected = describe(raw)

    assert describe(file(tmp_path, whole[:begin] + zlib.compress(data_set))) == expected
    with pytest.raises(TooLarge, match="inflates to more than 536870912 bytes"):
        describe(file(tmp_path, whole[:begin] + bomb))


def test_raw_deflate_that_begins_like_a_zlib_wrap_is_read(tmp_path: Path) -> None:
    whole = Path(path_of("image_dfl.dcm")).read_bytes()
    begin = 132 + 12 + int.from_bytes(whole[140:144], "little")
    data_set = zlib.decompress(whole[begin:], -zlib.MAX_WBITS)
    # The most common beginning of a wrap, here of a stored block of one byte.
    stored = b"\x78\x01\x00\xfe\xff" + data_set[:1]
    rest = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    raw = stored + rest.compress(data_set[1:]) + rest.flush()

    assert describe(file(tmp_path, whole[:begin] + raw)) == describe(file(tmp_path, whole))


def test_a_deflated_data_set_that_breaks_off_is_refused(tmp_path: Path) -> None:
    whole = Path(path_of("image_dfl.dcm")).read_bytes()

    with pytest.raises(Undecodable, match="deflated data break off"):
        describe(file(tmp_path, whole[:-200]))


def test_dimensions_that_no_memory_holds_are_refused(tmp_path: Path) -> None:
    path = grey(tmp_path / "a.dcm", np.zeros((1, 1), np.uint16), Rows=65535, Columns=65535)

    with pytest.raises(TooLarge):
        decoded(encoded(path), tmp_path)


@pytest.mark.parametrize(
    "name",
    [
        "CT_small.dcm",
        "emri_small_RLE.dcm",
        "examples_palette.dcm",
        "SC_rgb_jpeg_gdcm.dcm",
        "image_dfl.dcm",
    ],
)
def test_damaged_headers_end_in_a_result_or_in_a_named_error(name: str, tmp_path: Path) -> None:
    whole = Path(path_of(name)).read_bytes()
    noise = np.random.default_rng(3)
    outcomes = set()

    for _ in range(60):
        mutant = bytearray(whole)
        for position in noise.integers(132, min(len(whole), 2500), 8):
            mutant[position] = noise.integers(0, 256)
        what = file(tmp_path, bytes(mutant))
        try:
            written = decode(what, "default", str(tmp_path / "pixels"))
            layout = written.description.layout
            assert isinstance(layout, Layout)
            assert written.size_bytes == np.prod(layout.shape) * np.dtype(layout.dtype).itemsize
            outcomes.add("decoded")
        except ImageError:
            outcomes.add("refused")

    assert outcomes == {"decoded", "refused"}


def test_a_missing_file_is_not_called_a_broken_image(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        decode(Encoded(str(tmp_path / "gone"), "application/dicom"), "default", str(tmp_path / "p"))


def test_a_target_that_cannot_be_written_is_not_called_a_broken_image(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No such file"):
        decode(encoded("CT_small.dcm"), "default", str(tmp_path / "gone" / "pixels"))


def test_complaints_of_pydicom_reach_neither_warnings_nor_the_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with warnings.catch_warnings(record=True) as caught, caplog.at_level(logging.DEBUG):
        warnings.simplefilter("always")
        for name in ("badVR.dcm", "MR_small_padded.dcm", "explicit_VR-UN.dcm", "SC_rgb_jpeg.dcm"):
            decoded(encoded(name), tmp_path)
            to_json(encoded(name))

    assert [str(warning.message) for warning in caught] == []
    assert caplog.records == []


def test_errors_quote_nothing_of_the_file(tmp_path: Path) -> None:
    whole = Path(path_of("CT_small.dcm")).read_bytes()
    broken = whole.replace(b"US\x02\0\x80\0", b"US\x02\0\0\0")
    assert broken != whole

    with pytest.raises(Undecodable) as refusal:
        decoded(file(tmp_path, broken), tmp_path)

    assert "CompressedSamples" not in str(refusal.value)
    assert str(tmp_path) not in str(refusal.value)


def test_threads_decode_side_by_side(tmp_path: Path) -> None:
    names = ["CT_small.dcm", "emri_small_RLE.dcm", "693_J2KI.dcm", "SC_rgb_jpeg_gdcm.dcm"] * 6

    def digest(numbered: tuple[int, str]) -> bytes:
        target = tmp_path / str(numbered[0])
        decode(encoded(numbered[1]), "default", str(target))
        return sha256(target.read_bytes()).digest()

    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(digest, enumerate(names)))

    assert found == found[:4] * 6
    assert len(set(found)) == 4


def test_arguments_and_results_can_be_pickled(tmp_path: Path) -> None:
    written = decode(encoded("OBXXXX1A.dcm"), "default", str(tmp_path / "pixels"))

    for thing in (encoded("CT_small.dcm"), PixelsOptions(), RenderedOptions(), written, decode):
        assert pickle.loads(pickle.dumps(thing)) == thing


def test_importing_the_room_imports_no_codec() -> None:
    program = (
        "import sys, imageid_daemon.pixels; "
        "print({'numpy', 'pydicom', 'imagecodecs', 'PIL'} & sys.modules.keys())"
    )

    found = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)

    assert found.stdout.strip() == b"set()"


def test_the_room_exports_what_others_may_use() -> None:
    assert all(hasattr(pixels, name) for name in pixels.__all__)
