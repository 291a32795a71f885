"""Enumerations of the contract, as the daemon's own values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from imageid_loaders.errors import InvalidOption

T = TypeVar("T")


def one_of(table: Mapping[Any, T], value: int, field: str) -> T:
    """What the value of a field stands for.

    Raises:
        InvalidOption: the table does not know the value.
    """
    if value not in table:
        raise InvalidOption(f"{field} has a value that this daemon does not know.", field=field)
    return table[value]
