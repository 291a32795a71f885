"""Modules of PS3.3 that are lists or groups of values, as the contract gives them."""

from __future__ import annotations

import msgspec


class Overlay(msgspec.Struct, omit_defaults=True, frozen=True):
    """One overlay plane of one frame (PS3.3 C.9.2).

    Args:
        group: 0x6000 to 0x60FE, even.
        origin_row: of its first sample in the image, 1-based; `origin_column` likewise.
        type: "G" or "R"; "" where the image does not say.
        data: one bit a sample, in rows, the first sample in the lowest bit.
        embedded: the bits came out of the pixel data, above HighBit.
    """

    group: int
    rows: int
    columns: int
    origin_row: int
    origin_column: int
    type: str
    data: bytes
    label: str | None = None
    description: str | None = None
    subtype: str | None = None
    embedded: bool = False
    roi_area: float | None = None
    roi_mean: float | None = None
    roi_standard_deviation: float | None = None


class UltrasoundRegion(msgspec.Struct, omit_defaults=True, frozen=True):
    """One calibrated region of an ultrasound image (PS3.3 C.8.5.5).

    Args:
        min_x0: in pixels of the image, 0-based, both ends inside; the other three likewise.
        physical_delta_x: physical units from one pixel to the next.
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


class PetImage(msgspec.Struct, omit_defaults=True, frozen=True):
    """What a PET image says of activity (PS3.3 C.8.9.1, C.8.9.2, C.8.9.4).

    Args:
        frame_reference_time: ms; `actual_frame_duration` likewise.
        radionuclide_total_dose: Bq.
        radionuclide_half_life: s.
        patient_weight: kg.
        suvbw: from modality values to SUV by body weight, g/ml.
        suvbw_absent_because: what is missing for `suvbw`; "" where it is there.
    """

    units: str | None = None
    corrected_image: tuple[str, ...] = ()
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


class RtDose(msgspec.Struct, omit_defaults=True, frozen=True):
    """What an RT Dose image says of its values (PS3.3 C.8.8.3)."""

    dose_grid_scaling: float | None = None
    dose_units: str | None = None
    dose_type: str | None = None
    dose_summation_type: str | None = None
