"""What WADO-RS metadata only refer to is fetched from there, by the rules of any origin."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import imageid
from daemon_process import DaemonProcess
from origins.bulk_data import Moved
from origins.corpus import DicomFile, as_instance, own_file
from origins.multipart import Part, multipart_body, multipart_type
from origins.orthanc import Orthanc
from origins.scripted import Answer, ScriptedOrigin

OCTETS = "application/octet-stream"
FILE = as_instance(own_file("examples_palette.dcm"))
COLOURS = ("red", "green", "blue")


def palette_of(file: DicomFile) -> tuple[bytes, ...]:
    dataset = file.dataset()
    names = (f"{colour.capitalize()}PaletteColorLookupTableData" for colour in COLOURS)
    return tuple(dataset[name].value for name in names)


def entries(found: imageid.Metadata) -> tuple[bytes, ...] | None:
    """Of the palette."""
    palette = found.palette_color_lookup_table
    if palette is None:
        return None
    return tuple(getattr(palette, colour).entries for colour in COLOURS)


def serve(
    origin: ScriptedOrigin, uri_of: Callable[[int], str], *, alone: bool = False
) -> tuple[str, Moved]:
    """Serve the instance's metadata, and each value below /dicom-web/bulk/."""
    whole = FILE.dataset().to_json_dict(bulk_data_threshold=10**9)
    moved = Moved(uri_of)
    document = json.dumps([moved.document(whole)]).encode()
    series = FILE.instance_path.partition("/instances/")[0]
    path = f"/dicom-web{series}/metadata"
    origin.route(path, Answer(document, "application/dicom+json"))
    for number, value in enumerate(moved.values.values(), 1):
        body = Answer(value, OCTETS)
        parts = Answer(multipart_body([Part(value, OCTETS)]), multipart_type(OCTETS))
        origin.route(f"/dicom-web/bulk/{number}", body if alone else parts)
    return f"wadors:{origin.url}/dicom-web{FILE.instance_path}/frames/1", moved


@pytest.mark.parametrize("alone", [True, False], ids=["alone", "multipart"])
@pytest.mark.parametrize(
    "form", ["{url}/dicom-web/bulk/{n}", "/dicom-web/bulk/{n}", "{up}bulk/{n}"]
)
async def test_a_uri_is_read_against_that_of_the_document(
    client: imageid.aio.Client, origin: ScriptedOrigin, form: str, alone: bool
) -> None:
    def uri_of(number: int) -> str:
        return form.format(url=origin.url, n=number, up="../../../../")

    image_id, _ = serve(origin, uri_of, alone=alone)

    found = await client.metadata(image_id)

    assert entries(found) == palette_of(FILE)
    assert origin.count("/dicom-web/bulk/0") == 0  # nobody asked for the pixels


async def test_a_value_is_asked_for_once_for_many_callers(
    client: imageid.aio.Client, origin: ScriptedOrigin
) -> None:
    image_id, moved = serve(origin, lambda number: f"/dicom-web/bulk/{number}")

    found = await client.metadata_many([image_id] * 5)
    again = await client.metadata(image_id)

    assert {entries(each) for each in [*found, again]} == {palette_of(FILE)}
    assert [origin.count(f"/dicom-web/bulk/{n}") for n in range(1, len(moved.values) + 1)] == [
        1
    ] * 3


@pytest.mark.parametrize(
    "elsewhere",
    [
        "http://localhost:{port}/dicom-web/bulk/{n}",
        "http://169.254.169.254/bulk/{n}",
        "file:///etc/passwd",
        "http://user:secret@127.0.0.1:{port}/dicom-web/bulk/{n}",
        "http://[bulk/{n}",
        "/dicom-web/../dicom-web/./%2e%2e/dicom-web/bulk/{n}",
    ],
)
async def test_a_value_outside_of_what_is_allowed_is_absent_and_not_asked_for(
    client: imageid.aio.Client, origin: ScriptedOrigin, elsewhere: str
) -> None:
    image_id, _ = serve(origin, lambda number: elsewhere.format(port=origin.port, n=number))

    found = await client.metadata(image_id)

    assert found.palette_color_lookup_table is None
    assert (found.rows, found.photometric_interpretation) == (350, "PALETTE COLOR")
    assert [request.path for request in origin.requests if "bulk" in request.path] == []


@pytest.mark.parametrize(
    "failing",
    [
        Answer(status=404),
        Answer(status=403),
        Answer(b"<html>log in</html>" + b" " * 4000, "text/html"),
        Answer(bytes(512), OCTETS).truncated(100),
        Answer(multipart_body([Part(b"ab", OCTETS)] * 2), multipart_type(OCTETS)),
    ],
    ids=["missing", "forbidden", "a login", "broken off", "several parts"],
)
async def test_a_value_that_the_origin_does_not_give_is_absent(
    client: imageid.aio.Client, origin: ScriptedOrigin, failing: Answer
) -> None:
    image_id, _ = serve(origin, lambda number: f"/dicom-web/bulk/{number}")
    origin.route("/dicom-web/bulk/2", failing)

    assert (await client.metadata(image_id)).palette_color_lookup_table is None


async def test_credentials_go_with_a_value_of_their_origin_and_with_no_other(
    origin: ScriptedOrigin, tmp_path: Path
) -> None:
    async with ScriptedOrigin() as other:
        places = {1: f"{origin.url}/dicom-web/bulk/1", 2: f"{other.url}/dicom-web/bulk/2"}
        image_id, moved = serve(origin, lambda number: places.get(number, places[1]))
        values = list(moved.values.values())
        other.route("/dicom-web/bulk/2", Answer(values[1], OCTETS))
        config = f"""
            [network]
            allow = ["127.0.0.1:*"]
            [origins.pacs]
            url = "{origin.url}/dicom-web"
            user = "viewer"
            password_env = "PASSWORD"
        """
        daemon = DaemonProcess(tmp_path / "d", config, environment={"PASSWORD": "secret"})
        async with daemon, imageid.aio.connect(daemon.address) as client:
            await client.metadata(image_id)

        (sent,) = [each for each in origin.requests if each.path == "/dicom-web/bulk/1"]
        (elsewhere,) = other.requests
    assert sent.headers["authorization"].startswith("Basic ")
    assert "authorization" not in elsewhere.headers


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("examples_palette.dcm", "palette_color_lookup_table"),
        ("OBXXXX1A.dcm", "palette_color_lookup_table"),
        ("examples_overlay.dcm", "overlays"),
        ("MR-SIEMENS-DICOM-WithOverlays.dcm", "overlays"),
        ("mlut_18.dcm", "modality_lut"),
        ("vlut_04.dcm", "voi_luts"),
    ],
)
async def test_what_orthancs_metadata_refer_to_is_what_the_file_has(
    client: imageid.aio.Client, orthanc_server: Orthanc, name: str, field: str
) -> None:
    file = orthanc_server.file(name)

    by_metadata = await client.metadata(
        f"wadors:{orthanc_server.dicomweb_url}{file.instance_path}/frames/1"
    )
    by_file = await client.metadata(f"wadouri:{orthanc_server.wado_uri}?{file.wado_query}")

    assert getattr(by_file, field)
    assert getattr(by_metadata, field) == getattr(by_file, field)


async def test_a_palette_that_orthanc_only_refers_to_colours_its_frames(
    client: imageid.aio.Client, orthanc_server: Orthanc
) -> None:
    file = orthanc_server.file("OBXXXX1A.dcm")
    rgb = imageid.Pixels(color="rgb")

    of_frame = await client.load(
        f"wadors:{orthanc_server.dicomweb_url}{file.instance_path}/frames/1", rgb
    )
    of_file = await client.load(f"wadouri:{orthanc_server.wado_uri}?{file.wado_query}", rgb)

    assert of_frame.sha256 == of_file.sha256
