"""How many bytes of tables, profiles and overlays the metadata of one frame may carry."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from imageid_daemon.pixels import limits
from imageid_daemon.pixels.description import ImageMetadata, LookupTable
from imageid_daemon.pixels.metadata_modules import Overlay

Bulky = TypeVar("Bulky", LookupTable, Overlay)


def bounded(metadata: ImageMetadata) -> ImageMetadata:
    """Leave out what would exceed the limit: first of the overlays, the profile, the VOI LUTs.

    The other tables are of at most 128 KiB each, and there are five.
    """
    remaining_bytes = limits.METADATA_BULK_LIMIT_BYTES - 5 * 0x20000
    voi_luts = _while_they_fit(metadata.voi_luts, remaining_bytes)
    remaining_bytes -= _size_bytes(voi_luts)
    profile = metadata.icc_profile
    profile = profile if len(profile or b"") <= remaining_bytes else None
    overlays = _while_they_fit(metadata.overlays, remaining_bytes - len(profile or b""))
    return msgspec.structs.replace(
        metadata, voi_luts=voi_luts, icc_profile=profile, overlays=overlays
    )


def _while_they_fit(found: tuple[Bulky, ...], limit_bytes: int) -> tuple[Bulky, ...]:
    return tuple(
        each for index, each in enumerate(found) if _size_bytes(found[: index + 1]) <= limit_bytes
    )


def _size_bytes(found: Iterable[LookupTable | Overlay]) -> int:
    return sum(len(each.data) for each in found)
