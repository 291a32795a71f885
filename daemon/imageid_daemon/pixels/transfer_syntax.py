"""The transfer syntaxes of PS3.6 A, and what undoes each: dispatch and documents read it here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from imageid_loaders.errors import Unsupported

Codec = Literal[
    "native",
    "deflated frame",
    "rle",
    "jpeg",
    "jpeg-ls",
    "jpeg-2000",
    "htj2k",
    "jpeg-xl",
    "recompressed jpeg",
]

_DECODERS: dict[Codec, str] = {
    "native": "NumPy",
    "deflated frame": "zlib, NumPy",
    "rle": "PackBits of imagecodecs, NumPy",
    "jpeg": "libjpeg-turbo",
    "jpeg-ls": "CharLS",
    "jpeg-2000": "OpenJPEG",
    "htj2k": "OpenJPEG; OpenJPH where reversible and of 32 bits",
    "jpeg-xl": "libjxl",
    "recompressed jpeg": "libjxl back to the JPEG, libjpeg-turbo",
}
_PROCESS = "JPEG {} (Process {})"
_FRAGMENTABLE = "Fragmentable {}"


_ENCAPSULATED_UNCOMPRESSED = "1.2.840.10008.1.2.1.98"


@dataclass(frozen=True, slots=True)
class TransferSyntax:
    """One row.

    Args:
        codec: None where nothing here decodes it.
        note: what a user should know beside that.
        big_endian: of the samples, whatever the data set around them is.
        deflated: the data set is, so that its attributes must be inflated first.
    """

    uid: str
    name: str
    codec: Codec | None = None
    note: str = ""
    retired: bool = False
    big_endian: bool = False
    deflated: bool = False


def _rows() -> tuple[TransferSyntax, ...]:
    return (
        *_uncompressed(),
        TransferSyntax("1.2.840.10008.1.2.5", "RLE Lossless", "rle", "exact; 1 to 64 bits"),
        *_jpeg(),
        *_later_codecs(),
        *_not_decoded(),
    )


def _uncompressed() -> tuple[TransferSyntax, ...]:
    root = "1.2.840.10008.1.2"
    return (
        TransferSyntax(root, "Implicit VR Little Endian", "native", "exact"),
        TransferSyntax(f"{root}.1", "Explicit VR Little Endian", "native", "exact"),
        TransferSyntax(
            _ENCAPSULATED_UNCOMPRESSED,
            "Encapsulated Uncompressed Explicit VR Little Endian",
            "native",
            "exact",
        ),
        TransferSyntax(
            f"{root}.1.99",
            "Deflated Explicit VR Little Endian",
            "native",
            "exact; size bounded",
            deflated=True,
        ),
        TransferSyntax(
            f"{root}.2",
            "Explicit VR Big Endian",
            "native",
            "exact",
            retired=True,
            big_endian=True,
        ),
        TransferSyntax(
            "1.2.840.10008.1.20",
            "Papyrus 3 Implicit VR Little Endian",
            "native",
            "exact",
            retired=True,
        ),
        # Private to GE's DLX, whose archives are still read.
        TransferSyntax(
            "1.2.840.113619.5.2",
            "GE Implicit VR Little Endian with big-endian pixel data",
            "native",
            "exact",
            big_endian=True,
        ),
        TransferSyntax(
            f"{root}.8.1", "Deflated Image Frame Compression", "deflated frame", "exact"
        ),
    )


def _jpeg() -> tuple[TransferSyntax, ...]:
    root = "1.2.840.10008.1.2.4"
    lossy, exact = "lossy; 8 or 12 bits", "exact; 2 to 16 bits"
    arithmetic = "lossy; 8 bits"
    return (
        TransferSyntax(f"{root}.50", _PROCESS.format("Baseline", "1"), "jpeg", lossy),
        TransferSyntax(f"{root}.51", _PROCESS.format("Extended", "2 & 4"), "jpeg", lossy),
        TransferSyntax(
            f"{root}.52", _PROCESS.format("Extended", "3 & 5"), "jpeg", arithmetic, retired=True
        ),
        TransferSyntax(
            f"{root}.53",
            _PROCESS.format("Spectral Selection, Non-Hierarchical", "6 & 8"),
            "jpeg",
            lossy,
            retired=True,
        ),
        TransferSyntax(
            f"{root}.54",
            _PROCESS.format("Spectral Selection, Non-Hierarchical", "7 & 9"),
            "jpeg",
            arithmetic,
            retired=True,
        ),
        TransferSyntax(
            f"{root}.55",
            _PROCESS.format("Full Progression, Non-Hierarchical", "10 & 12"),
            "jpeg",
            lossy,
            retired=True,
        ),
        TransferSyntax(
            f"{root}.56",
            _PROCESS.format("Full Progression, Non-Hierarchical", "11 & 13"),
            "jpeg",
            arithmetic,
            retired=True,
        ),
        TransferSyntax(
            f"{root}.57", _PROCESS.format("Lossless, Non-Hierarchical", "14"), "jpeg", exact
        ),
        TransferSyntax(
            f"{root}.70",
            _PROCESS.format(
                "Lossless, Non-Hierarchical, First-Order Prediction", "14, Selection Value 1"
            ),
            "jpeg",
            exact,
        ),
    )


def _later_codecs() -> tuple[TransferSyntax, ...]:
    root = "1.2.840.10008.1.2.4"
    part_2 = "where each frame is a codestream of its own"
    clamped = "what a lossy codestream overshoots is clamped"
    return (
        TransferSyntax(f"{root}.80", "JPEG-LS Lossless", "jpeg-ls", "exact"),
        TransferSyntax(f"{root}.81", "JPEG-LS Lossy (Near-Lossless)", "jpeg-ls", "within its NEAR"),
        TransferSyntax(f"{root}.90", "JPEG 2000 (Lossless Only)", "jpeg-2000", "exact"),
        TransferSyntax(f"{root}.91", "JPEG 2000", "jpeg-2000", clamped),
        TransferSyntax(
            f"{root}.92", "JPEG 2000 Part 2 Multi-component (Lossless Only)", "jpeg-2000", part_2
        ),
        TransferSyntax(f"{root}.93", "JPEG 2000 Part 2 Multi-component", "jpeg-2000", part_2),
        TransferSyntax(f"{root}.110", "JPEG XL Lossless", "jpeg-xl", "exact"),
        TransferSyntax(
            f"{root}.111",
            "JPEG XL JPEG Recompression",
            "recompressed jpeg",
            "as of the JPEG it was made from",
        ),
        TransferSyntax(f"{root}.112", "JPEG XL", "jpeg-xl", "lossy or exact"),
        TransferSyntax(
            f"{root}.201", "High-Throughput JPEG 2000 (Lossless Only)", "htj2k", "exact"
        ),
        TransferSyntax(
            f"{root}.202",
            "High-Throughput JPEG 2000 with RPCL Options (Lossless Only)",
            "htj2k",
            "exact",
        ),
        TransferSyntax(f"{root}.203", "High-Throughput JPEG 2000", "htj2k", clamped),
        # Before the standard, Cornerstone3D and static-wado wrote it under a UID of their own.
        TransferSyntax("3.2.840.10008.1.2.4.96", "High-Throughput JPEG 2000 (private)", "htj2k"),
    )


def _not_decoded() -> tuple[TransferSyntax, ...]:
    return (*_video(), *_hierarchical_jpeg(), *_elsewhere())


def _video() -> tuple[TransferSyntax, ...]:
    root = "1.2.840.10008.1.2.4"
    levels = {
        "100": "MPEG2 Main Profile / Main Level",
        "101": "MPEG2 Main Profile / High Level",
        "102": "MPEG-4 AVC/H.264 High Profile / Level 4.1",
        "103": "MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1",
        "104": "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video",
        "105": "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video",
        "106": "MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2",
        "107": "HEVC/H.265 Main Profile / Level 5.1",
        "108": "HEVC/H.265 Main 10 Profile / Level 5.1",
    }
    whole = (TransferSyntax(f"{root}.{number}", name) for number, name in levels.items())
    fragmentable = (
        TransferSyntax(f"{root}.{number}.1", _FRAGMENTABLE.format(name))
        for number, name in levels.items()
        if int(number) <= 106
    )
    return (*whole, *fragmentable)


def _hierarchical_jpeg() -> tuple[TransferSyntax, ...]:
    kinds = {
        "58": ("Lossless, Non-Hierarchical", "15"),
        "59": ("Extended, Hierarchical", "16 & 18"),
        "60": ("Extended, Hierarchical", "17 & 19"),
        "61": ("Spectral Selection, Hierarchical", "20 & 22"),
        "62": ("Spectral Selection, Hierarchical", "21 & 23"),
        "63": ("Full Progression, Hierarchical", "24 & 26"),
        "64": ("Full Progression, Hierarchical", "25 & 27"),
        "65": ("Lossless, Hierarchical", "28"),
        "66": ("Lossless, Hierarchical", "29"),
    }
    return tuple(
        TransferSyntax(f"1.2.840.10008.1.2.4.{number}", _PROCESS.format(*kind), retired=True)
        for number, kind in kinds.items()
    )


def _elsewhere() -> tuple[TransferSyntax, ...]:
    """The pixels are not in the file, or are a stream of their own."""
    root = "1.2.840.10008.1.2"
    return (
        TransferSyntax(f"{root}.4.94", "JPIP Referenced"),
        TransferSyntax(f"{root}.4.95", "JPIP Referenced Deflate", deflated=True),
        TransferSyntax(f"{root}.4.204", "JPIP HTJ2K Referenced"),
        TransferSyntax(f"{root}.4.205", "JPIP HTJ2K Referenced Deflate", deflated=True),
        TransferSyntax(f"{root}.7.1", "SMPTE ST 2110-20 Uncompressed Progressive Active Video"),
        TransferSyntax(f"{root}.7.2", "SMPTE ST 2110-20 Uncompressed Interlaced Active Video"),
        TransferSyntax(f"{root}.7.3", "SMPTE ST 2110-30 PCM Digital Audio"),
    )


SYNTAXES = _rows()
_BY_UID = {syntax.uid: syntax for syntax in SYNTAXES}
DEFLATED = frozenset(syntax.uid for syntax in SYNTAXES if syntax.deflated)
# Of the uncompressed ones, but one, the pixel data are never items (PS3.5 A.4.11).
NEVER_ENCAPSULATED = frozenset(syntax.uid for syntax in SYNTAXES if syntax.codec == "native") - {
    _ENCAPSULATED_UNCOMPRESSED
}


def is_big_endian(uid: str) -> bool:
    """Whether uncompressed samples are."""
    return uid in _BY_UID and _BY_UID[uid].big_endian


def is_lossless_only(uid: str, codec: Codec) -> bool:
    """Whether a syntax is of this codec, and allows nothing lossy of what that knows."""
    row = _BY_UID.get(uid)
    return row is not None and row.codec == codec and "Lossless" in row.name


def codec_of(uid: str) -> Codec:
    """Name what undoes a transfer syntax.

    Raises:
        Unsupported: nothing here does.
    """
    row = _BY_UID.get(uid)
    if row is None or row.codec is None:
        name = f" ({row.name})" if row is not None else ""
        raise Unsupported(
            f"the image cannot be decoded because no codec for transfer syntax {uid}{name} is "
            "here; ask for ENCODED and decode it elsewhere",
            transfer_syntax_uid=uid,
        )
    return row.codec


def table() -> str:
    """The README's table, in Markdown."""
    lines = ["| UID | name | decoded by | samples |", "| --- | --- | --- | --- |"]
    for row in SYNTAXES:
        decoder = "nothing: ENCODED only" if row.codec is None else _DECODERS[row.codec]
        name = row.name + (" (retired)" if row.retired else "")
        lines.append(f"| `{row.uid}` | {name} | {decoder} | {row.note} |")
    return "\n".join(lines) + "\n"
