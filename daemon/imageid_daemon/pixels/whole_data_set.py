"""The whole data set as one DICOM JSON object (PS3.18 F), without bulk data."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from typing import Any

import msgspec
from pydicom import DataElement, Dataset
from pydicom.tag import BaseTag

from imageid_daemon.pixels.metadata_document import attributes, without_bulk_data
from imageid_daemon.pixels.part10 import Part10

_AVAILABLE_TRANSFER_SYNTAX_UID = "00083002"
# The default of pydicom's `Dataset.to_json_dict`.
_BULK_DATA_BYTES = 1024


def of_document(document: bytes) -> bytes:
    """Strip the bulk data from an instance's own DICOM JSON.

    Raises:
        Undecodable: it is not DICOM JSON.
    """
    return msgspec.json.encode(without_bulk_data(attributes(document)))


def of_part10(found: Part10) -> bytes:
    """Write the header of a Part 10 file; attributes that cannot be read are left out."""
    return _written(found.attributes, found.transfer_syntax_uid)


def parts_of_part10(found: Part10, tags: Collection[int]) -> bytes:
    """The same of some attributes alone."""
    chosen = Dataset()
    for tag in found.attributes.keys() & {BaseTag(tag) for tag in tags}:
        chosen[tag] = found.attributes.get_item(tag)
    return _written(chosen, found.transfer_syntax_uid)


def _written(header: Dataset, transfer_syntax_uid: str) -> bytes:
    document = _json(header)
    # PS3.18 F.2.1 leaves out group 0002; this attribute tells the syntax instead.
    document[_AVAILABLE_TRANSFER_SYNTAX_UID] = {"vr": "UI", "Value": [transfer_syntax_uid]}
    return msgspec.json.encode(without_bulk_data(document), enc_hook=_plain)


def _json(header: Dataset) -> dict[str, Any]:
    """As pydicom's `to_json_dict`, which either leaves out whatever is not by the letter of the
    standard (a UID with a leading zero), or fails for all where one cannot be read.
    """
    document = {}
    for tag in sorted(header.keys()):
        with suppress(Exception):  # pydicom converts on access and raises what it likes
            document[f"{tag:08X}"] = _element(header[tag])
    return document


def _element(element: DataElement) -> dict[str, Any]:
    if element.VR == "SQ":
        return {"vr": "SQ", "Value": [_json(item) for item in element.value]}
    # What the handler gives stands in a BulkDataURI, by which it is found and dropped.
    return element.to_json_dict(
        bulk_data_element_handler=lambda _: "", bulk_data_threshold=_BULK_DATA_BYTES
    )


def _plain(value: Any) -> str | int | float:
    """Undo pydicom's subclasses of str, int and float."""
    for base in (str, int, float):
        if isinstance(value, base):
            return base(value)
    raise TypeError(type(value).__name__)
