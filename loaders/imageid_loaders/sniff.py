"""What bytes are, by how they begin: origins label their answers wrongly.

Orthanc says image/png of a JPEG (WADO-URI without contentType), and an object store
says application/octet-stream of everything.
"""

from __future__ import annotations

from imageid_loaders import nifti_header

HEAD_BYTES = 1024
"""Enough of a body for every question here; a JPEG's frame header stands within it."""

_MAGIC = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"II+\x00", "image/tiff"),
    (b"MM\x00+", "image/tiff"),
    (b"\x00\x00\x00\x0cjP  \r\n\x87\n", "image/jp2"),
    (b"\x00\x00\x00\x0cJXL \r\n\x87\n", "image/jxl"),
    (b"\xff\x0a", "image/jxl"),
    (b"BM", "image/bmp"),
    (b"\x1f\x8b\x08", "application/gzip"),
)
_HTML_BEGINNINGS = (b"<!doctype html", b"<html", b"<head", b"<body", b"<!--", b"<script")


def media_type_of(head: bytes) -> str | None:
    """The media type of a file that begins so; None when nothing is recognized."""
    if head[128:132] == b"DICM":
        return "application/dicom"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if nifti_header.has_magic(head):
        return "application/x-nifti"
    codestream = codestream_of(head)
    if codestream:
        return codestream
    return next((name for magic, name in _MAGIC if head.startswith(magic)), None)


def codestream_of(head: bytes) -> str | None:
    """The media type of a compressed frame, by signatures that native samples do not have.

    Shorter ones (BM, the JPEG XL codestream's ff0a) are left out: two samples that
    happen to have these values would turn a native frame into something else.
    """
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jls" if jpeg_process(head) == 0xF7 else "image/jpeg"
    if head.startswith(b"\xff\x4f\xff\x51"):
        return "image/jphc" if _has_high_throughput_blocks(head) else "image/j2c"
    for magic, name in _MAGIC:
        if len(magic) == 12 and head.startswith(magic):
            return name
    return None


def jpeg_process(head: bytes) -> int | None:
    """Second byte of the start-of-frame marker (ITU-T T.81 table B.1); f7 is JPEG-LS.

    None when `head` ends before that marker.
    """
    at = 2
    while at + 4 <= len(head) and head[at] == 0xFF:
        marker = head[at + 1]
        if marker == 0xFF:
            at += 1
        elif marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC)):
            return marker
        else:
            at += 2 + int.from_bytes(head[at + 2 : at + 4], "big")
    return None


def _has_high_throughput_blocks(head: bytes) -> bool:
    """Bit 14 of Pcap in the CAP segment behind SIZ (ITU-T T.814 section A.3)."""
    at = 4 + int.from_bytes(head[4:6], "big")
    if head[at : at + 2] != b"\xff\x50":
        return False
    return bool(int.from_bytes(head[at + 4 : at + 8], "big") & (1 << 17))


def is_html(head: bytes) -> bool:
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()[:16].lower()
    return text.startswith(_HTML_BEGINNINGS)
