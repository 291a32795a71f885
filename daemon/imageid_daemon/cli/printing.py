"""Answers on stdout: columns for people, JSON for programs."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from google.protobuf.timestamp_pb2 import Timestamp


def print_json(value: object) -> None:
    """JSON whose keys keep their order; bytes are base64, as in JSON of protobuf."""
    typer.echo(json.dumps(value, indent=2, ensure_ascii=False, default=_base64))


def print_facts(facts: Mapping[str, object]) -> None:
    """A name and its value on each line; a fact that is None is left out.

    Facts within facts have both names, "pet_image.units", and numbers in lists, from 1.
    """
    print_columns([(name, text(value)) for name, value in _flat(facts) if value is not None])


def _flat(facts: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in facts.items():
        if isinstance(value, Mapping):
            yield from _flat({f"{name}.{inner}": each for inner, each in value.items()})
        elif isinstance(value, Sequence) and any(isinstance(each, Mapping) for each in value):
            yield from _flat({f"{name}.{number}": each for number, each in enumerate(value, 1)})
        else:
            yield name, value


def _base64(value: object) -> str:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    raise TypeError(f"{type(value).__name__} is not of JSON")


def print_columns(rows: Sequence[Sequence[str]]) -> None:
    """Aligned columns, the same on a terminal and in a pipe: nothing is cut or coloured."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(padded).rstrip())


def text(value: object) -> str:
    """A value as a person writes it."""
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, bytes):
        return size_text(len(value))
    if isinstance(value, Iterable) and not isinstance(value, str):
        return ", ".join(text(item) for item in value)
    return str(value)


def size_text(size_bytes: int) -> str:
    """A size in the unit that fits it, e.g. "1.5 MiB"."""
    amount, units = float(size_bytes), iter(("KiB", "MiB", "GiB", "TiB"))
    unit = "bytes"
    while abs(amount) >= 1024 and (larger := next(units, None)):
        amount, unit = amount / 1024, larger
    return f"{amount:.0f} {unit}" if unit == "bytes" else f"{amount:.1f} {unit}"


def utc(time: Timestamp) -> str:
    """A time to the second (RFC 3339)."""
    return time.ToDatetime(UTC).isoformat(timespec="seconds")
