"""What is encoded comes back: type × bits stored × sign × colour × planes × frames × syntax."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import imagecodecs
import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, RLELossless

from pixels.material import decoded, encoded, part10

JPEG = "1.2.840.10008.1.2.4."


@dataclass(frozen=True)
class Form:
    """How the samples of one image are stored."""

    allocated: int
    stored: int
    signed: bool
    shape: tuple[int, ...]

    @property
    def dtype(self) -> str:
        width = next(width for width in (1, 2, 4, 8) if 8 * width >= self.allocated)
        return f"<{'i' if self.signed else 'u'}{width}"

    def frame(self, seed: int) -> np.ndarray:
        """Noise of the whole range of BitsStored."""
        low = -(1 << (self.stored - 1)) if self.signed else 0
        noise = np.random.default_rng(seed)
        return noise.integers(low, low + (1 << self.stored), self.shape).astype(self.dtype)

    def cut(self, array: np.ndarray) -> np.ndarray:
        """Two's complement in BitsStored bits: what a codec without sign is given."""
        unsigned = self.dtype.replace("i", "u")
        return array.view(unsigned) & np.array((1 << self.stored) - 1, unsigned)


def run_lengths(array: np.ndarray, form: Form) -> bytes:
    planes = array if array.ndim == 3 else array[..., None]
    segments = []
    for sample in range(planes.shape[2]):
        for byte in reversed(range(form.allocated // 8)):
            rows = (planes[..., sample] >> (8 * byte)).astype(np.uint8)
            packed = b"".join(imagecodecs.packbits_encode(row.tobytes()) for row in rows)
            segments.append(packed + b"\0" * (len(packed) % 2))
    starts = np.cumsum([64, *map(len, segments)])[:-1].tolist()
    header = [len(segments), *starts, *[0] * (15 - len(segments))]
    return struct.pack("<16I", *header) + b"".join(segments)


def deflated(array: np.ndarray, form: Form) -> bytes:
    machine = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return machine.compress(array.tobytes()) + machine.flush()


def jpeg_2000(array: np.ndarray, form: Form) -> bytes:
    return imagecodecs.jpeg2k_encode(
        array, reversible=True, codecformat="j2k", bitspersample=form.stored
    )


def jpeg_lossless(array: np.ndarray, form: Form) -> bytes:
    return imagecodecs.jpeg8_encode(
        form.cut(array), lossless=True, predictor=1, bitspersample=max(form.stored, 2)
    )


ENCODERS: dict[str, Callable[[np.ndarray, Form], bytes]] = {
    "1.2.840.10008.1.2.1.98": lambda array, form: array.tobytes(),
    "1.2.840.10008.1.2.8.1": deflated,
    "1.2.840.10008.1.2.5": run_lengths,
    f"{JPEG}57": jpeg_lossless,
    f"{JPEG}70": jpeg_lossless,
    f"{JPEG}80": lambda array, form: imagecodecs.jpegls_encode(form.cut(array)),
    f"{JPEG}90": jpeg_2000,
    f"{JPEG}91": jpeg_2000,
    f"{JPEG}110": lambda array, form: imagecodecs.jpegxl_encode(form.cut(array), lossless=True),
    f"{JPEG}112": lambda array, form: imagecodecs.jpegxl_encode(form.cut(array), lossless=True),
    f"{JPEG}201": lambda array, form: imagecodecs.htj2k_encode(array, reversible=True),
    f"{JPEG}202": lambda array, form: imagecodecs.htj2k_encode(array, reversible=True),
    f"{JPEG}203": lambda array, form: imagecodecs.htj2k_encode(array, reversible=True),
}
SHAPES = [(8, 8), (17, 23), (3, 3, 3), (3, 40, 3), (40, 3, 3), (16, 24, 3), (1, 9)]


@st.composite
def forms(draw: st.DrawFn, allocations: tuple[int, ...] = (8, 16)) -> Form:
    allocated = draw(st.sampled_from(allocations))
    stored = draw(st.integers(max(2, allocated // 2 + 1), min(allocated, 63)))
    return Form(allocated, stored, draw(st.booleans()), draw(st.sampled_from(SHAPES)))


def write(path: Path, frames: bytes | list[bytes], syntax: str, form: Form, **others: int) -> Path:
    colour = len(form.shape) == 3
    return part10(
        path,
        frames,
        syntax,
        Rows=form.shape[0],
        Columns=form.shape[1],
        SamplesPerPixel=3 if colour else 1,
        PhotometricInterpretation="RGB" if colour else "MONOCHROME2",
        BitsAllocated=form.allocated,
        BitsStored=form.stored,
        PixelRepresentation=int(form.signed),
        **({"PlanarConfiguration": 0} if colour else {}) | others,
    )


@settings(
    max_examples=150,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(form=forms(), syntax=st.sampled_from(list(ENCODERS)), seed=st.integers(0, 9))
def test_what_is_encoded_losslessly_comes_back(
    form: Form, syntax: str, seed: int, tmp_path: Path
) -> None:
    frames = [form.frame(seed), form.frame(seed + 10)]
    path = write(
        tmp_path / "a.dcm",
        [ENCODERS[syntax](frame, form) for frame in frames],
        syntax,
        form,
        NumberOfFrames=2,
    )

    found = [decoded(encoded(path, number), tmp_path)[0] for number in (1, 2)]

    assert [array.dtype for array in found] == [np.dtype(form.dtype)] * 2
    assert np.array_equal(found, frames)


@settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    form=forms((8, 16, 32)),
    planar=st.integers(0, 1),
    big_endian=st.booleans(),
    frames=st.integers(1, 3),
    seed=st.integers(0, 9),
)
def test_what_is_written_uncompressed_comes_back(
    form: Form, planar: int, big_endian: bool, frames: int, seed: int, tmp_path: Path
) -> None:
    arrays = [form.frame(seed + number) for number in range(frames)]
    colour = len(form.shape) == 3
    order = form.dtype.replace("<", ">" if big_endian else "<")
    stored = [np.moveaxis(array, -1, 0) if colour and planar else array for array in arrays]
    path = write(
        tmp_path / "a.dcm",
        b"".join(array.astype(order).tobytes() for array in stored),
        ExplicitVRBigEndian if big_endian else ExplicitVRLittleEndian,
        form,
        NumberOfFrames=frames,
        **({"PlanarConfiguration": planar} if colour else {}),
    )

    found = [decoded(encoded(path, number), tmp_path)[0] for number in range(1, frames + 1)]

    assert np.array_equal(found, arrays)


@settings(
    max_examples=40,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(form=forms((8, 16, 24, 32, 40, 64)), seed=st.integers(0, 9))
def test_run_lengths_of_every_width_come_back(form: Form, seed: int, tmp_path: Path) -> None:
    array = form.frame(seed)
    assume(form.allocated // 8 * array[0, 0].size <= 15)  # as many segments has the header
    path = write(tmp_path / "a.dcm", [run_lengths(array, form)], RLELossless, form)

    found, _ = decoded(encoded(path), tmp_path)

    assert np.array_equal(found, array)
