"""What a codestream says of itself, read before any codec takes memory for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from imageid_loaders.errors import Undecodable

Family = Literal["jpeg", "jpeg-lossless", "jpeg-ls", "jpeg-2000", "jpeg-xl"]


@dataclass(frozen=True, slots=True)
class Codestream:
    """The frame header of a codestream.

    Args:
        family: "jpeg" is the DCT, "jpeg-2000" HTJ2K too.
        precision: bits of each sample.
        signed: only JPEG 2000 can be.
        exact: the samples are those that were encoded; a lossy codec may overshoot.
        colors: which colours its samples have, where it says so itself: the markers of
            JPEG, and JPEG XL, which always gives back what it transformed.
        subsampled: the components of JPEG 2000 differ in their number of samples.
        halved_chroma: in the one way that is usual: each sample of the second and third of three
            components belongs to a whole pair, or square, of pixels.
        holds_jpeg: JPEG XL that a JPEG can be had back from, bit for bit.
    """

    family: Family
    rows: int
    columns: int
    samples_per_pixel: int
    precision: int
    signed: bool = False
    exact: bool = False
    colors: Literal["rgb", "ybr"] | None = None
    subsampled: bool = False
    halved_chroma: bool = False
    holds_jpeg: bool = False


def broken(how: str = "is broken") -> Undecodable:
    """Refuse a header; `how` goes on after "the header of its codestream"."""
    return Undecodable(
        f"the image cannot be decoded because the header of its codestream {how}; "
        "ask for ENCODED to get it as it is"
    )
