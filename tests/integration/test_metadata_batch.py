"""The metadata of a whole series, by the client, a daemon and an origin that counts."""

from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest

import imageid
from origins.corpus import DicomFile, as_instance, own_file
from origins.dicomweb import DicomwebOrigin
from origins.orthanc import Orthanc


def series_of(count: int) -> list[DicomFile]:
    """Slices of one series, each a millimetre above the one before."""
    first = as_instance(own_file("CT_small.dcm"))
    slices = []
    for number in range(count):
        dataset = first.dataset()
        dataset.SOPInstanceUID = f"{first.sop[:50]}.{number}"
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        dataset.ImagePositionPatient = [0, 0, number]
        file = BytesIO()
        dataset.save_as(file)
        uids = first.study, first.series, str(dataset.SOPInstanceUID)
        slices.append(DicomFile(str(number), file.getvalue(), *uids))
    return slices


@pytest.mark.parametrize("cache", ["default", "no-store"])
async def test_a_series_costs_one_request_of_its_origin_and_no_pixels(
    client: imageid.aio.Client, dicomweb_origin: DicomwebOrigin, cache: imageid.aio.CacheMode
) -> None:
    slices = [dicomweb_origin.add(file) for file in series_of(150)]
    root = f"wadors:{dicomweb_origin.dicomweb_url}"

    found = await client.metadata_many(
        (f"{root}{file.instance_path}/frames/1" for file in slices), cache=cache
    )

    assert [each.image_position_patient for each in found] == [(0, 0, z) for z in range(150)]
    assert [each.sop_instance_uid for each in found] == [file.sop for file in slices]
    assert dicomweb_origin.count() == 1


async def test_frames_of_an_orthanc_lie_where_their_dose_says(
    client: imageid.aio.Client, orthanc_server: Orthanc
) -> None:
    file = orthanc_server.file("rtdose.dcm")
    dataset = file.dataset()
    root = f"wadors:{orthanc_server.dicomweb_url}{file.instance_path}"

    found = await client.metadata_many(f"{root}/frames/{frame}" for frame in range(1, 16))

    orientation = dataset.ImageOrientationPatient
    normal = np.cross(orientation[:3], orientation[3:])
    for each, offset in zip(found, dataset.GridFrameOffsetVector, strict=True):
        expected = np.array(dataset.ImagePositionPatient) + offset * normal
        assert each.image_position_patient == pytest.approx(expected)
    assert found[0].rt_dose.dose_units == dataset.DoseUnits


@pytest.mark.parametrize(
    "name",
    ["rtdose.dcm", "examples_overlay.dcm", "mlut_18.dcm", "examples_ybr_color.dcm", "liver.dcm"],
)
async def test_an_orthanc_s_document_says_what_the_file_says(
    client: imageid.aio.Client, orthanc_server: Orthanc, name: str
) -> None:
    file = orthanc_server.file(name)
    by_frame = f"wadors:{orthanc_server.dicomweb_url}{file.instance_path}/frames/1"
    by_file = f"wadouri:{orthanc_server.wado_uri}?{file.wado_query}&frame=1"

    document, whole = await client.metadata_many([by_frame, by_file])

    differing = {
        name
        for name in whole.as_dict() | document.as_dict()
        if getattr(whole, name) != getattr(document, name)
    }
    # The document has bulk data by reference alone, and leaves out the transfer syntax.
    assert differing <= {"transfer_syntax_uid", "overlays", "modality_lut", "icc_profile"}
