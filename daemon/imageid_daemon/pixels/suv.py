"""The factor from a PET image's modality values to SUV by body weight (g/ml). Pure.

After the QIBA/PET vendor-neutral pseudo-code for SUV ("SUV_vendorneutral_pseudocode",
QIBA wiki, Standardized Uptake Value). What it takes for granted is asked for here: where a
fact is missing there is no factor, and a reason instead.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, time, timedelta

# A millionth of the dose is left by then: a wrong date, not a late scan.
_LONGEST_DECAY_HALF_LIVES = 20
_GRAMS_PER_KILOGRAM = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PetFacts:
    """What the factor is made of; None where the image does not say.

    Args:
        units: BQML, CNTS, GML, …
        suv_type: SUVType, of images whose Units are GML.
        decay_correction: NONE, START or ADMIN.
        injected: RadiopharmaceuticalStartDateTime; a time alone where there is no date.
        series: SeriesDate and SeriesTime, `acquisition` likewise.
        corrected_to: DecayCorrectionDateTime of Enhanced PET (PS3.3 C.8.22), in place of
            `decay_correction` and the times of the scan.
        unit_factor: from modality values to `units`.
        ge_scan: when the scan began, as GE's images say privately: (0009,100D).
        philips_suv_factor: from counts to SUV, (7053,1000).
        philips_activity_factor: from counts to Bq/ml, (7053,1009).
    """

    units: str | None = None
    suv_type: str | None = None
    corrected_image: tuple[str, ...] = ()
    decay_correction: str | None = None
    patient_weight_kg: float | None = None
    dose_bq: float | None = None
    half_life_seconds: float | None = None
    injected: datetime | time | None = None
    series: datetime | None = None
    acquisition: datetime | None = None
    frame_reference_time_ms: float | None = None
    frame_duration_ms: float | None = None
    corrected_to: datetime | None = None
    unit_factor: float = 1.0
    ge_scan: datetime | None = None
    philips_suv_factor: float | None = None
    philips_activity_factor: float | None = None
    radiopharmaceuticals: int = 1


class Missing(Exception):
    """The image does not say enough; the text says what is missing."""


def body_weight_factor(facts: PetFacts) -> float:
    """The factor, above 0 and finite.

    Raises:
        Missing: there is none.
    """
    try:
        factor = _factor(facts) * facts.unit_factor
    except ArithmeticError:
        factor = math.inf
    if not 0 < factor < math.inf:
        raise Missing("its numbers are out of any range")
    return factor


def _factor(facts: PetFacts) -> float:
    if facts.units == "GML":
        if facts.suv_type not in (None, "BW"):
            raise Missing("its values are SUV by another measure than body weight (SUVType)")
        return 1.0
    for correction in ("ATTN", "DECY"):
        if correction not in facts.corrected_image:
            raise Missing(f"CorrectedImage does not contain {correction}")
    if facts.units == "CNTS":
        return _of_counts(facts)
    if facts.units != "BQML":
        raise Missing("Units are missing, or neither BQML, CNTS nor GML")
    return _of_activity(facts)


def _of_counts(facts: PetFacts) -> float:
    if facts.philips_suv_factor:
        return facts.philips_suv_factor
    if facts.philips_activity_factor:
        return facts.philips_activity_factor * _of_activity(facts)
    raise Missing("Units are CNTS, and no private SUV scale factor says what a count is")


def _of_activity(facts: PetFacts) -> float:
    weight_kg = _above_zero(facts.patient_weight_kg, "PatientWeight")
    dose_bq = _above_zero(facts.dose_bq, "RadionuclideTotalDose")
    if facts.radiopharmaceuticals > 1:
        raise Missing("it names more than one radiopharmaceutical")
    return weight_kg * _GRAMS_PER_KILOGRAM / (dose_bq * _remaining(facts))


def _remaining(facts: PetFacts) -> float:
    """The fraction of the dose that was left at the time that the values are corrected to."""
    if facts.decay_correction == "ADMIN":
        return 1.0
    if facts.decay_correction != "START" and facts.corrected_to is None:
        raise Missing("DecayCorrection is missing, or neither START nor ADMIN")
    half_life_seconds = _above_zero(facts.half_life_seconds, "RadionuclideHalfLife")
    scan = facts.corrected_to or _scan_start(facts, half_life_seconds)
    half_lives = _decay_seconds(facts.injected, scan) / half_life_seconds
    if not 0 <= half_lives <= _LONGEST_DECAY_HALF_LIVES:
        raise Missing("the radiopharmaceutical's start does not go with the time of the scan")
    return math.pow(2, -half_lives)


def _scan_start(facts: PetFacts, half_life_seconds: float) -> datetime:
    """When the scan began; the series' time is later where the series was made afterwards."""
    if facts.acquisition is None:
        raise Missing("AcquisitionDate or AcquisitionTime is missing")
    if facts.series is not None and facts.series <= facts.acquisition:
        return facts.series
    if facts.ge_scan is not None:
        return facts.ge_scan
    reference_ms, duration_ms = facts.frame_reference_time_ms, facts.frame_duration_ms
    if not reference_ms or reference_ms <= 0 or not duration_ms or duration_ms <= 0:
        raise Missing(
            "the series was made after the scan, and FrameReferenceTime or ActualFrameDuration, "
            "which tell when that began, are missing"
        )
    average_seconds = _average_seconds(duration_ms / 1000, half_life_seconds)
    return facts.acquisition + timedelta(seconds=average_seconds - reference_ms / 1000)


def _average_seconds(duration_seconds: float, half_life_seconds: float) -> float:
    """When in the frame its average count rate occurred, from its start."""
    decay_constant = math.log(2) / half_life_seconds
    decay = decay_constant * duration_seconds
    return math.log(decay / -math.expm1(-decay)) / decay_constant


def _decay_seconds(injected: datetime | time | None, scan: datetime) -> float:
    if injected is None:
        raise Missing(
            "RadiopharmaceuticalStartDateTime and RadiopharmaceuticalStartTime are missing"
        )
    if isinstance(injected, datetime):
        return (scan - injected).total_seconds()
    same_day = datetime.combine(scan.date(), injected)
    # Injected before midnight, scanned after it.
    start = same_day if same_day <= scan else same_day - timedelta(days=1)
    return (scan - start).total_seconds()


def _above_zero(value: float | None, keyword: str) -> float:
    if value is None or value <= 0:
        raise Missing(f"{keyword} is missing or 0")
    return value
