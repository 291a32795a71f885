"""Tables, profiles, regions and calibration: what a viewer needs to draw and measure."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset

from imageid_daemon.pixels import (
    Encoded,
    LookupTable,
    PixelsOptions,
    RenderedOptions,
    describe,
    dicom_json,
    functional_groups,
    render,
    transform,
)
from imageid_daemon.pixels.lookup_table import entries
from imageid_loaders.errors import Undecodable
from pixels.material import dataset, decoded, encoded, grey


def lut(values: list[int], first: int, **attributes: Any) -> Dataset:
    found = Dataset()
    found.add_new("LUTDescriptor", "SS" if first < 0 else "US", [len(values), first, 16])
    found.add_new("LUTData", "OW", np.array(values, "<u2").tobytes())
    for keyword, value in attributes.items():
        setattr(found, keyword, value)
    return found


def table(values: list[int], first: int, explanation: str = "") -> LookupTable:
    return LookupTable(first, 16, np.array(values, "<u2").tobytes(), explanation)


def test_lookup_tables_come_with_their_names(tmp_path: Path) -> None:
    path = grey(
        tmp_path / "a.dcm",
        np.zeros((2, 2), np.int16),
        ModalityLUTSequence=[lut([5, 6], -7, ModalityLUTType="OD", LUTExplanation="density")],
        VOILUTSequence=[
            lut([1, 2, 3], 0, LUTExplanation="NORMAL"),
            lut([9], -1, LUTExplanation="HARDER"),
        ],
    )

    for found in (describe(encoded(path)), decoded(encoded(path), tmp_path)[1].metadata):
        assert found.modality_lut == table([5, 6], -7, "density")
        assert found.rescale_type == "OD"
        assert found.voi_luts == (table([1, 2, 3], 0, "NORMAL"), table([9], -1, "HARDER"))


def test_a_broken_table_is_absent_and_the_others_are_there(tmp_path: Path) -> None:
    broken = lut([1, 2], 0)
    broken.LUTDescriptor = [500, 0, 16]
    path = grey(
        tmp_path / "a.dcm",
        np.zeros((2, 2), np.uint16),
        ModalityLUTSequence=[broken],
        VOILUTSequence=[broken, lut([4], 0)],
    )

    found = describe(encoded(path))

    assert found.modality_lut is None
    assert found.voi_luts == (table([4], 0),)


def by_reference(path: Path, folder: Path) -> Encoded:
    """The frame alone, and a document that only refers to the data of its Modality LUT."""
    document = json.loads(dicom_json(encoded(path)))
    data = {"vr": "OW", "BulkDataURI": "https://pacs.example/bulk"}
    document["00283000"]["Value"][0]["00283006"] = data
    frame = folder / "frame"
    frame.write_bytes(dataset(str(path)).PixelData)
    syntax = "1.2.840.10008.1.2.1"
    return Encoded(str(frame), "application/octet-stream", syntax, json.dumps(document).encode(), 1)


def test_values_are_not_computed_without_the_table_that_they_need(tmp_path: Path) -> None:
    path = grey(
        tmp_path / "a.dcm", np.ones((2, 2), np.uint16), ModalityLUTSequence=[lut([5, 6], 0)]
    )
    samples, description = decoded(by_reference(path, tmp_path), tmp_path)
    modality, rendered = PixelsOptions(values="modality"), RenderedOptions()
    source, target = str(tmp_path / "pixels"), str(tmp_path / "target")

    assert (samples == 1).all()
    assert description.metadata.modality_lut is None
    with pytest.raises(Undecodable, match="Modality LUT"):
        transform(source, description, modality, target)
    with pytest.raises(Undecodable, match="Modality LUT"):
        render(source, description, rendered, target)


def test_a_palette_has_each_channel_with_its_own_descriptor() -> None:
    source = dataset("OBXXXX1A.dcm")

    found = describe(encoded("OBXXXX1A.dcm")).palette_color_lookup_table

    assert found is not None
    assert not found.supplemental
    assert found.alpha is None
    for channel in ("Red", "Green", "Blue"):
        expected = np.frombuffer(source[f"{channel}PaletteColorLookupTableData"].value, "<u2")
        assert (entries(getattr(found, channel.lower())) == expected).all()


def test_the_palette_of_a_grey_image_is_supplemental() -> None:
    source = dataset("eCT_Supplemental.dcm")

    found = describe(encoded("eCT_Supplemental.dcm", 1)).palette_color_lookup_table

    assert found is not None
    assert found.supplemental
    assert found.red.first_mapped == source.RedPaletteColorLookupTableDescriptor[1]


@pytest.mark.parametrize("segmented", ["gdcm-US-ALOKA-16.dcm", "gdcm-US-ALOKA-16_big.dcm"])
def test_a_segmented_palette_is_expanded(segmented: str) -> None:
    source = dataset(segmented)

    found = describe(encoded(segmented)).palette_color_lookup_table

    assert found is not None
    assert "SegmentedRedPaletteColorLookupTableData" in source
    assert entries(found.red).size == (source.RedPaletteColorLookupTableDescriptor[0] or 65536)


def test_an_applied_palette_is_told_no_more(tmp_path: Path) -> None:
    _, description = decoded(encoded("OBXXXX1A.dcm"), tmp_path)
    assert description.metadata.palette_color_lookup_table is not None

    written = transform(
        str(tmp_path / "pixels"), description, PixelsOptions(color="rgb"), str(tmp_path / "rgb")
    )

    assert written.description.metadata.palette_color_lookup_table is None


def test_the_profile_is_the_image_s_own_or_that_of_its_optical_path(tmp_path: Path) -> None:
    own = grey(tmp_path / "a.dcm", np.zeros((2, 2), np.uint8), ICCProfile=b"own!")
    paths = [Dataset(), Dataset()]
    for number, each in enumerate(paths):
        each.OpticalPathIdentifier, each.ICCProfile = str(number), b"path" + bytes([number, 0])
    identified, group = Dataset(), Dataset()
    identified.OpticalPathIdentifier = "1"
    group.OpticalPathIdentificationSequence = [identified]
    slide = grey(
        tmp_path / "b.dcm",
        np.zeros((2, 2), np.uint8),
        OpticalPathSequence=paths,
        SharedFunctionalGroupsSequence=[group],
    )

    assert describe(encoded(own)).icc_profile == b"own!"
    assert describe(encoded(slide)).icc_profile == b"path\1\0"
    assert describe(encoded("CT_small.dcm")).icc_profile is None


def test_ultrasound_regions_have_all_they_say(tmp_path: Path) -> None:
    region = Dataset()
    region.RegionLocationMinX0, region.RegionLocationMinY0 = 0, 7
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = 639, 479
    region.RegionSpatialFormat, region.RegionDataType, region.RegionFlags = 1, 2, 3
    region.PhysicalUnitsXDirection, region.PhysicalUnitsYDirection = 3, 4
    region.PhysicalDeltaX, region.PhysicalDeltaY = 0.03, -0.5
    region.ReferencePixelX0, region.ReferencePixelY0 = -5, 0
    region.TransducerFrequency = 3500
    path = grey(
        tmp_path / "a.dcm",
        np.zeros((2, 2), np.uint8),
        SequenceOfUltrasoundRegions=[region, Dataset()],
    )

    (found,) = describe(encoded(path)).ultrasound_regions

    assert (found.min_x0, found.min_y0, found.max_x1, found.max_y1) == (0, 7, 639, 479)
    assert (found.spatial_format, found.data_type, found.flags) == (1, 2, 3)
    assert (found.physical_units_x_direction, found.physical_units_y_direction) == (3, 4)
    assert (found.physical_delta_x, found.physical_delta_y) == (0.03, -0.5)
    assert (found.reference_pixel_x0, found.reference_pixel_y0) == (-5, 0)
    assert found.reference_pixel_physical_value_x is None
    assert found.transducer_frequency == 3500.0


def test_calibration_and_compression_are_told_as_written(tmp_path: Path) -> None:
    path = grey(
        tmp_path / "a.dcm",
        np.zeros((2, 2), np.int16),
        PixelSpacingCalibrationType="FIDUCIAL",
        EstimatedRadiographicMagnificationFactor="1.25",
        NominalScannedPixelSpacing=["0.1", "0.2"],
        LossyImageCompressionRatio=["3", "12.5"],
        LossyImageCompressionMethod=["ISO_10918_1", "ISO_15444_1"],
        SmallestImagePixelValue=-3,
        PresentationLUTShape="INVERSE",
        ImageLaterality="R",
        Laterality="L",
    )

    found = describe(encoded(path))

    assert found.pixel_spacing_calibration_type == "FIDUCIAL"
    assert found.estimated_radiographic_magnification_factor == 1.25
    assert found.nominal_scanned_pixel_spacing == (0.1, 0.2)
    assert found.lossy_image_compression_ratio == 12.5
    assert found.lossy_image_compression_method == "ISO_15444_1"
    assert found.smallest_image_pixel_value == -3.0
    assert found.presentation_lut_shape == "INVERSE"
    assert found.laterality == "R"


def test_the_origin_s_document_says_the_same_as_the_file() -> None:
    # Its palettes are longer than what `dicom_json` keeps, and so are left out of both.
    for name in ("examples_ybr_color.dcm", "rtdose.dcm", "CT_small.dcm", "liver.dcm"):
        found = describe(Encoded("", "", dicom_json=dicom_json(encoded(name)), frame=1))

        assert found == describe(encoded(name, 1))


def test_a_number_that_the_contract_cannot_hold_is_absent(tmp_path: Path) -> None:
    path = grey(tmp_path / "a.dcm", np.zeros((2, 2), np.uint8), InstanceNumber="3000000000")

    assert describe(encoded(path)).instance_number is None


@pytest.mark.parametrize(
    ("character_set", "written"),
    [
        ("ISO_IR 192", "Müller 山田"),
        ("ISO_IR 100", "Müller"),
        (["", "ISO 2022 IR 87"], "腹部 CT"),
        (["", "ISO 2022 IR 149"], "복부 CT"),
    ],
)
def test_texts_are_read_in_the_character_set_of_the_image(
    tmp_path: Path, character_set: str | list[str], written: str
) -> None:
    path = grey(
        tmp_path / "a.dcm",
        np.zeros((2, 2), np.uint8),
        SpecificCharacterSet=character_set,
        SeriesDescription=written,
    )

    document = json.loads(dicom_json(encoded(path)))

    assert describe(encoded(path)).series_description == written
    assert document["0008103E"]["Value"] == [written]


def test_functional_groups_are_flattened_in_json() -> None:
    data_set = {
        "52009229": {
            "vr": "SQ",
            "Value": [
                {
                    "00289110": {"vr": "SQ", "Value": [{"00180050": {"vr": "DS", "Value": [3]}}]},
                    "00209113": {"vr": "SQ", "Value": [{"00200032": {"vr": "DS", "Value": [1]}}]},
                }
            ],
        },
        "52009230": {
            "vr": "SQ",
            "Value": [
                {},
                {"00209113": {"vr": "SQ", "Value": [{"00200032": {"vr": "DS", "Value": [2]}}]}},
            ],
        },
    }

    assert functional_groups(data_set, 2) == {
        "00180050": {"vr": "DS", "Value": [3]},
        "00200032": {"vr": "DS", "Value": [2]},
    }
    assert functional_groups(data_set, 9) == functional_groups(data_set, 1)
    assert functional_groups({"00280010": {"vr": "US", "Value": [1]}}, 1) == {}
