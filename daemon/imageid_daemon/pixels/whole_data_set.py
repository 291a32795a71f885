"""The whole data set as one DICOM JSON object (PS3.18 F), without bulk data."""

from __future__ import annotations

from typing import Any

import msgspec

from imageid_daemon.pixels.metadata_document import attributes, without_bulk_data
from imageid_daemon.pixels.part10 import Part10

_AVAILABLE_TRANSFER_SYNTAX_UID = "00083002"


def of_document(document: bytes) -> bytes:
    """Strip the bulk data from an instance's own DICOM JSON.

    Raises:
        Undecodable: it is not DICOM JSON.
    """
    return msgspec.json.encode(without_bulk_data(attributes(document)))


def of_part10(found: Part10) -> bytes:
    """Write the header of a Part 10 file; attributes that cannot be read are left out."""
    header = found.attributes
    # What the handler gives stands in a BulkDataURI, by which it is found and dropped.
    document = header.to_json_dict(
        bulk_data_element_handler=lambda element: "", suppress_invalid_tags=True
    )
    # PS3.18 F.2.1 leaves out group 0002; this attribute tells the syntax instead.
    document[_AVAILABLE_TRANSFER_SYNTAX_UID] = {"vr": "UI", "Value": [found.transfer_syntax_uid]}
    return msgspec.json.encode(without_bulk_data(document), enc_hook=_plain)


def _plain(value: Any) -> str | int | float:
    """Undo pydicom's subclasses of str, int and float."""
    for base in (str, int, float):
        if isinstance(value, base):
            return base(value)
    raise TypeError(type(value).__name__)
