"""Which instance a Part 10 file is, by its first bytes (PS3.10 section 7.1, PS3.5 section 7.1).

By its data set, as servers index it: the file meta information of a carelessly edited file
may name another instance.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

HEAD_BYTES = 2048
"""Enough for the file meta information and the few elements before SOPInstanceUID."""

_TRANSFER_SYNTAX_UID = 0x0002_0010
_SOP_INSTANCE_UID = 0x0008_0018
_IMPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2"
_EXPLICIT_VR_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_DEFLATED = ("1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.8.1")
_WITH_LONG_LENGTH = frozenset(
    (b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV")
)


@dataclass(frozen=True, slots=True)
class _Encoding:
    order: Literal["little", "big"] = "little"
    is_explicit: bool = True


def sop_instance_uid(head: bytes) -> str | None:
    """SOPInstanceUID (0008,0018) of the file that begins with `head`.

    Returns:
        None where `head` does not tell: too short, deflated, or no Part 10 file.
    """
    if head[128:132] != b"DICM":
        return None
    syntax, at = None, 132
    for tag, value, end in _elements(head, 132, _Encoding()):
        if tag >> 16 != 2:
            break
        at = end
        if tag == _TRANSFER_SYNTAX_UID:
            syntax = _text(value)
    if syntax is None or syntax in _DEFLATED:
        return None
    for tag, value, _ in _elements(head, at, _encoding(syntax)):
        if tag >= _SOP_INSTANCE_UID:
            return _text(value) if tag == _SOP_INSTANCE_UID else None
    return None


def _encoding(transfer_syntax_uid: str) -> _Encoding:
    if transfer_syntax_uid == _EXPLICIT_VR_BIG_ENDIAN:
        return _Encoding("big")
    return _Encoding(is_explicit=transfer_syntax_uid != _IMPLICIT_VR_LITTLE_ENDIAN)


def _elements(head: bytes, at: int, encoding: _Encoding) -> Iterator[tuple[int, bytes, int]]:
    """Tag, value and end of each element from `at` on that `head` has whole.

    One of undefined length ends them, for its length is not known.
    """
    order = encoding.order
    while at + 8 <= len(head):
        group = int.from_bytes(head[at : at + 2], order)
        tag = group << 16 | int.from_bytes(head[at + 2 : at + 4], order)
        begin, length_bytes = at + 8, 4
        if encoding.is_explicit and head[at + 4 : at + 6] in _WITH_LONG_LENGTH:
            begin = at + 12
        elif encoding.is_explicit:
            length_bytes = 2
        end = begin + int.from_bytes(head[begin - length_bytes : begin], order)
        if end > len(head):
            return
        yield tag, head[begin:end], end
        at = end


def _text(value: bytes) -> str:
    # Padded to even length by NUL, and by careless writers with a space.
    return value.decode("ascii", "replace").rstrip("\0 ")
