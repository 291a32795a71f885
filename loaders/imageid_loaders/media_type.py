"""Content-Type fields, read tolerantly (RFC 9110 section 8.3.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_PARAMETER = re.compile(r""";\s*([^\s=;"]+)\s*=\s*("(?:[^"\\]|\\.)*"|[^;]*)""")
_UNKNOWN = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class MediaType:
    """
    Args:
        name: type and subtype in lower case.
        parameters: names in lower case; values as sent, without their quotes.
    """

    name: str = _UNKNOWN
    parameters: Mapping[str, str] = field(default_factory=dict)


def parse_media_type(value: str | None) -> MediaType:
    """A field value as sent; one that is missing or empty is application/octet-stream."""
    name = (value or "").partition(";")[0].strip().lower()
    found = _PARAMETER.findall(value or "")
    # Where a parameter comes twice the first counts, as browsers have it.
    parameters = {key.lower(): _unquoted(text) for key, text in reversed(found)}
    return MediaType(name or _UNKNOWN, parameters)


def _unquoted(text: str) -> str:
    text = text.strip()
    if text.startswith('"') and text.endswith('"') and len(text) > 1:
        return re.sub(r"\\(.)", r"\1", text[1:-1])
    return text
