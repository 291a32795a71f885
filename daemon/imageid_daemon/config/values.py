"""How one value is written, whether in TOML, in a variable or as a flag.

Each function takes the value as it was found and returns what it means; the ValueError
says what would be allowed, as a clause that follows the setting's name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import msgspec

from imageid_daemon.config.model import MinFree

_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(?:([kmgt])(i)?)?b?", re.IGNORECASE)
_TIME = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h)")
_PERCENT = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*%")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}


def text(value: object) -> str:
    """Read a text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{value!r} is not a text")
    return value.strip()


def texts(value: object) -> tuple[str, ...]:
    """Read a list; a variable or a flag writes it with commas."""
    if isinstance(value, str):
        value = [item.strip() for item in value.split(",") if item.strip()]
    if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
        raise ValueError(f"{value!r} is not a list of texts")
    return tuple(value)


def size_bytes(value: object) -> int:
    """Read `20GiB`, `500MB` or a number of bytes."""
    found = _SIZE.fullmatch(str(value).strip()) if type(value) in (str, int) else None
    if found is None:
        raise ValueError(f"{value!r} is not a size like 20GiB, 500MB or 1048576 (bytes)")
    number, unit, binary = found.groups()
    exponent = " kmgt".index(unit.lower()) if unit else 0
    return int(float(number) * (1024**exponent if binary else 1000**exponent))


def seconds(value: object) -> float:
    """Read `30s`, `5m` or `250ms`; more than nothing."""
    found = _TIME.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or not float(found[1]):
        raise ValueError(f"{value!r} is not a time like 30s, 5m or 250ms")
    return float(found[1]) * _SECONDS[found[2]]


def min_free(value: object) -> MinFree:
    """Read a share of the disk, `5%`, or an amount like a size."""
    found = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is not None and float(found[1]) < 100:
        return MinFree(percent=float(found[1]))
    try:
        return MinFree(amount_bytes=size_bytes(value))
    except ValueError:
        raise ValueError(f"{value!r} is neither a share like 5% nor a size like 10GiB") from None


def share(value: object) -> float:
    """Read `90%`, from 0 to 100; gives it from 0 to 1."""
    found = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None or float(found[1]) > 100:
        raise ValueError(f"{value!r} is not a share from 0% to 100%")
    return float(found[1]) / 100


def yes_or_no(value: object) -> bool:
    """Read true or false; a variable may also say 1 or 0."""
    try:
        return msgspec.convert(value, bool, strict=False)
    except msgspec.ValidationError:
        raise ValueError(f"{value!r} is neither true nor false") from None


def whole(low: int, high: int) -> Callable[[object], int]:
    """Make the reader of a whole number within these limits."""

    def read(value: object) -> int:
        try:
            number = msgspec.convert(value, int, strict=False)
        except msgspec.ValidationError:
            number = low - 1
        if isinstance(value, bool) or not low <= number <= high:
            raise ValueError(f"{value!r} is not a whole number from {low} to {high}")
        return number

    return read


def positive(value: object) -> float:
    """Read a number above 0."""
    try:
        number = msgspec.convert(value, float, strict=False)
    except msgspec.ValidationError:
        number = 0.0
    if isinstance(value, bool) or not 0.0 < number < float("inf"):
        raise ValueError(f"{value!r} is not a number above 0")
    return number


def one_of(*words: str) -> Callable[[object], str]:
    """Make the reader of one of these words, in any case."""

    def read(value: object) -> str:
        word = value.strip().lower() if isinstance(value, str) else ""
        if word not in words:
            raise ValueError(f"{value!r} is none of {', '.join(words)}")
        return word

    return read


def path(value: object) -> Path:
    """Read a path; `~` is the home directory."""
    return Path(text(value)).expanduser()


def variable_name(value: object) -> str:
    """Read the name of an environment variable. What was written is not repeated.

    Somebody may have written the secret itself here.
    """
    name = value if isinstance(value, str) else ""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError("this is not the name of an environment variable")
    return name
