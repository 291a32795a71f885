"""The Image Pixel module (PS3.3 C.7.6.3) as far as decoding depends on it, checked."""

from __future__ import annotations

from dataclasses import dataclass

from pydicom import Dataset

from imageid_daemon.pixels import limits
from imageid_daemon.pixels.attributes import integer, text
from imageid_daemon.pixels.encoded_frame import Instance
from imageid_loaders.errors import NotFound, Undecodable, Unsupported

_FLOAT_BITS = {"FloatPixelData": 32, "DoubleFloatPixelData": 64}


@dataclass(frozen=True, slots=True)
class ImagePixel:
    """How the samples of one frame are stored.

    Args:
        photometric_interpretation: as written, upper case.
        signed: PixelRepresentation is 1.
        floating: the samples are Float or Double Float Pixel Data.
    """

    rows: int
    columns: int
    samples_per_pixel: int
    photometric_interpretation: str
    bits_allocated: int
    bits_stored: int
    high_bit: int
    signed: bool
    planar_configuration: int
    number_of_frames: int
    floating: bool = False

    @property
    def sample_count(self) -> int:
        """Of one frame."""
        return self.rows * self.columns * self.samples_per_pixel

    @property
    def dtype(self) -> str:
        """NumPy's name of the sample type, little-endian."""
        if self.floating:
            return f"<f{self.bits_allocated // 8}"
        return f"<{'i' if self.signed else 'u'}{self.sample_bits // 8}"

    @property
    def sample_bits(self) -> int:
        """Of the type that holds one sample: the next that NumPy has above BitsAllocated."""
        return next(bits for bits in (8, 16, 32, 64) if bits >= self.bits_allocated)

    @property
    def shape(self) -> tuple[int, ...]:
        """(rows, columns) or (rows, columns, samples)."""
        plane = (self.rows, self.columns)
        return plane if self.samples_per_pixel == 1 else (*plane, self.samples_per_pixel)


def of_instance(instance: Instance) -> ImagePixel:
    """Read the module.

    Raises:
        Undecodable: a value is missing or contradicts another.
        Unsupported: no SampleType of the contract holds the samples.
        TooLarge: the frame exceeds the limit.
    """
    return read(instance.attributes, instance.pixel_keyword or "PixelData")


def read(attributes: Dataset, keyword: str = "PixelData") -> ImagePixel:
    """The same, of a data set whose pixel data are in the attribute `keyword`."""
    allocated = _FLOAT_BITS.get(keyword) or _required(attributes, "BitsAllocated")
    stored = integer(attributes, "BitsStored") or allocated
    samples = integer(attributes, "SamplesPerPixel") or 1
    pixel = ImagePixel(
        rows=_required(attributes, "Rows"),
        columns=_required(attributes, "Columns"),
        samples_per_pixel=samples,
        photometric_interpretation=_photometric(attributes, samples),
        bits_allocated=allocated,
        bits_stored=stored,
        high_bit=_high_bit(attributes, allocated, stored),
        signed=integer(attributes, "PixelRepresentation") == 1,
        planar_configuration=integer(attributes, "PlanarConfiguration") or 0,
        number_of_frames=max(integer(attributes, "NumberOfFrames") or 1, 1),
        floating=keyword in _FLOAT_BITS,
    )
    _check(pixel)
    return pixel


def check_frame_number(frame: int | None, number_of_frames: int) -> int:
    """Give the 1-based frame, the first where none is named.

    Raises:
        NotFound: there is no such frame.
    """
    if frame is None:
        return 1
    if not 1 <= frame <= number_of_frames:
        noun = "frame" if number_of_frames == 1 else "frames"
        raise NotFound(
            f"there is no frame {frame}: the image has {number_of_frames} {noun}, "
            "counted from 1; ask for one of them"
        )
    return frame


def _required(attributes: Dataset, keyword: str) -> int:
    value = integer(attributes, keyword)
    if value is None or not 0 < value < 65536:
        raise Undecodable(
            f"the image cannot be decoded because its header has no usable {keyword}; "
            "ask for ENCODED to get it as it is"
        )
    return value


def _photometric(attributes: Dataset, samples: int) -> str:
    found = text(attributes, "PhotometricInterpretation")
    if found:
        return found.upper()
    return "MONOCHROME2" if samples == 1 else "RGB"


def _high_bit(attributes: Dataset, allocated: int, stored: int) -> int:
    found = integer(attributes, "HighBit")
    if found is None or not stored - 1 <= found < allocated:
        return stored - 1
    return found


def _check(pixel: ImagePixel) -> None:
    if pixel.bits_allocated > 64:
        raise Unsupported(
            f"the image cannot be decoded because samples of {pixel.bits_allocated} bits "
            "allocated have no type in this contract; ask for ENCODED"
        )
    if not 1 <= pixel.bits_stored <= pixel.bits_allocated and not pixel.floating:
        raise Undecodable(
            f"the image cannot be decoded because its header says {pixel.bits_stored} bits "
            f"stored in {pixel.bits_allocated} allocated; ask for ENCODED to get it as it is"
        )
    if pixel.samples_per_pixel not in (1, 2, 3, 4):
        raise Undecodable(
            f"the image cannot be decoded because its header says {pixel.samples_per_pixel} "
            "samples per pixel; ask for ENCODED to get it as it is"
        )
    limits.check_frame(pixel.sample_count * pixel.sample_bits // 8)
