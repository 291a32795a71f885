"""One frame's functional groups as DICOM JSON, flattened (PS3.3 C.7.6.16; PS3.18 F)."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

_SHARED, _PER_FRAME = "52009229", "52009230"


def flattened(data_set: Json, frame: int) -> Json:
    """The attributes of the items of the frame's macros, its own over the shared ones.

    Where a macro has several items, or two macros have an attribute in common, the first
    item of the last macro counts. Empty where the data set has no functional groups.

    Args:
        data_set: a DICOM JSON object.
        frame: 1-based.
    """
    shared, own = _item(data_set, _SHARED, 0), _item(data_set, _PER_FRAME, frame - 1)
    found: Json = {}
    for group in (shared, own):
        for macro in group:
            found |= _item(group, macro, 0)
    return found


def _item(holder: Json, tag: str, index: int) -> Json:
    attribute = holder.get(tag)
    if not isinstance(attribute, dict) or attribute.get("vr") != "SQ":
        return {}
    items = attribute.get("Value")
    if not isinstance(items, list) or not 0 <= index < len(items):
        return {}
    return items[index] if isinstance(items[index], dict) else {}
