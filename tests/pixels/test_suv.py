"""The factor to SUV by body weight, against numbers computed by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some
from pydicom import Dataset, dcmread

from imageid_daemon.pixels import Encoded, describe, dicom_json
from imageid_daemon.pixels.suv import Missing, PetFacts, body_weight_factor
from pixels.material import encoded, grey

NOON = datetime(2021, 3, 4, 12)
# 70 kg; of 400 MBq half is left after one half-life of two hours: 70 000 g / 200 MBq.
FACTS = PetFacts(
    units="BQML",
    corrected_image=("DECY", "ATTN", "SCAT"),
    decay_correction="START",
    patient_weight_kg=70.0,
    dose_bq=400e6,
    half_life_seconds=7200.0,
    injected=NOON - timedelta(hours=2),
    series=NOON,
    acquisition=NOON,
)
HALF_LEFT = 3.5e-4
ALL_LEFT = 1.75e-4


def test_the_dose_decays_from_the_injection_to_the_series() -> None:
    later_bed_position = replace(FACTS, acquisition=NOON + timedelta(minutes=9))

    assert body_weight_factor(FACTS) == pytest.approx(HALF_LEFT)
    assert body_weight_factor(later_bed_position) == pytest.approx(HALF_LEFT)


def test_a_dose_that_the_values_are_corrected_to_does_not_decay() -> None:
    facts = replace(FACTS, decay_correction="ADMIN", series=None, acquisition=None, injected=None)

    assert body_weight_factor(facts) == pytest.approx(ALL_LEFT)


def test_a_series_made_after_the_scan_does_not_tell_when_that_began() -> None:
    remade = replace(FACTS, series=NOON + timedelta(days=3))

    with pytest.raises(Missing, match="made after the scan"):
        body_weight_factor(remade)


def test_ge_says_privately_when_the_scan_began() -> None:
    remade = replace(
        FACTS,
        series=NOON + timedelta(days=3),
        acquisition=NOON + timedelta(minutes=30),
        ge_scan=NOON,
    )

    assert body_weight_factor(remade) == pytest.approx(HALF_LEFT)


def test_the_frame_says_when_the_scan_began_by_the_time_of_its_average_count_rate() -> None:
    # With a half-life of 2 h and a frame of 2 h, the average occurs at
    # ln(ln 2 / (1 - 1/2)) / (ln 2 / 7200 s) = 7200 * ln(2 ln 2) / ln 2 = 3392.88 s.
    remade = replace(
        FACTS,
        series=NOON + timedelta(days=3),
        acquisition=NOON + timedelta(seconds=1000),
        frame_reference_time_ms=1000_000 + 3392_882.115,
        frame_duration_ms=7200_000.0,
    )

    assert body_weight_factor(remade) == pytest.approx(HALF_LEFT, rel=1e-7)


@pytest.mark.parametrize(
    ("injected", "scanned"),
    [(time(10), NOON), (time(23), datetime(2021, 3, 4, 1))],
    ids=["the same day", "the day before"],
)
def test_an_injection_without_a_date_was_less_than_a_day_ago(
    injected: time, scanned: datetime
) -> None:
    facts = replace(FACTS, injected=injected, series=scanned, acquisition=scanned)

    assert body_weight_factor(facts) == pytest.approx(HALF_LEFT)


def test_philips_counts_have_a_factor_of_their_own() -> None:
    facts = PetFacts(units="CNTS", corrected_image=("ATTN", "DECY"), philips_suv_factor=0.000551)

    assert body_weight_factor(facts) == 0.000551


def test_philips_counts_may_be_turned_into_activity_first() -> None:
    facts = replace(FACTS, units="CNTS", philips_activity_factor=2.0)

    assert body_weight_factor(facts) == pytest.approx(2 * HALF_LEFT)


def test_values_that_are_suv_already_need_no_more_facts() -> None:
    assert body_weight_factor(PetFacts(units="GML")) == 1.0
    assert body_weight_factor(PetFacts(units="GML", suv_type="BW")) == 1.0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"patient_weight_kg": None}, "PatientWeight"),
        ({"patient_weight_kg": 0.0}, "PatientWeight"),
        ({"dose_bq": 0.0}, "RadionuclideTotalDose"),
        ({"half_life_seconds": None}, "RadionuclideHalfLife"),
        ({"corrected_image": ("DECY",)}, "ATTN"),
        ({"corrected_image": ("ATTN",)}, "DECY"),
        ({"decay_correction": "NONE"}, "DecayCorrection"),
        ({"decay_correction": None}, "DecayCorrection"),
        ({"units": "PROPCPS"}, "Units"),
        ({"units": "CNTS"}, "CNTS"),
        ({"units": "GML", "suv_type": "LBM"}, "SUVType"),
        ({"injected": None}, "RadiopharmaceuticalStart"),
        ({"acquisition": None}, "Acquisition"),
        ({"injected": NOON + timedelta(seconds=1)}, "does not go with"),
        ({"injected": NOON - timedelta(days=400)}, "does not go with"),
        ({"radiopharmaceuticals": 2}, "more than one"),
    ],
    ids=str,
)
def test_where_a_fact_is_missing_there_is_no_factor(change: dict[str, Any], reason: str) -> None:
    with pytest.raises(Missing, match=reason):
        body_weight_factor(replace(FACTS, **change))


@given(
    half_lives=some.floats(0, 18),
    weight_kg=some.floats(1, 300),
    dose_bq=some.floats(1e6, 1e10),
    half_life_seconds=some.floats(60, 1e6),
)
def test_a_half_life_more_doubles_the_factor(
    half_lives: float, weight_kg: float, dose_bq: float, half_life_seconds: float
) -> None:
    facts = replace(
        FACTS, patient_weight_kg=weight_kg, dose_bq=dose_bq, half_life_seconds=half_life_seconds
    )

    def after(number: float) -> float:
        injected = NOON - timedelta(seconds=number * half_life_seconds)
        return body_weight_factor(replace(facts, injected=injected))

    assert after(half_lives + 1) == pytest.approx(2 * after(half_lives), rel=1e-6)


ODD = some.floats(allow_nan=False, allow_infinity=False)
MOMENTS = some.datetimes()


@given(
    weight_kg=ODD,
    dose_bq=ODD,
    half_life_seconds=ODD,
    reference_ms=ODD,
    duration_ms=ODD,
    injected=MOMENTS | some.times(),
    series=MOMENTS,
    acquisition=MOMENTS,
)
def test_whatever_the_image_says_the_factor_is_finite_or_missing(
    weight_kg: float,
    dose_bq: float,
    half_life_seconds: float,
    reference_ms: float,
    duration_ms: float,
    injected: datetime | time,
    series: datetime,
    acquisition: datetime,
) -> None:
    facts = replace(
        FACTS,
        patient_weight_kg=weight_kg,
        dose_bq=dose_bq,
        half_life_seconds=half_life_seconds,
        frame_reference_time_ms=reference_ms,
        frame_duration_ms=duration_ms,
        injected=injected,
        series=series,
        acquisition=acquisition,
    )

    try:
        factor = body_weight_factor(facts)
    except Missing:
        return
    assert 0 < factor < float("inf")


def pet(path: Path, injected: dict[str, Any], **attributes: Any) -> Path:
    item = Dataset()
    for keyword, value in injected.items():
        setattr(item, keyword, value)
    said = {
        "Modality": "PT",
        "Units": "BQML",
        "CorrectedImage": ["ATTN", "DECY"],
        "DecayCorrection": "START",
        "PatientWeight": "70",
        "SeriesDate": "20210304",
        "SeriesTime": "120000",
        "AcquisitionDate": "20210304",
        "AcquisitionTime": "120500.5",
        "RadiopharmaceuticalInformationSequence": [item],
        **attributes,
    }
    return grey(path, np.zeros((2, 3), np.uint16), **said)


DOSE = {"RadionuclideTotalDose": "400000000", "RadionuclideHalfLife": "7200"}


def test_a_pet_image_says_its_activity_and_the_factor(tmp_path: Path) -> None:
    path = pet(tmp_path / "a.dcm", {**DOSE, "RadiopharmaceuticalStartTime": "100000"})

    found = describe(encoded(path)).pet_image

    assert found is not None
    assert (found.units, found.decay_correction) == ("BQML", "START")
    assert found.corrected_image == ("ATTN", "DECY")
    assert (found.radionuclide_total_dose, found.patient_weight) == (400e6, 70.0)
    assert found.radiopharmaceutical_start_time == "100000"
    assert found.suvbw == pytest.approx(HALF_LEFT)
    assert found.suvbw_absent_because == ""


@pytest.mark.parametrize(
    ("start", "zone"),
    [
        ("20210304100000.000000", None),
        ("20210304100000+0500", None),
        ("20210304090000+0000", "+0100"),
        ("20210303213000.5-1130", "+0100"),
    ],
    ids=["no offset", "an offset alone", "two offsets", "the day before"],
)
def test_an_offset_counts_where_that_of_the_data_set_is_known(
    tmp_path: Path, start: str, zone: str | None
) -> None:
    path = pet(
        tmp_path / "a.dcm",
        {
            **DOSE,
            "RadiopharmaceuticalStartDateTime": start,
            "RadiopharmaceuticalStartTime": "000000",
        },
        **({"TimezoneOffsetFromUTC": zone} if zone else {}),
    )

    found = describe(encoded(path)).pet_image

    assert found is not None
    assert found.suvbw == pytest.approx(HALF_LEFT, rel=1e-4)


def test_a_pet_image_that_lacks_a_fact_says_which(tmp_path: Path) -> None:
    path = pet(tmp_path / "a.dcm", DOSE, PatientWeight=None)

    found = describe(encoded(path)).pet_image

    assert found is not None
    assert found.suvbw is None
    assert found.suvbw_absent_because == "PatientWeight is missing or 0"


def test_what_ge_and_philips_say_privately_is_read(tmp_path: Path) -> None:
    start = {**DOSE, "RadiopharmaceuticalStartTime": "100000"}
    ge = pet(tmp_path / "ge.dcm", start, SeriesDate="20210401")
    image = dcmread(ge)
    image.private_block(0x0009, "GEMS_PETD_01", create=True).add_new(0x0D, "DT", "20210304120000")
    image.save_as(ge)
    philips = dcmread(pet(tmp_path / "philips.dcm", start, Units="CNTS"))
    block = philips.private_block(0x7053, "Philips PET Private Group", create=True)
    block.add_new(0x00, "DS", "0.25")
    philips.save_as(tmp_path / "philips.dcm")

    by_ge, by_philips = encoded(ge), encoded(tmp_path / "philips.dcm")

    for way in (lambda file: file, lambda file: Encoded("", "", dicom_json=dicom_json(file))):
        said_by_ge, said_by_philips = (describe(way(f)).pet_image for f in (by_ge, by_philips))
        assert said_by_ge is not None and said_by_philips is not None
        assert said_by_ge.suvbw == pytest.approx(HALF_LEFT)
        assert said_by_philips.suvbw == 0.25


def enhanced(path: Path, mappings: list[tuple[str, float, float]], **attributes: Any) -> Path:
    """Two frames, of which the second is rescaled by 4; decay is corrected at noon.

    Args:
        mappings: unit, slope and intercept from stored values of the second frame.
    """
    item = Dataset()
    item.RadionuclideTotalDose, item.RadionuclideHalfLife = "400000000", "7200"
    item.RadiopharmaceuticalStartDateTime = "20210304100000"
    first, second = (frame_groups([("Bq/ml", 2.0, 0.0)], 2), frame_groups(mappings, 4))
    said = {
        "SOPClassUID": "1.2.840.10008.5.1.4.1.1.130",
        "Modality": "PT",
        "PatientWeight": "70",
        "AttenuationCorrected": "YES",
        "DecayCorrected": "YES",
        "DecayCorrectionDateTime": "20210304120000",
        "RadiopharmaceuticalInformationSequence": [item],
        "PerFrameFunctionalGroupsSequence": [first, second],
        "NumberOfFrames": 2,
        **attributes,
    }
    return grey(path, np.zeros((4, 3), np.uint16), **said | {"Rows": 2})


def frame_groups(mappings: list[tuple[str, float, float]], rescale_slope: int) -> Dataset:
    rescaling, groups = Dataset(), Dataset()
    rescaling.RescaleSlope, rescaling.RescaleIntercept = str(rescale_slope), "0"
    groups.PixelValueTransformationSequence = [rescaling]
    groups.RealWorldValueMappingSequence = [mapping(*each) for each in mappings]
    return groups


def mapping(unit: str, slope: float, intercept: float) -> Dataset:
    code, mapped = Dataset(), Dataset()
    code.CodeValue = unit
    mapped.MeasurementUnitsCodeSequence = [code]
    mapped.RealWorldValueSlope, mapped.RealWorldValueIntercept = slope, intercept
    return mapped


@pytest.mark.parametrize(
    ("mappings", "factor"),
    [
        ([("Bq/ml", 4.0, 0.0)], HALF_LEFT),
        ([("Bq/ml", 8.0, 0.0)], 2 * HALF_LEFT),
        ([("Bq/ml", 4.0, 0.0), ("g/ml{SUVbw}", 0.5, 0.0)], 0.125),
        ([("{SUVbw}g/ml", 0.5, 0.0)], 0.125),
    ],
)
def test_enhanced_pet_says_by_its_real_world_values_what_a_frame_measures(
    tmp_path: Path, mappings: list[tuple[str, float, float]], factor: float
) -> None:
    path = enhanced(tmp_path / "a.dcm", mappings)

    by_file = describe(encoded(path, 2)).pet_image
    json = dicom_json(encoded(path))
    by_document = describe(Encoded("", "", dicom_json=json, frame=2)).pet_image

    assert by_file is not None
    assert by_file.suvbw == pytest.approx(factor)
    assert by_document == by_file


@pytest.mark.parametrize(
    ("mappings", "attributes", "reason"),
    [
        ([], {}, "RealWorldValueMappingSequence"),
        ([("g/ml{SUVlbm}", 1.0, 0.0)], {}, "RealWorldValueMappingSequence"),
        ([("Bq/ml", 4.0, 1.0)], {}, "in proportion"),
        ([("Bq/ml", 4.0, 0.0), ("Bq/ml", 2.0, 0.0)], {}, "in proportion"),
        ([("Bq/ml", 4.0, 0.0)], {"DecayCorrected": "NO"}, "DECY"),
        ([("Bq/ml", 4.0, 0.0)], {"AttenuationCorrected": None}, "ATTN"),
        ([("Bq/ml", 4.0, 0.0)], {"DecayCorrectionDateTime": None}, "DecayCorrection"),
        ([("Bq/ml", 4.0, 0.0)], {"DecayCorrectionDateTime": "2021030409"}, "DecayCorrection"),
    ],
)
def test_enhanced_pet_that_lacks_a_fact_says_which(
    tmp_path: Path,
    mappings: list[tuple[str, float, float]],
    attributes: dict[str, Any],
    reason: str,
) -> None:
    path = enhanced(tmp_path / "a.dcm", mappings, **attributes)

    found = describe(encoded(path, 2)).pet_image

    assert found is not None
    assert found.suvbw is None
    assert reason in found.suvbw_absent_because


def test_other_modalities_say_nothing_of_activity() -> None:
    assert describe(encoded("CT_small.dcm")).pet_image is None
