"""Which transfer syntax a frame delivered on its own is in (PS3.18 section 8.7.3).

Labels are missing, stand in the wrong place or are wrong (a server that cannot decode
HTJ2K labels it Explicit VR Little Endian), so the frame's first bytes have the last word
where they say something.
"""

from __future__ import annotations

import re

from imageid_loaders.media_type import MediaType, parse_media_type
from imageid_loaders.sniff import codestream_of, jpeg_process

EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
_JPEG = "1.2.840.10008.1.2.4."
_RLE = "1.2.840.10008.1.2.5"
_UID = re.compile(r"[0-9]+(\.[0-9]+)+")

# What a syntax's frames are called, and so which label contradicts which bytes.
_MEDIA_TYPES = {
    **dict.fromkeys([_JPEG + n for n in ("50", "51", "53", "55", "57", "70")], "image/jpeg"),
    **dict.fromkeys([_JPEG + "80", _JPEG + "81"], "image/jls"),
    **dict.fromkeys([_JPEG + n for n in ("90", "91", "92", "93")], "image/jp2"),
    **dict.fromkeys([_JPEG + n for n in ("201", "202", "203")], "image/jphc"),
    **dict.fromkeys([_JPEG + n for n in ("110", "111", "112")], "image/jxl"),
    _RLE: "image/dicom-rle",
}
_BY_MEDIA_TYPE = {
    "image/jpeg": _JPEG + "50",
    "image/jll": _JPEG + "70",
    "image/x-jls": _JPEG + "80",
    "image/jls": _JPEG + "80",
    "image/jp2": _JPEG + "90",
    "image/jpx": _JPEG + "92",
    "image/jphc": _JPEG + "201",
    "image/jxl": _JPEG + "110",
    "image/dicom-rle": _RLE,
    "image/x-dicom-rle": _RLE,
}
_NATIVE = {"1.2.840.10008.1.2", EXPLICIT_VR_LITTLE_ENDIAN, "1.2.840.10008.1.2.2"}

# The most general syntax of each process: its decoder reads the narrower ones as well.
_BY_JPEG_PROCESS = {0xC0: "50", 0xC1: "51", 0xC2: "55", 0xC3: "57"}
_BY_CODESTREAM = {
    "image/jls": _JPEG + "81",
    "image/j2c": _JPEG + "91",
    "image/jp2": _JPEG + "91",
    "image/jphc": _JPEG + "203",
    "image/jxl": _JPEG + "112",
}


def transfer_syntax_of(part: MediaType, outer: MediaType, head: bytes) -> str:
    """The transfer syntax UID of the frame that begins with `head`.

    Args:
        part: Content-Type of the multipart answer's part; of the answer when it has none.
        outer: Content-Type of the answer.
    """
    labelled = _labelled(part, outer)
    codestream = codestream_of(head)
    if codestream is None:
        return labelled or EXPLICIT_VR_LITTLE_ENDIAN
    family = "image/jp2" if codestream == "image/j2c" else codestream
    if labelled and labelled not in _NATIVE and _MEDIA_TYPES.get(labelled, family) == family:
        return labelled
    if family == "image/jpeg":
        return _JPEG + _BY_JPEG_PROCESS.get(jpeg_process(head) or 0xC0, "50")
    return _BY_CODESTREAM[codestream]


def frame_media_type(transfer_syntax_uid: str) -> str:
    """Of the frame's bytes (PS3.18 table 8.7.3-5)."""
    return _MEDIA_TYPES.get(transfer_syntax_uid, "application/octet-stream")


def _labelled(part: MediaType, outer: MediaType) -> str | None:
    # Orthanc puts the parameter inside the outer, quoted type parameter.
    inner = parse_media_type(outer.parameters.get("type"))
    for place in (part, outer, inner):
        uid = place.parameters.get("transfer-syntax", "").strip()
        # Some servers echo the "*" that they were asked for.
        if _UID.fullmatch(uid):
            return uid
    names = (place.name for place in (part, outer, inner))
    return next((_BY_MEDIA_TYPE[name] for name in names if name in _BY_MEDIA_TYPE), None)
