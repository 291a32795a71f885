"""Header fields as origins really write them. What cannot be read is None, never a guess."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from types import MappingProxyType

# RFC 9111 section 1.2.2: what is longer counts as this.
LONGEST_SECONDS = float(2**31)

# A longer Cache-Control is read each time: what is remembered is bounded.
_KNOWN_CHARACTERS = 256

# A member of a list: commas inside of quoted strings are its own (RFC 9110 section 5.6.1).
_MEMBER = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*"?)+')
_ESCAPED = re.compile(r"\\(.)")

_TIME = r"(?P<hour>\d\d):(?P<minute>\d\d):(?P<second>\d\d)"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = f"(?P<month>{'|'.join(_MONTHS)})"
# The three forms of RFC 9110 section 5.6.7. The name of the day says nothing new.
_DATE_FORMS = tuple(
    re.compile(form, re.ASCII)
    for form in (
        rf"[A-Z][a-z]{{2}}, (?P<day>\d\d) {_MONTH} (?P<year>\d{{4}}) {_TIME} GMT",
        rf"[A-Z][a-z]+day, (?P<day>\d\d)-{_MONTH}-(?P<year>\d\d) {_TIME} GMT",
        rf"[A-Z][a-z]{{2}} {_MONTH} (?P<day>[ \d]\d) {_TIME} (?P<year>\d{{4}})",
    )
)
# A year of two digits is one from 1970 to 2069: no HTTP is older.
_FIRST_YEAR_OF_TWO_DIGITS = 70


def members(text: str) -> list[str]:
    """The members of a list, without the empty ones."""
    return [member for found in _MEMBER.findall(text) if (member := found.strip())]


def directives(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Cache-Control by directive, in lower case. Of one given twice the first counts."""
    text = headers.get("cache-control", "")
    return _known_directives(text) if len(text) <= _KNOWN_CHARACTERS else _directives(text)


def _directives(text: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for member in members(text):
        name, _, argument = member.partition("=")
        # No space around "=": what has one is another directive, or no number.
        found.setdefault(name.lower(), _unquoted(argument))
    return MappingProxyType(found)


# An origin says the same of all its images, and a series is looked at thousands of times.
_known_directives = lru_cache(maxsize=256)(_directives)


def delta_seconds(text: str | None) -> float | None:
    """A whole number of seconds (RFC 9111 section 1.2.2)."""
    if text is None or not text.isascii() or not text.isdigit():
        return None
    # Not int() first: Python refuses numbers of thousands of digits.
    digits = text.lstrip("0") or "0"
    return LONGEST_SECONDS if len(digits) > 10 else min(float(digits), LONGEST_SECONDS)


# What comes together was made together.
@lru_cache(maxsize=256)
def http_date(text: str | None) -> float | None:
    """An HTTP-date in Unix seconds (RFC 9110 section 5.6.7)."""
    for form in _DATE_FORMS:
        if found := form.fullmatch((text or "").strip()):
            return _unix_seconds(found)
    return None


def _unix_seconds(date: re.Match[str]) -> float | None:
    year = int(date["year"])
    if len(date["year"]) == 2:
        year += 1900 if year >= _FIRST_YEAR_OF_TWO_DIGITS else 2000
    month = _MONTHS.index(date["month"]) + 1
    # A leap second is the second before it: datetime knows none.
    second = 59 if date["second"] == "60" else int(date["second"])
    try:
        moment = datetime(
            year, month, int(date["day"]), int(date["hour"]), int(date["minute"]), second,
            tzinfo=UTC,
        )  # fmt: skip
    except ValueError:
        return None
    return moment.timestamp()


def _unquoted(argument: str) -> str:
    if len(argument) >= 2 and argument[0] == argument[-1] == '"':
        return _ESCAPED.sub(r"\1", argument[1:-1])
    return argument
