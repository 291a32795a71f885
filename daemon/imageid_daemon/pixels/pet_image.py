"""The PET modules of a data set (PS3.3 C.8.9.1, C.8.9.2, C.8.9.4, of Enhanced PET C.8.22)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from typing import Any

from pydicom import Dataset
from pydicom.valuerep import DA, DT, TM

from imageid_daemon.pixels import real_world_values, suv
from imageid_daemon.pixels.attributes import items, number, text, texts
from imageid_daemon.pixels.functional_groups import ImageAttributes
from imageid_daemon.pixels.metadata_modules import PetImage

_ENHANCED_PET = "1.2.840.10008.5.1.4.1.1.130"
# UCUM codes of context group 84 as they are and as they were, and what Units calls them.
_UNITS = {"g/ml{SUVbw}": "GML", "{SUVbw}g/ml": "GML", "Bq/ml": "BQML"}
_GE, _PHILIPS = "GEMS_PETD_01", "Philips PET Private Group"


def read(frame: ImageAttributes) -> PetImage | None:
    """What a PET image says; None where the image is another."""
    attributes = frame.attributes
    if text(attributes, "Modality") != "PT":
        return None
    radiopharmaceuticals = items(attributes, "RadiopharmaceuticalInformationSequence")
    injected = radiopharmaceuticals[0] if radiopharmaceuticals else Dataset()
    facts = _facts(attributes, injected, len(radiopharmaceuticals))
    enhanced = text(attributes, "SOPClassUID") == _ENHANCED_PET
    try:
        suvbw, absent_because = _factor(frame, facts, enhanced), ""
    except suv.Missing as missing:
        suvbw, absent_because = None, str(missing)
    return PetImage(
        units=facts.units,
        corrected_image=facts.corrected_image,
        decay_correction=facts.decay_correction,
        frame_reference_time=facts.frame_reference_time_ms,
        actual_frame_duration=facts.frame_duration_ms,
        decay_factor=number(attributes, "DecayFactor"),
        radionuclide_total_dose=facts.dose_bq,
        radionuclide_half_life=facts.half_life_seconds,
        radiopharmaceutical_start_time=text(injected, "RadiopharmaceuticalStartTime"),
        radiopharmaceutical_start_date_time=text(injected, "RadiopharmaceuticalStartDateTime"),
        patient_weight=facts.patient_weight_kg,
        suvbw=suvbw,
        suvbw_absent_because=absent_because,
    )


def _factor(frame: ImageAttributes, facts: suv.PetFacts, enhanced: bool) -> float:
    return suv.body_weight_factor(_with_enhanced(frame, facts) if enhanced else facts)


def _with_enhanced(frame: ImageAttributes, facts: suv.PetFacts) -> suv.PetFacts:
    """What Enhanced PET says in attributes of its own.

    Raises:
        suv.Missing: no unit that it says is known here.
    """
    attributes = frame.attributes
    factors = real_world_values.factors(frame)
    unit = next((unit for unit in _UNITS if unit in factors), None)
    if unit is None:
        raise suv.Missing(
            "RealWorldValueMappingSequence does not map the values in proportion to Bq/ml or "
            "g/ml{SUVbw}"
        )
    said = {"ATTN": "AttenuationCorrected", "DECY": "DecayCorrected"}
    corrected = [name for name, keyword in said.items() if text(attributes, keyword) == "YES"]
    corrected_to = text(attributes, "DecayCorrectionDateTime")
    return replace(
        facts,
        units=_UNITS[unit],
        unit_factor=factors[unit],
        corrected_image=tuple(corrected),
        corrected_to=_date_time(corrected_to, text(attributes, "TimezoneOffsetFromUTC")),
    )


def _facts(attributes: Dataset, injected: Dataset, radiopharmaceuticals: int) -> suv.PetFacts:
    return suv.PetFacts(
        units=text(attributes, "Units"),
        suv_type=text(attributes, "SUVType"),
        corrected_image=texts(attributes, "CorrectedImage"),
        decay_correction=text(attributes, "DecayCorrection"),
        patient_weight_kg=number(attributes, "PatientWeight"),
        dose_bq=number(injected, "RadionuclideTotalDose"),
        half_life_seconds=number(injected, "RadionuclideHalfLife"),
        injected=_injected(attributes, injected),
        series=_moment(attributes, "SeriesDate", "SeriesTime"),
        acquisition=_moment(attributes, "AcquisitionDate", "AcquisitionTime"),
        frame_reference_time_ms=number(attributes, "FrameReferenceTime"),
        frame_duration_ms=number(attributes, "ActualFrameDuration"),
        ge_scan=_date_time(_private(attributes, 0x0009, _GE, 0x0D), None),
        philips_suv_factor=_private_number(attributes, 0x00),
        philips_activity_factor=_private_number(attributes, 0x09),
        radiopharmaceuticals=radiopharmaceuticals,
    )


def _injected(attributes: Dataset, injected: Dataset) -> datetime | time | None:
    zone = text(attributes, "TimezoneOffsetFromUTC")
    whole = _date_time(text(injected, "RadiopharmaceuticalStartDateTime"), zone)
    return whole or _time(text(injected, "RadiopharmaceuticalStartTime"))


def _moment(attributes: Dataset, date_keyword: str, time_keyword: str) -> datetime | None:
    """A date and a time, in the data set's own time zone."""
    date, at = text(attributes, date_keyword), _time(text(attributes, time_keyword))
    try:
        day = DA(date) if date else None
    except ValueError:
        return None
    return datetime.combine(day, at) if day is not None and at is not None else None


def _time(found: str | None) -> time | None:
    try:
        at = TM(found) if found else None
    except ValueError:
        return None
    return time(at.hour, at.minute, at.second, at.microsecond) if at is not None else None


def _date_time(found: str | None, zone: str | None) -> datetime | None:
    """A moment in the data set's time zone; an offset is left out where that is not known.

    Args:
        zone: TimezoneOffsetFromUTC, of the other dates and times.
    """
    try:
        moment = DT(found) if found and len(found) >= 12 else None
        if moment is None:
            return None
        if moment.tzinfo is not None and zone:
            home = DT(f"20000101000000{zone}").tzinfo
            return moment.astimezone(home).replace(tzinfo=None) if home else None
        return datetime.combine(moment.date(), moment.time())
    except (ValueError, OverflowError):
        return None


def _private_number(attributes: Dataset, element: int) -> float | None:
    try:
        return float(_private(attributes, 0x7053, _PHILIPS, element) or "")
    except ValueError:
        return None


def _private(attributes: Dataset, group: int, creator: str, element: int) -> str | None:
    """A private attribute's text, whatever its VR has become on its way."""
    try:
        value: Any = attributes.private_block(group, creator)[element].value
    except Exception:
        return None  # absent, or broken: pydicom converts on access and raises what it likes
    text_of = value.decode("latin-1") if isinstance(value, bytes) else str(value)
    return text_of.strip(" \0") or None
