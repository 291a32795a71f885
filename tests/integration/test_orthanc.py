"""Images from a real Orthanc: every file of pydicom and pydicom-data that it accepts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

import imageid
from daemon_process import DaemonProcess
from origins.corpus import DicomFile, as_instance, own_file, quiet
from origins.orthanc import Orthanc, orthanc
from origins.reference import (
    difference,
    frame_count,
    has_pixels,
    pydicom_refuses,
    reference_pixels,
)

FRAMES_PER_FILE = 3
LOADS_AT_A_TIME = 4

# What pydicom cannot decode here, with Pillow as its only codec…
SAME_AS = {
    "MR_small_jpeg_ls_lossless.dcm": "MR_small.dcm",
    "emri_small_jpeg_ls_lossless.dcm": "emri_small.dcm",
}
NO_CODEC = {
    "GDCMJ2K_TextGBR.dcm",
    "JPEG-LL.dcm",
    "JPEG-lossy.dcm",
    "JPEGLSNearLossless_08.dcm",
    "JPEGLSNearLossless_16.dcm",
    "JPGExtended.dcm",
    "JPGLosslessP14SV1_1s_1f_8b.dcm",
    "SC_rgb_jls_lossy_line.dcm",
    "SC_rgb_jls_lossy_sample.dcm",
    "SC_rgb_jpeg_gdcm.dcm",
    "bad_sequence.dcm",
}
# …what it is too strict for: no file meta information, and a NumberOfFrames of "1A"…
LENIENT = {"OT-PAL-8-face.dcm", "badVR.dcm"}
# …and what nobody can: cut short, without geometry, a codestream of the wrong width.
DAMAGED = {
    "JPEG2000-embedded-sequence-delimiter.dcm",
    "MR_truncated.dcm",
    "meta_missing_tsyntax.dcm",
    "nested_priv_SQ.dcm",
}
NO_REFERENCE = SAME_AS.keys() | NO_CODEC | LENIENT | DAMAGED

NO_INSTANCES = {
    "DICOMDIR",
    "DICOMDIR-bigEnd",
    "DICOMDIR-empty.dcm",
    "DICOMDIR-implicit",
    "DICOMDIR-nooffset",
    "DICOMDIR-nopatient",
    "DICOMDIR-reordered",
    "UN_sequence.dcm",
    "empty_charset_LEI.dcm",
    "no_meta_group_length.dcm",
    "priv_SQ.dcm",
}
NO_DICOM = {
    "README",
    "README.txt",
    "SC_rgb_jpeg.dcm",
    "crayons.icc",
    "emri_small_jpeg_2k_lossless_too_short.dcm",
    "no_meta.dcm",
    "rtplan.dump",
    "rtplan_truncated.dcm",
    "rtstruct.dump",
    "test1.json",
    "test_PN.json",
    "zipMR.gz",
}

ImageIdOf = Callable[[Orthanc, DicomFile, int], str]


def wado_uri(server: Orthanc, file: DicomFile, frame: int) -> str:
    return f"wadouri:{server.wado_uri}?{file.wado_query}&frame={frame}"


def wado_rs_frame(server: Orthanc, file: DicomFile, frame: int) -> str:
    return f"wadors:{server.dicomweb_url}{file.instance_path}/frames/{frame}"


def wado_rs_instance(server: Orthanc, file: DicomFile, frame: int) -> str:
    assert frame == 1
    return f"wadors:{server.dicomweb_url}{file.instance_path}"


def images_of(server: Orthanc) -> list[DicomFile]:
    with quiet():
        return [file for file in server.accepted if has_pixels(file.dataset())]


def sampled_frames(file: DicomFile) -> list[int]:
    """The first, one in the middle and the last."""
    with quiet():
        count = frame_count(file.dataset())
    return sorted({1, (count + 1) // 2, count})


async def differences(
    client: imageid.aio.Client, server: Orthanc, image_id_of: ImageIdOf, frames_of
) -> dict[str, str]:
    """Compare every image that pydicom can decode; by file name, only what differs."""
    places = asyncio.Semaphore(LOADS_AT_A_TIME)
    found: dict[str, str] = {}

    async def compare(file: DicomFile, frame: int) -> None:
        async with places:
            try:
                image = await client.load(image_id_of(server, file, frame))
            except imageid.Error as error:
                found[file.name] = str(error)
                return
            expected = await asyncio.to_thread(reference_pixels, file, frame)
            if differs := difference(image.pixels, expected):
                found[file.name] = f"frame {frame}: {differs}"

    files = [file for file in images_of(server) if file.name not in NO_REFERENCE]
    await asyncio.gather(*(compare(file, frame) for file in files for frame in frames_of(file)))
    return found


def test_the_corpus_is_what_it_was_when_the_counts_were_taken(orthanc_server: Orthanc) -> None:
    images = images_of(orthanc_server)

    assert len(orthanc_server.accepted) == 218
    assert len(images) == 161
    assert {file.name for file in images if pydicom_refuses(file)} == NO_REFERENCE


def test_orthanc_refuses_what_is_no_instance(orthanc_server: Orthanc) -> None:
    def refused_with(reason: str) -> set[str]:
        return {name for name, said in orthanc_server.refused.items() if reason in said}

    assert refused_with("Inexistent tag") == NO_INSTANCES
    assert refused_with("Cannot parse") == NO_DICOM
    assert refused_with("AlreadyStored") == {"ExplVR_LitEndNoMeta.dcm"}


async def test_the_pixels_by_wado_uri_are_pydicoms(
    client: imageid.aio.Client, orthanc_server: Orthanc
) -> None:
    assert await differences(client, orthanc_server, wado_uri, sampled_frames) == {}


async def test_the_pixels_by_wado_rs_frames_are_pydicoms(
    client: imageid.aio.Client, orthanc_server: Orthanc
) -> None:
    assert await differences(client, orthanc_server, wado_rs_frame, sampled_frames) == {}


async def test_the_pixels_by_wado_rs_instances_are_pydicoms(
    client: imageid.aio.Client, orthanc_server: Orthanc
) -> None:
    assert await differences(client, orthanc_server, wado_rs_instance, lambda file: [1]) == {}


@pytest.mark.parametrize(("name", "same"), SAME_AS.items())
@pytest.mark.parametrize("image_id_of", [wado_uri, wado_rs_frame])
async def test_a_lossless_variant_has_the_pixels_of_its_original(
    client: imageid.aio.Client,
    orthanc_server: Orthanc,
    image_id_of: ImageIdOf,
    name: str,
    same: str,
) -> None:
    image = await client.load(image_id_of(orthanc_server, orthanc_server.file(name), 1))

    expected = reference_pixels(orthanc_server.file(same))
    assert difference(image.pixels, expected) == ""


@pytest.mark.parametrize("name", sorted(NO_CODEC | LENIENT))
async def test_every_way_to_an_image_gives_the_same_pixels(
    client: imageid.aio.Client, orthanc_server: Orthanc, name: str
) -> None:
    file = orthanc_server.file(name)
    ways = (wado_uri, wado_rs_frame, wado_rs_instance)

    images = [await client.load(way(orthanc_server, file, 1)) for way in ways]

    dataset = file.dataset()
    assert {image.shape[:2] for image in images} == {(dataset.Rows, dataset.Columns)}
    assert len({image.sha256 for image in images}) == 1


@pytest.mark.parametrize("name", sorted(DAMAGED))
async def test_a_damaged_file_is_an_error_and_still_there_as_it_is(
    client: imageid.aio.Client, orthanc_server: Orthanc, name: str
) -> None:
    image_id = wado_uri(orthanc_server, orthanc_server.file(name), 1)

    with pytest.raises(imageid.Error) as raised:
        await client.load(image_id)
    image = await client.load(image_id, "encoded")

    assert (raised.value.code.name, raised.value.reason) == ("DATA_LOSS", "DECODE_FAILED")
    assert bytes(image.data) == orthanc_server.file(name).data


@pytest.mark.parametrize("name", ["CT_small.dcm", "JPEG-LL.dcm", "examples_jpeg2k.dcm"])
async def test_the_encoded_instance_is_the_file_that_was_stored(
    client: imageid.aio.Client, orthanc_server: Orthanc, name: str
) -> None:
    file = orthanc_server.file(name)

    by_uri = await client.load(wado_uri(orthanc_server, file, 1), "encoded")
    by_rs = await client.load(wado_rs_instance(orthanc_server, file, 1), "encoded")

    assert bytes(by_uri.data) == file.data
    assert bytes(by_rs.data) == file.data


@pytest.mark.parametrize("image_id_of", [wado_uri, wado_rs_frame, wado_rs_instance])
async def test_the_metadata_say_what_the_data_set_says(
    client: imageid.aio.Client, orthanc_server: Orthanc, image_id_of: ImageIdOf
) -> None:
    file = orthanc_server.file("CT_small.dcm")
    dataset = file.dataset()

    found = await client.metadata(image_id_of(orthanc_server, file, 1))

    assert (found.rows, found.columns) == (dataset.Rows, dataset.Columns)
    assert (found.rescale_slope, found.rescale_intercept) == (1, -1024)
    assert found.pixel_spacing == tuple(dataset.PixelSpacing)
    assert found.image_position_patient == tuple(dataset.ImagePositionPatient)
    assert found.modality == "CT"
    assert found.sop_instance_uid == file.sop
    assert found.series_instance_uid == file.series


async def test_the_metadata_of_wado_rs_frames_cost_no_pixels(
    client: imageid.aio.Client, orthanc_server: Orthanc
) -> None:
    image_id = wado_rs_frame(orthanc_server, orthanc_server.file("693_UNCR.dcm"), 1)

    await client.evict(all=True)
    await client.metadata(image_id)
    [stat] = await client.stat([image_id], "encoded")

    assert not stat.cached
    assert (await client.stats()).stored_bytes < 100_000


@pytest.mark.parametrize("number", [0, 31])
@pytest.mark.parametrize("image_id_of", [wado_uri, wado_rs_frame])
async def test_a_frame_that_does_not_exist_is_an_error_that_says_so(
    client: imageid.aio.Client, orthanc_server: Orthanc, image_id_of: ImageIdOf, number: int
) -> None:
    file = orthanc_server.file("examples_ybr_color.dcm")

    with pytest.raises(imageid.Error) as raised:
        await client.load(image_id_of(orthanc_server, file, number))

    expected = "IMAGE_ID_INVALID" if number == 0 else "IMAGE_NOT_FOUND"
    assert raised.value.reason == expected
    assert "frame" in raised.value.detail


@pytest.mark.parametrize("image_id_of", [wado_uri, wado_rs_frame, wado_rs_instance])
async def test_an_unknown_uid_is_an_image_not_found(
    client: imageid.aio.Client, orthanc_server: Orthanc, image_id_of: ImageIdOf
) -> None:
    unknown = DicomFile("unknown", b"", "1.2.3", "1.2.3.4", "1.2.3.4.5")

    with pytest.raises(imageid.Error) as raised:
        await client.load(image_id_of(orthanc_server, unknown, 1))

    assert (raised.value.code.name, raised.value.reason) == ("NOT_FOUND", "IMAGE_NOT_FOUND")
    assert unknown.sop not in raised.value.detail


async def test_a_series_is_listed_in_the_order_of_its_slices(
    client: imageid.aio.Client, orthanc_server: Orthanc
) -> None:
    file = orthanc_server.file("CT_small.dcm")
    series = f"{orthanc_server.dicomweb_url}/studies/{file.study}/series/{file.series}"

    assert await client.ls(f"wadors:{series}") == [wado_rs_frame(orthanc_server, file, 1)]


# --- with credentials -----------------------------------------------------------------


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def guarded(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Orthanc]:
    """An Orthanc that wants basic authentication."""
    async with orthanc(tmp_path_factory.mktemp("guarded"), "alice", "correct horse") as server:
        await server.seed([as_instance(own_file("CT_small.dcm"))])
        yield server


def origin_with_credentials(server: Orthanc, password_file: Path) -> str:
    return (
        f'[origins.guarded]\nurl = "{server.dicomweb_url}"\nwado_uri = "{server.wado_uri}"\n'
        f'user = "{server.user}"\npassword_file = "{password_file}"\n'
    )


def password_file(directory: Path, password: str) -> Path:
    path = directory / "password"
    path.touch(mode=0o600)
    path.write_text(password + "\n")
    return path


async def test_a_configured_origin_gets_its_credentials(guarded: Orthanc, tmp_path: Path) -> None:
    config = origin_with_credentials(guarded, password_file(tmp_path, "correct horse"))
    [file] = guarded.accepted
    image_ids = [
        wado_uri(guarded, file, 1),
        wado_rs_frame(guarded, file, 1),
        wado_rs_instance(guarded, file, 1),
        f"wadors://guarded/{file.study}/{file.series}/{file.sop}",
        f"dicomweb://guarded/wado/{file.study}/{file.series}/{file.sop}",
    ]

    async with (
        DaemonProcess(tmp_path, config) as daemon,
        imageid.aio.connect(daemon.address) as client,
    ):
        images = [await client.load(image_id) for image_id in image_ids]

    expected = reference_pixels(file)
    assert [difference(image.pixels, expected) for image in images] == [""] * len(image_ids)


@pytest.mark.parametrize("image_id_of", [wado_uri, wado_rs_frame])
async def test_a_wrong_password_is_named_as_the_cause(
    guarded: Orthanc, tmp_path: Path, image_id_of: ImageIdOf
) -> None:
    config = origin_with_credentials(guarded, password_file(tmp_path, "battery staple"))
    [file] = guarded.accepted

    async with (
        DaemonProcess(tmp_path, config) as daemon,
        imageid.aio.connect(daemon.address) as client,
    ):
        with pytest.raises(imageid.Error) as raised:
            await client.load(image_id_of(guarded, file, 1))

    assert raised.value.code.name == "UNAUTHENTICATED"
    assert raised.value.reason == "ORIGIN_UNAUTHENTICATED"
    assert "battery" not in daemon.log.read_text()


async def test_without_credentials_the_origin_is_asked_for_none(
    client: imageid.aio.Client, guarded: Orthanc
) -> None:
    [file] = guarded.accepted

    with pytest.raises(imageid.Error) as raised:
        await client.load(wado_uri(guarded, file, 1))

    assert raised.value.reason == "ORIGIN_UNAUTHENTICATED"
