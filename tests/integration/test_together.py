"""Many images by one call are few requests to the origin, and the same bytes as one by one."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

import pydicom
import pytest

import imageid
from imageid_loaders.part10 import phantom_file
from origins.corpus import DicomFile, all_files, as_instance
from origins.dicomweb import DICOM, DicomwebOrigin
from origins.multipart import Part, multipart_body, multipart_type
from origins.orthanc import Orthanc
from origins.scripted import Answer, ScriptedOrigin
from origins.server import LoopbackServer

MANY_FRAMES = "emri_small.dcm"
SERIES = "/dicom-web/studies/1.2/series/1.3"


def phantom(number: int) -> DicomFile:
    data = phantom_file(number)
    dataset = pydicom.dcmread(BytesIO(data), stop_before_pixels=True)
    uids = (dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID)
    return DicomFile(f"{number}.dcm", data, *map(str, uids))


PHANTOM = [phantom(number) for number in range(1, 13)]


def paths(server: LoopbackServer) -> list[str]:
    return [request.path.rpartition("/series/")[2].partition("/")[2] for request in server.requests]


async def load_many(client: imageid.aio.Client, ids: list[str]) -> list[bytes]:
    return [bytes(image.data) async for image in client.load_many(ids, output="encoded")]


@pytest.fixture
def series(dicomweb_origin: DicomwebOrigin) -> Iterator[list[str]]:
    for file in PHANTOM:
        dicomweb_origin.add(file)
    yield [f"wadors:{dicomweb_origin.dicomweb_url}{file.instance_path}" for file in PHANTOM]


@pytest.mark.parametrize("view", ["", "/frames/1"])
async def test_a_series_is_one_request(
    client: imageid.aio.Client, dicomweb_origin: DicomwebOrigin, series: list[str], view: str
) -> None:
    loaded = await load_many(client, [image_id + view for image_id in series])

    files = [file.dataset().PixelData if view else file.data for file in PHANTOM]
    assert loaded == files
    assert paths(dicomweb_origin) == [""]


async def test_the_frames_of_an_instance_are_one_request(
    client: imageid.aio.Client, dicomweb_origin: DicomwebOrigin
) -> None:
    file = dicomweb_origin.add(as_instance(next(p for p in all_files() if p.name == MANY_FRAMES)))
    instance = f"wadors:{dicomweb_origin.dicomweb_url}{file.instance_path}"

    loaded = await load_many(client, [f"{instance}/frames/{n}" for n in range(1, 11)])

    assert b"".join(loaded) == file.dataset().PixelData
    assert dicomweb_origin.count() == 1
    assert dicomweb_origin.requests[0].path.endswith("/frames/1,2,3,4,5,6,7,8,9,10")


async def test_a_few_of_a_long_series_are_had_one_by_one(
    client: imageid.aio.Client, dicomweb_origin: DicomwebOrigin, series: list[str]
) -> None:
    loaded = await load_many(client, series[-3:])

    assert loaded == [file.data for file in PHANTOM[-3:]]
    assert dicomweb_origin.count() == 3


def routed(origin: ScriptedOrigin, answer: Answer) -> list[str]:
    """ImageIds of instances that are had one by one, in a series with this answer."""
    origin.route(SERIES, answer)
    paths = {f"{SERIES}/instances/{file.sop}": file.data for file in PHANTOM}
    return [f"wadors:{origin.route(path, Answer(data, DICOM))}" for path, data in paths.items()]


@pytest.mark.parametrize("missing_bytes", [3, 1000, 500_000])
async def test_a_series_that_breaks_off_is_completed_one_by_one(
    client: imageid.aio.Client, origin: ScriptedOrigin, missing_bytes: int
) -> None:
    body = multipart_body([Part(file.data, DICOM) for file in PHANTOM[:5]])
    answer = Answer(body, multipart_type(DICOM), framing="close")
    ids = routed(origin, answer.truncated(len(body) - missing_bytes))

    assert await load_many(client, ids) == [file.data for file in PHANTOM]
    assert origin.count(SERIES) == 1


async def test_what_an_origin_refuses_together_is_had_one_by_one(
    client: imageid.aio.Client, origin: ScriptedOrigin
) -> None:
    ids = routed(origin, Answer(b"no", "text/plain", 406))

    assert await load_many(client, ids) == [file.data for file in PHANTOM]
    assert origin.count(SERIES) == 1


@pytest.mark.parametrize("view", ["", "/frames/1"])
async def test_orthanc_delivers_a_series_together_as_it_does_one_by_one(
    client: imageid.aio.Client, orthanc_server: Orthanc, view: str
) -> None:
    await orthanc_server.seed(PHANTOM)
    ids = [f"wadors:{orthanc_server.dicomweb_url}{file.instance_path}{view}" for file in PHANTOM]

    together = await load_many(client, ids)
    one_by_one = [
        bytes((await client.load(image_id, "encoded", cache="reload")).data) for image_id in ids
    ]

    assert together == one_by_one


@pytest.mark.parametrize("name", [MANY_FRAMES, "emri_small_RLE.dcm", "color3d_jpeg_baseline.dcm"])
async def test_orthanc_delivers_frames_together_as_it_does_one_by_one(
    client: imageid.aio.Client, orthanc_server: Orthanc, name: str
) -> None:
    instance = f"wadors:{orthanc_server.dicomweb_url}{orthanc_server.file(name).instance_path}"
    ids = [f"{instance}/frames/{number}" for number in range(1, 11)]

    together = await load_many(client, ids)
    one_by_one = [
        bytes((await client.load(image_id, "encoded", cache="reload")).data) for image_id in ids
    ]

    assert together == one_by_one
