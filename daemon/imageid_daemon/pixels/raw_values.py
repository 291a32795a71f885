"""Values of attributes as they stand in the file, where they are what PS3.5 6.2 says.

pydicom takes ten times as long, and is for all the others: it knows what writers do instead.
"""

from __future__ import annotations

import re
import struct

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import RawDataElement

# Characters that are the same in every character set, without its escapes (PS3.5 6.1.2).
_PLAIN = re.compile(rb"[ -\[\]-}]+\0?")
_TEXTS = {
    "LO": _PLAIN,
    "SH": _PLAIN,
    "CS": re.compile(rb"[A-Z0-9_ \\]+\0?"),
    "DA": re.compile(rb"[0-9\\]+ ?"),
    "TM": re.compile(rb"[0-9.\\]+ ?"),
    "DT": re.compile(rb"[0-9.+\-\\]+ ?"),
    "UI": re.compile(rb"[0-9.\\]+\0?"),
}
_INTEGER = rb" *[+-]?[0-9]{1,9} *"
_DECIMAL = rb" *[+-]?[0-9]{1,14}(?:\.[0-9]{0,14})?(?:[eE][+-]?[0-9]{1,2})? *"
_NUMBERS = {
    "IS": re.compile(rb"%b(?:\\%b)*" % (_INTEGER, _INTEGER)),
    "DS": re.compile(rb"%b(?:\\%b)*" % (_DECIMAL, _DECIMAL)),
}
_FORMATS = {"US": "H", "SS": "h", "UL": "I", "SL": "i", "FL": "f", "FD": "d"}
_BINARY = {
    (vr, little): struct.Struct(("<" if little else ">") + code)
    for vr, code in _FORMATS.items()
    for little in (True, False)
}


def texts(element: RawDataElement) -> tuple[str, ...] | None:
    """Every value without the padding around it; None where pydicom must be asked."""
    form = _TEXTS.get(_vr(element) or "")
    data = element.value
    if form is None or data is None or form.fullmatch(data) is None:
        return None
    found = data.decode("ascii").rstrip(" \0")
    return tuple(each.strip() for each in found.split("\\")) if found else ()


def numbers(element: RawDataElement) -> tuple[float, ...] | None:
    """Every value; None where pydicom must be asked."""
    vr, data = _vr(element), element.value
    if vr is None or data is None:
        return None
    form = _NUMBERS.get(vr)
    if form is not None:
        plain = form.fullmatch(data) is not None
        return tuple(map(float, data.split(b"\\"))) if plain else None
    binary = _BINARY.get((vr, element.is_little_endian))
    # Several may be a LUT's descriptor, whose signs pydicom corrects.
    if binary is None or len(data) != binary.size:
        return None
    return (float(binary.unpack(data)[0]),)


def _vr(element: RawDataElement) -> str | None:
    if element.VR is not None:
        return element.VR
    try:
        return dictionary_VR(element.tag)
    except KeyError:
        return None
