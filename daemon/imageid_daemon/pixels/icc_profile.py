"""The ICC profile of a frame's colours (PS3.3 C.11.15, C.8.12.5)."""

from __future__ import annotations

from pydicom import Dataset

from imageid_daemon.pixels.attributes import items, text, values
from imageid_daemon.pixels.functional_groups import ImageAttributes


def read(frame: ImageAttributes) -> bytes | None:
    """The image's own, or that of the frame's optical path; None where there is none."""
    for holder in (frame.attributes, _optical_path(frame)):
        found = values(holder, "ICCProfile") if holder is not None else ()
        if found and isinstance(found[0], bytes):
            return found[0]
    return None


def _optical_path(frame: ImageAttributes) -> Dataset | None:
    paths = items(frame.attributes, "OpticalPathSequence")
    name = text(frame.holder("OpticalPathIdentifier"), "OpticalPathIdentifier")
    if name is None:
        return paths[0] if len(paths) == 1 else None
    named = (path for path in paths if text(path, "OpticalPathIdentifier") == name)
    return next(named, None)
