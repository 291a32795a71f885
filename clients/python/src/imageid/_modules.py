"""The parts of an image's metadata that are groups of values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupTable:
    """A table of a Modality LUT, a VOI LUT or a palette (PS3.3 C.11.1.1, C.11.2.1, C.7.9).

    Args:
        first_mapped: the input value of the first entry; lower ones give the first entry,
            those beyond the last give the last.
        bits: of the range of the entries, 8 to 16.
        entries: 16-bit unsigned, little-endian.
    """

    first_mapped: int
    bits: int
    entries: bytes
    explanation: str | None = None

    @property
    def array(self) -> NDArray[np.uint16]:
        """The entries: read-only, of shape (entries,).

        Raises:
            ImportError: numpy is not installed.
        """
        array: NDArray[np.uint16] = _numpy().frombuffer(self.entries, "<u2")
        return array


@dataclass(frozen=True, slots=True, kw_only=True)
class PaletteColorLookupTable:
    """A palette.

    Args:
        supplemental: the image is grey below the first mapped value and coloured from there on.
    """

    red: LookupTable
    green: LookupTable
    blue: LookupTable
    alpha: LookupTable | None = None
    supplemental: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlay:
    """An overlay plane (PS3.3 C.9.2).

    Args:
        group: 0x6000 to 0x60FE, even.
        origin_row: of its first sample in the image, 1-based; origin_column likewise.
        type: "G" for graphics, "R" for a region of interest.
        data: one bit a sample, in rows, the first sample in the lowest bit.
        embedded: the bits came out of the pixel data.
    """

    group: int
    rows: int
    columns: int
    origin_row: int
    origin_column: int
    type: str
    label: str | None = None
    description: str | None = None
    subtype: str | None = None
    data: bytes
    embedded: bool = False
    roi_area: float | None = None
    roi_mean: float | None = None
    roi_standard_deviation: float | None = None

    @property
    def array(self) -> NDArray[np.bool_]:
        """The samples, of shape (rows, columns).

        Raises:
            ImportError: numpy is not installed.
        """
        numpy = _numpy()
        count = self.rows * self.columns
        bits = numpy.frombuffer(self.data, "u1")
        array: NDArray[np.bool_] = numpy.unpackbits(bits, count=count, bitorder="little").view("?")
        return array.reshape(self.rows, self.columns)


@dataclass(frozen=True, slots=True, kw_only=True)
class UltrasoundRegion:
    """A calibrated region of an ultrasound image (PS3.3 C.8.5.5).

    Args:
        min_x0: in pixels of the image, 0-based, both ends inside; the other three likewise.
        physical_units_x_direction: codes: 3 is cm, 4 seconds, 7 cm a second, …
        physical_delta_x: physical units from one pixel to the next.
        reference_pixel_x0: from the region's corner.
        transducer_frequency: kHz.
    """

    min_x0: int
    min_y0: int
    max_x1: int
    max_y1: int
    spatial_format: int | None = None
    data_type: int | None = None
    flags: int | None = None
    physical_units_x_direction: int | None = None
    physical_units_y_direction: int | None = None
    physical_delta_x: float | None = None
    physical_delta_y: float | None = None
    reference_pixel_x0: int | None = None
    reference_pixel_y0: int | None = None
    reference_pixel_physical_value_x: float | None = None
    reference_pixel_physical_value_y: float | None = None
    transducer_frequency: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PetImage:
    """What a PET image says of activity (PS3.3 C.8.9.1, C.8.9.2, C.8.9.4).

    Args:
        units: "BQML", "CNTS", "GML", …
        decay_correction: "NONE", "START" or "ADMIN".
        frame_reference_time: ms, as actual_frame_duration.
        radionuclide_total_dose: Bq.
        radionuclide_half_life: s.
        patient_weight: kg.
        suvbw: factor from modality values to SUV by body weight, g/ml.
        suvbw_absent_because: what is missing for suvbw; empty where it is there.
    """

    units: str | None = None
    corrected_image: tuple[str, ...] | None = None
    decay_correction: str | None = None
    frame_reference_time: float | None = None
    actual_frame_duration: float | None = None
    decay_factor: float | None = None
    radionuclide_total_dose: float | None = None
    radionuclide_half_life: float | None = None
    radiopharmaceutical_start_time: str | None = None
    radiopharmaceutical_start_date_time: str | None = None
    patient_weight: float | None = None
    suvbw: float | None = None
    suvbw_absent_because: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RtDose:
    """What an RT Dose image says of its values (PS3.3 C.8.8.3)."""

    dose_grid_scaling: float | None = None
    dose_units: str | None = None
    dose_type: str | None = None
    dose_summation_type: str | None = None


def _numpy() -> Any:
    try:
        import numpy
    except ImportError:
        raise ImportError("array needs numpy: pip install imageid[numpy]") from None
    return numpy
