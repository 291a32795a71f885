"""Fields that go with every request to an origin: `origins.NAME.headers`.

No message here repeats a value: it may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from imageid_daemon.config import values
from imageid_daemon.config.model import HeaderSetting

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110 section 5.6.2
_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")

# HTTP's own, the loaders', and what has settings of its own.
_RESERVED = re.compile(
    r"host|content-.*|transfer-encoding|te|trailer|connection|keep-alive|upgrade|expect"
    r"|proxy-.*|authorization|accept|accept-encoding|range|if-.*|cache-control",
    re.IGNORECASE,
)


def headers(value: object) -> tuple[HeaderSetting, ...]:
    """Read a table from field names to values, or to where they are."""
    table = value if isinstance(value, Mapping) else {}
    found = tuple(_header(str(name), written) for name, written in table.items())
    if not found:
        raise ValueError('this is not a table like { X-Api-Key = { file = "/etc/imageid/key" } }')
    if len({header.name for header in found}) < len(found):
        raise ValueError("a field stands here twice; their case does not matter")
    return found


def shown(value: object) -> object:
    """What may be shown of such a table: an administrator may have written a secret into it."""
    if not isinstance(value, Mapping):
        return "…"
    return {name: "…" if isinstance(text, str) else text for name, text in value.items()}


def _header(name: str, written: object) -> HeaderSetting:
    if not _TOKEN.fullmatch(name):
        raise ValueError(f"{name!r} is not a field name")
    if _RESERVED.fullmatch(name):
        raise ValueError(f"{name} is not a field that can be set here")
    match written:
        case str() if _VALUE.fullmatch(written):
            return HeaderSetting(name.lower(), written)
        case {"file": str() as file, **more} if not more and Path(file).expanduser().is_absolute():
            return HeaderSetting(name.lower(), file=Path(file).expanduser())
        case {"env": variable, **more} if not more:
            return HeaderSetting(name.lower(), variable=values.variable_name(variable))
    raise ValueError(
        f"{name} needs a value of printable ASCII, {{ file = an absolute path }} or"
        " { env = the name of a variable }"
    )
