"""A frame delivered on its own, with the instance's DICOM JSON beside it (WADO-RS)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydicom import Dataset
from pydicom.dataelem import DataElement
from pydicom.tag import Tag
from pydicom.uid import ExplicitVRLittleEndian

from imageid_daemon.pixels import bulk_references, limits, metadata_document, run_lengths
from imageid_daemon.pixels.codestream import Codestream, Family
from imageid_daemon.pixels.codestream_header import read as read_codestream
from imageid_daemon.pixels.description import Encoded
from imageid_daemon.pixels.encoded_frame import EncodedFrame, Instance
from imageid_daemon.pixels.image_pixel import ImagePixel
from imageid_daemon.pixels.pixel_data import native_lengths_bytes
from imageid_daemon.pixels.transfer_syntax import SYNTAXES, Codec
from imageid_loaders.errors import TooLarge, Undecodable

_PER_FRAME = "52009230"
# Where the attributes stand that decoding and describing look at; others may be many.
# 0009 and 7053 hold private facts of PET, 00101030 is PatientWeight.
_GROUPS: tuple[str, ...] = (
    *("0008", "0009", "00101030", "0018", "0020", "0028", "0048", "0054", "2050"),
    *("3004000", "5200", "60", "7053"),
)
_SYNTAX_TAGS = ("00083002", "00020010")
_RLE = "1.2.840.10008.1.2.5"
_SYNTAX_OF_MEDIA_TYPE = {"image/dicom-rle": _RLE, "image/x-dicom-rle": _RLE}
_CODECS_OF_FAMILY: dict[Family, tuple[Codec, ...]] = {
    "jpeg": ("jpeg",),
    "jpeg-lossless": ("jpeg",),
    "jpeg-ls": ("jpeg-ls",),
    "jpeg-2000": ("jpeg-2000", "htj2k"),
    "jpeg-xl": ("jpeg-xl", "recompressed jpeg"),
}
_SYNTAX_OF_FAMILY: dict[Family, str] = {
    "jpeg": "1.2.840.10008.1.2.4.51",
    "jpeg-lossless": "1.2.840.10008.1.2.4.57",
    "jpeg-ls": "1.2.840.10008.1.2.4.81",
    # jpeg2k_decode, which this chooses, also knows HTJ2K.
    "jpeg-2000": "1.2.840.10008.1.2.4.91",
    "jpeg-xl": "1.2.840.10008.1.2.4.112",
}


class Document:
    """An instance's DICOM JSON, of which many frames may be asked.

    Raises:
        Undecodable: the document is not DICOM JSON.
    """

    def __init__(self, encoded: Encoded) -> None:
        self._found = metadata_document.attributes(encoded.dicom_json or b"")
        self._values = dict(encoded.bulk)
        self._syntax = encoded.transfer_syntax_uid or _stated(self._found)

    def instance(self, frame: int | None) -> Instance:
        """Read the attributes; bulk data that are elsewhere, and not known, stay absent."""
        attributes = Dataset()
        for tag, value in self._attributes(frame):
            known = bulk_references.filled(value, self._values)
            if "BulkDataURI" not in known:
                _add(attributes, tag, known)
        return Instance(attributes, self._syntax)

    def references(self, frames: Sequence[int]) -> list[str]:
        """The URIs of what describing these frames needs and the document does not hold."""
        return bulk_references.find(each for frame in frames for each in self._attributes(frame))

    def _attributes(self, frame: int | None) -> Iterator[tuple[str, dict[str, Any]]]:
        for tag, value in self._found.items():
            if tag.startswith(_GROUPS):
                yield tag, _one_frame(value, frame) if tag == _PER_FRAME else value


def read_instance(encoded: Encoded) -> Instance:
    """Read the attributes of one frame.

    Raises:
        Undecodable: the document is not DICOM JSON.
    """
    return Document(encoded).instance(encoded.frame)


def read_frame(encoded: Encoded, stated: str | None, pixel: ImagePixel) -> EncodedFrame:
    """Read the frame and find out what it is; some origins label it wrongly.

    Args:
        stated: the transfer syntax that the origin named.

    Raises:
        Undecodable: uncompressed samples have not the length that the metadata say.
        TooLarge: the encoded frame exceeds the limit.
    """
    path = Path(encoded.path)
    if path.stat().st_size > limits.FRAME_LIMIT_BYTES:
        raise TooLarge("the frame was not decoded because its encoded form exceeds the limit")
    data = path.read_bytes()
    stated = _SYNTAX_OF_MEDIA_TYPE.get(encoded.media_type, stated)
    # Samples may begin like a codestream, but then they hardly have exactly their length.
    native = len(data) in native_lengths_bytes(pixel)
    stream = None if native and _is_native(stated) else _codestream(data)
    if stream is not None and _contradicts(stated, stream):
        return EncodedFrame(data, _SYNTAX_OF_FAMILY[stream.family])
    if stream is None and not native and run_lengths.are_in(data, pixel):
        return EncodedFrame(data, _RLE)
    if stream is None and (_is_native(stated) or (native and stated != _RLE)):
        _check_length(data, native)
        # PS3.18 8.7.3.4: uncompressed frames are little-endian, whatever is stored.
        return EncodedFrame(data, str(ExplicitVRLittleEndian))
    return EncodedFrame(data, stated or "")


def _codestream(data: bytes) -> Codestream | None:
    try:
        return read_codestream(data)
    except Undecodable:
        return None


def _is_native(syntax: str | None) -> bool:
    return syntax is None or syntax in (
        "1.2.840.10008.1.2",
        "1.2.840.10008.1.2.1",
        "1.2.840.10008.1.2.1.98",
        "1.2.840.10008.1.2.1.99",
        "1.2.840.10008.1.2.2",
    )


def _contradicts(stated: str | None, stream: Codestream) -> bool:
    """Whether the origin's label is of another family, whose codec would refuse the frame."""
    codecs = _CODECS_OF_FAMILY[stream.family]
    return stated is None or not any(row.uid == stated and row.codec in codecs for row in SYNTAXES)


def _check_length(data: bytes, native: bool) -> None:
    if not native:
        raise Undecodable(
            f"the frame cannot be decoded because it has {len(data)} bytes, which is neither a "
            "codestream nor the length that the metadata say; ask for ENCODED to get it as it is"
        )


def _stated(found: dict[str, dict[str, Any]]) -> str | None:
    for tag in _SYNTAX_TAGS:
        value = found.get(tag, {}).get("Value") or [None]
        if isinstance(value[0], str):
            return value[0]
    return None


def _one_frame(value: dict[str, Any], frame: int | None) -> dict[str, Any]:
    """Empty the functional groups of the other frames: a thousand are slow to read."""
    wanted = (frame or 1) - 1
    items = [item if index == wanted else {} for index, item in enumerate(value.get("Value", []))]
    return {**value, "Value": items}


def _add(attributes: Dataset, tag: str, value: dict[str, Any]) -> None:
    """Add one attribute; one that cannot be read is absent."""
    try:
        key = next((key for key in ("Value", "InlineBinary") if key in value), None)
        attributes.add(
            DataElement.from_json(Dataset, tag, value["vr"], value.get(key or "", ""), key)
        )
    except Exception:
        attributes.pop(Tag(tag), None)
