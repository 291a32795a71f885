"""Values that DICOM JSON leaves elsewhere (BulkDataURI, PS3.18 F.2.2), as far as needed."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from imageid_daemon.pixels import limits

# Palettes, segmented ones, ICC profile, entries of lookup tables, overlays.
_NEEDED = r"0028(?:120[1-4]|122[1-4]|2000|3006)|60[0-9A-F]{2}3000"
_TAG = re.compile(_NEEDED)
_REFERENCE = re.compile(rf'"(?:{_NEEDED})"\s*:\s*\{{[^{{}}]*"BulkDataURI"'.encode())

Attribute = dict[str, Any]


def may_be_in(document: bytes) -> bool:
    """Whether it is worth reading a document for them; most refer to their pixels alone."""
    return _REFERENCE.search(document) is not None


def find(attributes: Iterable[tuple[str, Attribute]]) -> list[str]:
    """Every URI that stands for a needed value, each once, as many as are worth asking for."""
    found: dict[str, None] = {}
    for uri in _uris(attributes):
        if len(found) == limits.BULK_REFERENCES:
            break
        found[uri] = None
    return list(found)


def _uris(attributes: Iterable[tuple[str, Attribute]]) -> Iterator[str]:
    for tag, attribute in attributes:
        uri = attribute.get("BulkDataURI")
        if isinstance(uri, str) and _TAG.fullmatch(tag) and len(uri) <= limits.BULK_URI_CHARACTERS:
            yield uri
        for item in _items(attribute):
            yield from _uris(_attributes(item))


def filled(attribute: Attribute, values: Mapping[str, bytes]) -> Attribute:
    """The same with what is known of the values, at any depth."""
    data = values.get(str(attribute.get("BulkDataURI")))
    if data is not None:
        # Words of other VRs too: DICOM JSON has binary values of no number.
        vr = "OB" if attribute.get("vr") == "OB" else "OW"
        return {"vr": vr, "InlineBinary": b64encode(data).decode()}
    if not values or attribute.get("vr") != "SQ":
        return attribute
    items = [_filled_item(item, values) for item in attribute.get("Value") or []]
    return {**attribute, "Value": items}


def _filled_item(item: Any, values: Mapping[str, bytes]) -> Any:
    if not isinstance(item, dict):
        return item
    return item | {tag: filled(attribute, values) for tag, attribute in _attributes(item)}


def _items(attribute: Attribute) -> list[Attribute]:
    value = attribute.get("Value") if attribute.get("vr") == "SQ" else None
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _attributes(item: Attribute) -> list[tuple[str, Attribute]]:
    return [(tag, value) for tag, value in item.items() if isinstance(value, dict)]
