"""DICOM JSON (PS3.18 F): cut a document into instances, read one, write one."""

from __future__ import annotations

from typing import Any

import msgspec

from imageid_daemon.pixels import limits
from imageid_loaders.errors import TooLarge, Undecodable

_SOP_INSTANCE_UID = "00080018"
_BULK_VRS = ("OB", "OD", "OF", "OL", "OV", "OW", "UN")
_BULK_CHARACTERS = 1400  # base64 of 1 KiB


class _Uid(msgspec.Struct):
    value: list[str] = msgspec.field(name="Value", default_factory=list)


class _Identity(msgspec.Struct):
    sop_instance_uid: _Uid | None = msgspec.field(name=_SOP_INSTANCE_UID, default=None)


def split(document: bytes) -> dict[str, bytes]:
    """Cut out the bytes of each instance without reading more of them than the UID.

    Raises:
        Undecodable: the document is not DICOM JSON.
    """
    try:
        instances = msgspec.json.decode(document, type=list[msgspec.Raw] | dict[str, msgspec.Raw])
        if isinstance(instances, dict):
            instances = [msgspec.Raw(document)]
        found = {_identify(instance): bytes(instance) for instance in instances}
    except (msgspec.MsgspecError, RecursionError) as error:
        raise _no_dicom_json() from error
    if instances and not any(found):
        raise _no_dicom_json()
    found.pop("", None)
    return found


def attributes(document: bytes) -> dict[str, dict[str, Any]]:
    """Read one instance: its attributes by tag, eight upper-case hexadecimal digits.

    Raises:
        Undecodable: the document is not DICOM JSON, or its sequences lie too deep.
        TooLarge: the document exceeds the limit.
    """
    if len(document) > limits.DOCUMENT_LIMIT_BYTES:
        raise TooLarge(
            f"the metadata were not read because they have {len(document)} bytes, more than the "
            f"limit of {limits.DOCUMENT_LIMIT_BYTES}; ask for the image without metadata"
        )
    try:
        found = msgspec.json.decode(document, type=dict[str, dict[str, Any]])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise _no_dicom_json() from error
    _check_depth(found)
    return found


def _check_depth(found: dict[str, dict[str, Any]]) -> None:
    """Look level by level: what reads it afterwards does so by recursion."""
    level: list[Any] = [found]
    for _ in range(limits.SEQUENCE_DEPTH + 1):
        values = [attribute.get("Value") for item in level for attribute in _attributes(item)]
        level = [item for value in values if isinstance(value, list) for item in value]
        level = [item for item in level if isinstance(item, dict)]
        if not level:
            return
    raise Undecodable(
        "the metadata cannot be read because their sequences lie more than "
        f"{limits.SEQUENCE_DEPTH} deep; check the origin's answer"
    )


def _attributes(item: dict[str, Any]) -> list[dict[str, Any]]:
    return [attribute for attribute in item.values() if isinstance(attribute, dict)]


def without_bulk_data(found: dict[str, Any]) -> dict[str, Any]:
    """Leave out every attribute whose value is elsewhere or long, at any depth."""
    return {tag: _item(value) for tag, value in found.items() if not _is_bulk(value)}


def _item(value: Any) -> Any:
    if not isinstance(value, dict) or value.get("vr") != "SQ":
        return value
    items = value.get("Value", [])
    kept = [without_bulk_data(item) if isinstance(item, dict) else item for item in items]
    return {**value, "Value": kept}


def _is_bulk(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    long = len(value.get("InlineBinary") or "") > _BULK_CHARACTERS
    return "BulkDataURI" in value or (long and value.get("vr") in _BULK_VRS)


def _identify(instance: msgspec.Raw) -> str:
    uid = msgspec.json.decode(instance, type=_Identity).sop_instance_uid
    return uid.value[0] if uid is not None and uid.value else ""


def _no_dicom_json() -> Undecodable:
    return Undecodable(
        "the metadata cannot be read because they are not DICOM JSON; "
        "check that the origin answers /metadata with application/dicom+json"
    )
