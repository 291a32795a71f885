"""JPEG 2000 whose chrominance has fewer samples, as OpenJPEG's own tools write and read it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from imageid_loaders.errors import Undecodable
from pixels.material import decoded, encoded, part10
from pixels.second_codecs import halved_chroma, openjpeg

JPEG_2000 = "1.2.840.10008.1.2.4.91"


def components(folder: Path) -> list[np.ndarray]:
    """What OpenJPEG's tool makes of each component of what was encoded last."""
    return [component(folder, number) for number in range(3)]


def component(folder: Path, number: int) -> np.ndarray:
    openjpeg("opj_decompress", folder, "out.j2k", f"c{number}.pgx", "-c", str(number))
    head, _, octets = (folder / f"c{number}_0.pgx").read_bytes().partition(b"\n")
    columns, rows = map(int, head.split()[-2:])
    return np.frombuffer(octets, np.uint8).reshape(rows, columns)


def file(folder: Path, frame: bytes, rows: int = 16, columns: int = 24, **attributes: Any) -> Path:
    return part10(
        folder / "a.dcm",
        [frame],
        JPEG_2000,
        Rows=rows,
        Columns=columns,
        SamplesPerPixel=3,
        PlanarConfiguration=0,
        **{"BitsAllocated": 8, "PhotometricInterpretation": "YBR_FULL_422", **attributes},
    )


def spread(planes: list[np.ndarray], across: int, down: int) -> np.ndarray:
    luma, *chroma = planes
    rows, columns = luma.shape
    wide = [plane.repeat(down, 0).repeat(across, 1)[:rows, :columns] for plane in chroma]
    return np.stack([luma, *wide], axis=-1)


def rgb(ybr: np.ndarray) -> np.ndarray:
    """PS3.3 C.7.6.3.1.2, solved for RGB."""
    y, cb, cr = np.moveaxis(ybr.astype(float), -1, 0)
    red = y + 1.402 * (cr - 128)
    blue = y + 1.772 * (cb - 128)
    green = (y - 0.299 * red - 0.114 * blue) / 0.587
    return np.clip(np.stack([red, green, blue], axis=-1), 0, 255)


@pytest.mark.parametrize(
    ("across", "down", "shape"),
    [(2, 1, (16, 24)), (2, 2, (16, 24)), (1, 2, (16, 24)), (2, 1, (15, 24)), (1, 2, (16, 23))],
)
def test_each_sample_of_chrominance_is_spread_over_its_pixels(
    across: int, down: int, shape: tuple[int, int], tmp_path: Path
) -> None:
    rows, columns = shape
    frame = halved_chroma(tmp_path, across, down, rows=rows, columns=columns)
    path = file(tmp_path, frame, rows, columns)

    found, description = decoded(encoded(path), tmp_path, "stored")

    assert np.array_equal(found, spread(components(tmp_path), across, down))
    assert description.metadata.photometric_interpretation == "YBR_FULL"


@pytest.mark.parametrize("photometric", ["YBR_FULL_422", "YBR_ICT", "YBR_FULL", "RGB"])
def test_it_is_turned_into_rgb_whatever_the_header_calls_it(
    photometric: str, tmp_path: Path
) -> None:
    path = file(tmp_path, halved_chroma(tmp_path, 2, 1), PhotometricInterpretation=photometric)

    found, description = decoded(encoded(path), tmp_path)

    expected = rgb(spread(components(tmp_path), 2, 1))
    assert np.abs(found - expected).max() <= 0.501
    assert description.metadata.photometric_interpretation == "RGB"


def test_an_irreversible_codestream_is_decoded_as_openjpeg_decodes_it(tmp_path: Path) -> None:
    frame = halved_chroma(tmp_path, 2, 2, "-I", "-r", "4")
    path = file(tmp_path, frame)

    found, _ = decoded(encoded(path), tmp_path, "stored")

    assert np.array_equal(found, spread(components(tmp_path), 2, 2))


def test_tiles_of_whole_pairs_are_put_together(tmp_path: Path) -> None:
    path = file(tmp_path, halved_chroma(tmp_path, 2, 2, "-t", "10,6"))

    found, _ = decoded(encoded(path), tmp_path, "stored")

    assert np.array_equal(found, spread(components(tmp_path), 2, 2))


@pytest.mark.parametrize(
    ("across", "options", "shape"),
    [
        pytest.param(2, ["-t", "11,7"], (8, 12), id="tiles that divide a pair"),
        pytest.param(2, ["-d", "2,2", "-T", "0,0"], (8, 12), id="an origin that is not 0"),
        pytest.param(4, [], (8, 12), id="quarters"),
        pytest.param(2, [], (8, 13), id="half a pair at the edge"),
    ],
)
def test_what_pillow_would_misplace_is_refused(
    across: int, options: list[str], shape: tuple[int, int], tmp_path: Path
) -> None:
    rows, columns = shape
    frame = halved_chroma(tmp_path, across, 1, *options, rows=rows, columns=columns)
    path = file(tmp_path, frame, rows, columns)

    with pytest.raises(Undecodable, match="subsampled otherwise"):
        decoded(encoded(path), tmp_path)


def test_more_than_8_bits_are_refused(tmp_path: Path) -> None:
    frame = bytearray(halved_chroma(tmp_path, 2, 1))
    for component in range(3):
        frame[frame.index(b"\xff\x51") + 40 + 3 * component] = 11
    path = file(tmp_path, bytes(frame), BitsAllocated=16)

    with pytest.raises(Undecodable, match="subsampled otherwise"):
        decoded(encoded(path), tmp_path)


def test_components_that_claim_to_be_mixed_are_refused(tmp_path: Path) -> None:
    frame = bytearray(halved_chroma(tmp_path, 2, 2))
    frame[frame.index(b"\xff\x52") + 8] = 1
    path = file(tmp_path, bytes(frame))

    with pytest.raises(Undecodable, match="subsampled otherwise"):
        decoded(encoded(path), tmp_path)


@pytest.mark.parametrize("lost_bytes", [4, 100, 600])
def test_one_that_breaks_off_is_refused_not_filled_up(lost_bytes: int, tmp_path: Path) -> None:
    path = file(tmp_path, halved_chroma(tmp_path, 2, 2)[:-lost_bytes])

    with pytest.raises(Undecodable):
        decoded(encoded(path), tmp_path)
