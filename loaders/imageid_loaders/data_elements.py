"""Data elements of PS3.5 section 7.1.2, explicit VR little-endian: written, never read.

Enough for files made up here, so that the daemon needs no DICOM library to make them.
"""

from __future__ import annotations

import struct
import uuid

Value = str | float | bytes | tuple[float, ...]
Attributes = dict[tuple[int, str], Value]
"""Values by tag and VR."""

_LONG = ("OB", "OW")
_DECIMAL_STRING_LETTERS = 16
_UID_SPACE = uuid.uuid5(uuid.NAMESPACE_URL, "imageid")
_IMPLEMENTATION_CLASS = "imageid"
_EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"


def uid_of(name: str) -> str:
    """The same UID for the same name, derived from a UUID (PS3.5 B.2)."""
    return f"2.25.{uuid.uuid5(_UID_SPACE, name).int}"


def part10_file(attributes: Attributes) -> bytes:
    """A file of PS3.10 section 7.1.

    Args:
        attributes: in any order; with SOPClassUID and SOPInstanceUID.
    """
    meta = _encoded(
        {
            (0x00020001, "OB"): b"\0\1",
            (0x00020002, "UI"): attributes[0x00080016, "UI"],
            (0x00020003, "UI"): attributes[0x00080018, "UI"],
            (0x00020010, "UI"): _EXPLICIT_VR_LITTLE_ENDIAN,
            (0x00020012, "UI"): uid_of(_IMPLEMENTATION_CLASS),
            (0x00020013, "SH"): "IMAGEID",
        }
    )
    length = _encoded({(0x00020000, "UL"): len(meta)})
    return b"".join((bytes(128), b"DICM", length, meta, _encoded(attributes)))


def _encoded(attributes: Attributes) -> bytes:
    return b"".join(_element(tag, vr, attributes[tag, vr]) for tag, vr in sorted(attributes))


def _element(tag: int, vr: str, value: Value) -> bytes:
    data = _data(vr, value)
    data += (b"\0" if vr in ("UI", *_LONG) else b" ") * (len(data) % 2)
    form = "<HH2sxxI" if vr in _LONG else "<HH2sH"
    return struct.pack(form, tag >> 16, tag & 0xFFFF, vr.encode(), len(data)) + data


def _data(vr: str, value: Value) -> bytes:
    if isinstance(value, bytes):
        return value
    if isinstance(value, tuple):
        return b"\\".join(_data(vr, each) for each in value)
    if vr in ("US", "UL"):
        return struct.pack("<H" if vr == "US" else "<I", value)
    text = value if isinstance(value, str) else _decimal_string(value)
    return text.encode("ascii")


def _decimal_string(value: float) -> str:
    """As exact as the 16 letters of a DS allow (PS3.5 table 6.2-1)."""
    texts = (f"{value:.{digits}g}" for digits in range(17, 0, -1))
    shortest = min(repr(value).removesuffix(".0"), next(texts), key=len)
    if len(shortest) <= _DECIMAL_STRING_LETTERS:
        return shortest
    return next(text for text in texts if len(text) <= _DECIMAL_STRING_LETTERS)
