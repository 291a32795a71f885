"""The markers of JPEG (ISO 10918-1 B) and JPEG-LS (ISO 14495-1 C) up to the first scan."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

from imageid_daemon.pixels.codestream import Codestream, Family, broken

_START, _SCAN, _END_OF_IMAGE = b"\xff\xd8", b"\xff\xda", b"\xff\xd9"
# Behind the last marker, to make the length even, and some more of careless writers.
_PADDING_BYTES = 16
_FRAME_HEADERS = {*range(0xC0, 0xD0), 0xF7} - {0xC4, 0xC8, 0xCC}
_FAMILIES: dict[int, Family] = {0xC3: "jpeg-lossless", 0xCB: "jpeg-lossless", 0xF7: "jpeg-ls"}
_START_OF_SCAN, _APP0, _APP14 = 0xDA, 0xE0, 0xEE


def begins(data: bytes) -> bool:
    """Whether the bytes are a JPEG or a JPEG-LS codestream."""
    return data[:2] == _START


def ends(data: bytes) -> bool:
    """Whether the end follows the last scan; neither marker can stand within one (B.1.1.5)."""
    if data[-_PADDING_BYTES:].rstrip(b"\0").endswith(_END_OF_IMAGE):
        return True  # as nearly all do; to search megabytes takes milliseconds
    return data.rfind(_END_OF_IMAGE) > data.rfind(_SCAN)


def read(data: bytes) -> Codestream:
    """Read the frame header and what stands beside it.

    Raises:
        Undecodable: there is none.
    """
    frame: Codestream | None = None
    says: set[str] = set()
    for marker, segment in _segments(data):
        says |= _says(marker, segment)
        if marker in _FRAME_HEADERS:
            frame = _frame(marker, segment)
        if frame is not None and frame.family != "jpeg-ls":
            # A file may be of both kinds; that of Adobe tells of the colours on purpose.
            return _colored(frame, "ybr" in says or says == {"jfif"})
        if frame is not None and marker == _START_OF_SCAN:
            return _scanned(frame, segment)
    raise broken()


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    position = 2
    while True:
        while data[position] == 0xFF and data[position + 1] == 0xFF:
            position += 1  # fill bytes
        if data[position] != 0xFF:
            raise broken()
        (length,) = struct.unpack_from(">H", data, position + 2)
        yield data[position + 1], data[position + 4 : position + 2 + length]
        position += 2 + length


def _says(marker: int, segment: bytes) -> set[str]:
    """What a marker says of the colours: those of JFIF are YBR, Adobe names a transform."""
    if marker == _APP0 and segment[:4] == b"JFIF":
        return {"jfif"}
    if marker == _APP14 and segment[:5] == b"Adobe":
        return {b"\0": {"as the header"}, b"\1": {"ybr"}}.get(segment[11:12], set())
    return set()


def _frame(marker: int, segment: bytes) -> Codestream:
    precision, rows, columns, components = struct.unpack_from(">BHHB", segment)
    identifiers = bytes(segment[6 + 3 * index] for index in range(components))
    sampling = {segment[7 + 3 * index] for index in range(components)}
    family = _FAMILIES.get(marker, "jpeg")
    exact = family == "jpeg-lossless"
    colors: Literal["rgb", "ybr"] | None = None
    if identifiers in (b"RGB", b"rgb"):
        colors = "rgb"
    elif family == "jpeg" and len(sampling) > 1:
        # Nobody halves red or blue: the header that says RGB was not told of the encoder's work.
        colors = "ybr"
    return Codestream(family, rows, columns, components, precision, exact=exact, colors=colors)


def _colored(frame: Codestream, ybr_by_marker: bool) -> Codestream:
    if ybr_by_marker and frame.family == "jpeg" and frame.colors is None:
        return replace(frame, colors="ybr")
    return frame


def _scanned(frame: Codestream, scan: bytes) -> Codestream:
    """ISO 14495-1 C.2.3: NEAR stands behind the component selectors."""
    return replace(frame, exact=scan[1 + 2 * scan[0]] == 0)
