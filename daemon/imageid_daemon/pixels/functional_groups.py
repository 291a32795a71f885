"""The attributes of one frame of an enhanced multi-frame image (PS3.3 C.7.6.16)."""

from __future__ import annotations

from collections import defaultdict

from pydicom import Dataset

from imageid_daemon.pixels.attributes import item

_MACROS = {
    "PixelMeasuresSequence": "PixelSpacing SliceThickness SpacingBetweenSlices",
    "PlanePositionSequence": "ImagePositionPatient",
    "PlaneOrientationSequence": "ImageOrientationPatient",
    "FrameVOILUTSequence": """WindowCenter WindowWidth WindowCenterWidthExplanation
        VOILUTFunction VOILUTSequence""",
    "PixelValueTransformationSequence": """RescaleSlope RescaleIntercept RescaleType
        ModalityLUTSequence""",
    "FrameContentSequence": """FrameAcquisitionDateTime FrameAcquisitionNumber StackID
        InStackPositionNumber DimensionIndexValues TemporalPositionIndex""",
    "FrameAnatomySequence": "FrameLaterality",
    "SegmentIdentificationSequence": "ReferencedSegmentNumber",
    # PixelSpacing of projections (PS3.3 C.8.19.6.4), and their frame type.
    "FramePixelDataPropertiesSequence": "ImagerPixelSpacing FrameType",
    "OpticalPathIdentificationSequence": "OpticalPathIdentifier",
    "CTImageFrameTypeSequence": "FrameType",
    "MRImageFrameTypeSequence": "FrameType",
    "PETFrameTypeSequence": "FrameType",
    "XRay3DFrameTypeSequence": "FrameType",
    "USImageDescriptionSequence": "FrameType",
    "IntravascularOCTFrameTypeSequence": "FrameType",
    "ParametricMapFrameTypeSequence": "FrameType",
    "WholeSlideMicroscopyImageFrameTypeSequence": "FrameType",
    # What a Legacy Converted Enhanced image (PS3.3 C.7.6.16.2.25) kept of its single frames.
    "UnassignedPerFrameConvertedAttributesSequence": """SliceLocation
        AcquisitionDate AcquisitionTime ContentDate ContentTime TriggerTime
        SmallestImagePixelValue LargestImagePixelValue""",
    "UnassignedSharedConvertedAttributesSequence": "SeriesDescription BodyPartExamined",
}
_MACROS_OF: defaultdict[str, list[str]] = defaultdict(list)
for _macro, _keywords in _MACROS.items():
    for _keyword in _keywords.split():
        _MACROS_OF[_keyword].append(_macro)


class FrameAttributes:
    """Where each attribute of a frame stands: its own group, the shared one, the data set."""

    def __init__(self, attributes: Dataset, frame: int | None) -> None:
        """Find the groups.

        Args:
            frame: 1-based; None is the first.
        """
        own = item(attributes, "PerFrameFunctionalGroupsSequence", (frame or 1) - 1)
        shared = item(attributes, "SharedFunctionalGroupsSequence")
        self.attributes = attributes
        self._groups = [group for group in (own, shared) if group is not None]

    def holder(self, keyword: str) -> Dataset:
        """The data set to read `keyword` from."""
        for group in self._groups:
            for macro in _MACROS_OF.get(keyword, ()):
                found = item(group, macro)
                if found is not None and keyword in found:
                    return found
        return self.attributes
