"""The attributes of one frame of an enhanced multi-frame image (PS3.3 C.7.6.16)."""

from __future__ import annotations

from pydicom import Dataset

from imageid_daemon.pixels.attributes import item

_MACROS = {
    "PixelMeasuresSequence": ("PixelSpacing", "SliceThickness", "SpacingBetweenSlices"),
    "PlanePositionSequence": ("ImagePositionPatient",),
    "PlaneOrientationSequence": ("ImageOrientationPatient",),
    "FrameVOILUTSequence": (
        "WindowCenter",
        "WindowWidth",
        "WindowCenterWidthExplanation",
        "VOILUTFunction",
        "VOILUTSequence",
    ),
    "PixelValueTransformationSequence": (
        "RescaleSlope",
        "RescaleIntercept",
        "RescaleType",
        "ModalityLUTSequence",
    ),
}
_MACRO_OF = {keyword: macro for macro, keywords in _MACROS.items() for keyword in keywords}


class FrameAttributes:
    """Where each attribute of a frame stands: its own group, the shared one, the data set."""

    def __init__(self, attributes: Dataset, frame: int | None) -> None:
        """Find the groups.

        Args:
            frame: 1-based; None is the first.
        """
        own = item(attributes, "PerFrameFunctionalGroupsSequence", (frame or 1) - 1)
        shared = item(attributes, "SharedFunctionalGroupsSequence")
        self._attributes = attributes
        self._groups = [group for group in (own, shared) if group is not None]

    def holder(self, keyword: str) -> Dataset:
        """The data set to read `keyword` from."""
        macro = _MACRO_OF.get(keyword)
        if macro is not None:
            for group in self._groups:
                found = item(group, macro)
                if found is not None and keyword in found:
                    return found
        return self._attributes
