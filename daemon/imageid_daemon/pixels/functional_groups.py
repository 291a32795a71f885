"""The attributes of one frame of an enhanced multi-frame image (PS3.3 C.7.6.16)."""

from __future__ import annotations

from collections import defaultdict

from pydicom import Dataset

from imageid_daemon.pixels.attributes import is_present, item

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
_PER_FRAME = "PerFrameFunctionalGroupsSequence"
_MACROS_OF: defaultdict[str, list[str]] = defaultdict(list)
for _macro, _keywords in _MACROS.items():
    for _keyword in _keywords.split():
        _MACROS_OF[_keyword].append(_macro)


class ImageAttributes:
    """Where each attribute of every frame stands, where frames have no groups of their own."""

    def __init__(self, attributes: Dataset) -> None:
        self.attributes = attributes
        shared = item(attributes, "SharedFunctionalGroupsSequence")
        self.groups: tuple[Dataset, ...] = () if shared is None else (shared,)

    def holder(self, keyword: str) -> Dataset:
        """The data set to read `keyword` from."""
        for group in self.groups:
            for macro in _MACROS_OF.get(keyword, ()):
                found = item(group, macro)
                if found is not None and is_present(found, keyword):
                    return found
        return self.attributes


class FrameAttributes(ImageAttributes):
    """Where each attribute of a frame stands: its own group, the shared one, the data set."""

    def __init__(self, attributes: Dataset, frame: int | None) -> None:
        """Find the groups.

        Args:
            frame: 1-based; None is the first.
        """
        super().__init__(attributes)
        own = item(attributes, _PER_FRAME, (frame or 1) - 1)
        self.number = frame or 1
        self.groups = self.groups if own is None else (own, *self.groups)


def frames_have_groups(attributes: Dataset) -> bool:
    """Whether frames have groups of their own, so that they differ in any attribute."""
    return is_present(attributes, _PER_FRAME)
