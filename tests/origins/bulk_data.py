"""DICOM JSON whose bulk data stand elsewhere, as an origin's metadata have them (PS3.18 F.2.2)."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

NEEDED = re.compile(r"0028(120[1-3]|122[1-3]|2000|3006)|60..3000")
PIXEL_DATA = "7FE00010"


@dataclass
class Moved:
    """Replaces values by URIs.

    Args:
        uri_of: what stands for the value number N.
        values: what was moved, by the URI that stands for it.
    """

    uri_of: Callable[[int], str]
    values: dict[str, bytes] = field(default_factory=dict)

    def document(self, item: dict[str, Any]) -> dict[str, Any]:
        """The same data set; its pixel data are elsewhere too, and are nobody's to fetch."""
        kept = {tag: self._attribute(tag, each) for tag, each in item.items() if tag != PIXEL_DATA}
        if PIXEL_DATA in item:
            kept[PIXEL_DATA] = {"vr": "OW", "BulkDataURI": self.uri_of(0)}
        return kept

    def _attribute(self, tag: str, attribute: dict[str, Any]) -> dict[str, Any]:
        if attribute["vr"] == "SQ":
            return {**attribute, "Value": [self.document(each) for each in attribute["Value"]]}
        if NEEDED.fullmatch(tag) is None:
            return attribute
        uri = self.uri_of(len(self.values) + 1)
        self.values[uri] = _octets(attribute)
        return {"vr": attribute["vr"], "BulkDataURI": uri}


def _octets(attribute: dict[str, Any]) -> bytes:
    if "InlineBinary" in attribute:
        return base64.b64decode(attribute["InlineBinary"])
    return np.array(attribute["Value"], "<i4").astype("<u2").tobytes()
