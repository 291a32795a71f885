"""Read attribute values of a data set; what is missing or cannot be read is absent."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache
from typing import Any

from pydicom import Dataset
from pydicom.dataelem import RawDataElement
from pydicom.tag import BaseTag, Tag

from imageid_daemon.pixels import raw_values

Key = str | int
"""A keyword, or the tag of an attribute that has none (repeating groups)."""


def values(attributes: Dataset, keyword: Key) -> tuple[Any, ...]:
    """Every value; () where the attribute is missing, empty or broken."""
    if not is_present(attributes, keyword):
        return ()
    try:
        value = attributes[_tag(keyword)].value
    except Exception:
        return ()  # pydicom converts on access and raises what it likes
    if value is None or value == "":
        return ()
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return tuple(value)
    return (value,)


def is_present(attributes: Dataset, keyword: Key) -> bool:
    """Most of what is asked for is missing, and pydicom's own way to find that out is slow."""
    present = attributes.keys()
    return _tag(keyword) in present


def _raw(attributes: Dataset, keyword: Key) -> RawDataElement | None:
    """An attribute that pydicom has not converted yet."""
    found = attributes.get_item(_tag(keyword))
    return found if isinstance(found, RawDataElement) else None


@cache
def _tag(keyword: Key) -> BaseTag:
    return Tag(keyword)


def numbers(attributes: Dataset, keyword: Key) -> tuple[float, ...]:
    """Every value as a finite number; () where one is not."""
    if not is_present(attributes, keyword):
        return ()
    raw = _raw(attributes, keyword)
    found = None if raw is None else raw_values.numbers(raw)
    try:
        if found is None:
            found = tuple(float(value) for value in values(attributes, keyword))
    except (TypeError, ValueError):
        return ()
    return found if all(map(math.isfinite, found)) else ()


def number(attributes: Dataset, keyword: Key) -> float | None:
    """The first value as a finite number."""
    found = numbers(attributes, keyword)
    return found[0] if found else None


def integer(attributes: Dataset, keyword: Key) -> int | None:
    """The first value, where it is a whole number of 32 bits, signed as in the contract."""
    found = number(attributes, keyword)
    if found is None or not found.is_integer() or not -(2**31) <= found < 2**31:
        return None
    return int(found)


def integers(attributes: Dataset, keyword: Key) -> tuple[int, ...]:
    """Every value as a whole number; () where one is not."""
    found = numbers(attributes, keyword)
    whole = all(value.is_integer() and abs(value) < 2**31 for value in found)
    return tuple(map(int, found)) if whole else ()


def texts(attributes: Dataset, keyword: Key) -> tuple[str, ...]:
    """Every value as text without the padding around it."""
    if not is_present(attributes, keyword):
        return ()
    raw = _raw(attributes, keyword)
    found = None if raw is None else raw_values.texts(raw)
    if found is not None:
        return found
    return tuple(str(value).strip() for value in values(attributes, keyword))


def text(attributes: Dataset, keyword: Key) -> str | None:
    """The first value as text, None where it is blank."""
    found = texts(attributes, keyword)
    return found[0] or None if found else None


def items(attributes: Dataset, keyword: Key) -> tuple[Dataset, ...]:
    """Every item of a sequence."""
    return tuple(found for found in values(attributes, keyword) if isinstance(found, Dataset))


def item(attributes: Dataset, keyword: Key, index: int = 0) -> Dataset | None:
    """One item of a sequence; the others are not touched, there may be 100 000."""
    if not is_present(attributes, keyword):
        return None
    try:
        value = attributes[_tag(keyword)].value
        chosen = value[index] if 0 <= index < len(value) else None
    except Exception:
        return None  # as in `values`
    return chosen if isinstance(chosen, Dataset) else None
