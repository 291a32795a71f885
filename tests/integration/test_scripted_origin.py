"""What callers see of an origin that misbehaves, and that none of it is ever stored."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
import pytest_asyncio

import imageid
from daemon_process import DaemonProcess
from origins.corpus import as_instance, own_file
from origins.multipart import Part, multipart_body, multipart_type
from origins.pictures import noise_jpeg
from origins.scripted import Answer, ScriptedOrigin, Validated, in_turn, redirect
from origins.server import Handler

JPEG = noise_jpeg(11)
PICTURE = Answer(JPEG, "image/jpeg")
FILE = own_file("CT_small.dcm").read_bytes()
FRAME = bytes(as_instance(own_file("CT_small.dcm")).dataset().PixelData)
FRAME_PATH = "/dicom-web/studies/1.2/series/1.3/instances/1.4/frames/1"
FRAME_TYPE = "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"
MULTIPART = Answer(
    multipart_body([Part(FRAME, FRAME_TYPE)]), multipart_type("application/octet-stream")
)
HALF = len(JPEG) // 2


@dataclass(frozen=True, slots=True)
class Resource:
    """Something to load and what it must be, whole."""

    prefix: str
    path: str
    whole: Answer
    body: bytes

    def image_id(self, origin: ScriptedOrigin) -> str:
        return self.prefix + origin.url + self.path


IMAGE = Resource("", "/a.jpg", PICTURE, JPEG)
DICOM = Resource("wadouri:", "/a.dcm", Answer(FILE, "application/dicom"), FILE)
WADO_RS = Resource("wadors:", FRAME_PATH, MULTIPART, FRAME)
RESOURCES = [IMAGE, DICOM, WADO_RS]


def named(resource: Resource) -> str:
    return resource.path


async def refusal(
    client: imageid.aio.Client, image_id: str, output: imageid.Output = "encoded"
) -> imageid.Error:
    with pytest.raises(imageid.Error) as raised:
        await client.load(image_id, output)
    return raised.value


# --- answers that are odd and right ---------------------------------------------------


@pytest.mark.parametrize("resource", RESOURCES, ids=named)
@pytest.mark.parametrize(
    "oddly",
    [
        pytest.param(lambda answer: answer.dripped(7), id="dripped"),
        pytest.param(lambda answer: answer.framed_by("chunked"), id="chunked"),
        pytest.param(lambda answer: answer.framed_by("chunked").dripped(7), id="small chunks"),
        pytest.param(lambda answer: answer.framed_by("close"), id="without a length"),
        pytest.param(lambda answer: answer.gzipped(), id="gzip"),
        pytest.param(lambda answer: answer.gzipped().framed_by("chunked"), id="gzip, chunked"),
    ],
)
async def test_an_odd_answer_gives_the_right_bytes(
    client: imageid.aio.Client, origin: ScriptedOrigin, resource: Resource, oddly
) -> None:
    origin.route(resource.path, oddly(resource.whole))

    image = await client.load(resource.image_id(origin), "encoded")

    assert bytes(image.data) == resource.body


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("resource", RESOURCES, ids=named)
async def test_a_redirect_is_followed(
    client: imageid.aio.Client, origin: ScriptedOrigin, resource: Resource, status: int
) -> None:
    origin.route(resource.path, redirect("/elsewhere", status))
    origin.route("/elsewhere", resource.whole)

    image = await client.load(resource.image_id(origin), "encoded")

    assert bytes(image.data) == resource.body
    assert [request.path for request in origin.requests] == [resource.path, "/elsewhere"]


async def test_a_redirect_to_a_host_outside_the_allow_list_is_refused(
    client: imageid.aio.Client, origin: ScriptedOrigin
) -> None:
    origin.route("/a.jpg", redirect(f"http://localhost:{origin.port}/secret.jpg"))
    origin.route("/secret.jpg", PICTURE)

    failure = await refusal(client, IMAGE.image_id(origin))

    assert (failure.code.name, failure.reason) == ("PERMISSION_DENIED", "ORIGIN_NOT_ALLOWED")
    assert origin.count("/secret.jpg") == 0


async def test_redirects_in_a_circle_end_in_an_error(
    client: imageid.aio.Client, origin: ScriptedOrigin
) -> None:
    origin.route("/a.jpg", redirect("/b.jpg"))
    origin.route("/b.jpg", redirect("/a.jpg"))

    failure = await refusal(client, IMAGE.image_id(origin))

    assert failure.reason == "ORIGIN_UNAVAILABLE"
    assert origin.count() < 30


ODD_FRAMES = {
    "a single part": Answer(FRAME, FRAME_TYPE),
    "a single part with status 206": replace(Answer(FRAME, FRAME_TYPE), status=206).with_headers(
        Content_Range=f"bytes 0-{len(FRAME) - 1}/{len(FRAME)}"
    ),
    "multipart with status 206": replace(MULTIPART, status=206),
    "no boundary parameter": replace(
        MULTIPART, content_type='multipart/related; type="application/octet-stream"'
    ),
    "a quoted boundary": replace(
        MULTIPART,
        body=multipart_body([Part(FRAME, FRAME_TYPE)], "with spaces in"),
        content_type='multipart/related; boundary="with spaces in"; type=application/octet-stream',
    ),
    "a preamble and an epilogue": replace(
        MULTIPART, body=b"preamble\r\n" + MULTIPART.body + b"epilogue\r\n"
    ),
    "the transfer syntax inside the quoted type": replace(
        MULTIPART,
        body=multipart_body([Part(FRAME, "application/octet-stream")]),
        content_type=multipart_type(FRAME_TYPE),
    ),
}


@pytest.mark.parametrize("answer", ODD_FRAMES.values(), ids=ODD_FRAMES.keys())
async def test_a_frame_is_found_in_what_servers_really_send(
    client: imageid.aio.Client, origin: ScriptedOrigin, answer: Answer
) -> None:
    origin.route(FRAME_PATH, answer)

    image = await client.load(WADO_RS.image_id(origin), "encoded")

    assert bytes(image.data) == FRAME


async def test_an_image_with_the_wrong_content_type_is_decoded_for_what_it_is(
    client: imageid.aio.Client, origin: ScriptedOrigin
) -> None:
    origin.route("/a.jpg", replace(PICTURE, content_type="text/plain"))

    image = await client.load(IMAGE.image_id(origin))

    assert image.shape == (64, 64, 3)


async def test_the_query_reaches_the_origin_as_it_was_written(
    client: imageid.aio.Client, origin: ScriptedOrigin
) -> None:
    query = "requestType=WADO&contentType=application/dicom&a=%2F+b&objectUID=1.2"
    origin.route("/wado", DICOM.whole)

    await client.load(f"wadouri:{origin.url}/wado?{query}", "encoded")

    assert [request.query for request in origin.requests] == [query]


async def test_no_compression_is_asked_for(
    client: imageid.aio.Client, origin: ScriptedOrigin
) -> None:
    origin.route(DICOM.path, DICOM.whole)

    await client.load(DICOM.image_id(origin), "encoded")

    assert origin.requests[0].headers["accept-encoding"] == "identity"


# --- answers that are errors ----------------------------------------------------------


REFUSALS = [
    (401, "UNAUTHENTICATED", "ORIGIN_UNAUTHENTICATED"),
    (403, "PERMISSION_DENIED", "ORIGIN_DENIED"),
    (404, "NOT_FOUND", "IMAGE_NOT_FOUND"),
    (410, "NOT_FOUND", "IMAGE_NOT_FOUND"),
]


@pytest.mark.parametrize(("status", "code", "reason"), REFUSALS)
@pytest.mark.parametrize("resource", RESOURCES, ids=named)
async def test_a_refusal_is_final(
    client: imageid.aio.Client,
    origin: ScriptedOrigin,
    resource: Resource,
    status: int,
    code: str,
    reason: str,
) -> None:
    origin.route(resource.path, Answer(b"no", "text/plain", status))

    failure = await refusal(client, resource.image_id(origin))

    assert (failure.code.name, failure.reason) == (code, reason)
    assert origin.count() == 1


@pytest.mark.parametrize(
    ("status", "code", "reason"),
    [
        (429, "RESOURCE_EXHAUSTED", "ORIGIN_RATE_LIMITED"),
        (503, "UNAVAILABLE", "ORIGIN_UNAVAILABLE"),
    ],
)
async def test_an_origin_that_says_when_to_come_back_is_quoted(
    client: imageid.aio.Client, origin: ScriptedOrigin, status: int, code: str, reason: str
) -> None:
    origin.route("/a.jpg", Answer(status=status).with_headers(Retry_After="3600"))

    failure = await refusal(client, IMAGE.image_id(origin))

    assert (failure.code.name, failure.reason) == (code, reason)
    assert failure.retry_after_seconds == pytest.approx(3600)
    assert origin.count() == 1


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_an_origin_that_recovers_at_once_is_asked_again_for_the_caller(
    client: imageid.aio.Client, origin: ScriptedOrigin, status: int
) -> None:
    busy = Answer(status=status).with_headers(Retry_After="0")
    origin.route("/a.jpg", in_turn(busy, PICTURE))

    image = await client.load(IMAGE.image_id(origin), "encoded")

    assert bytes(image.data) == JPEG
    assert origin.count() == 2


async def test_nobody_listening_is_an_origin_unavailable(
    client: imageid.aio.Client,
) -> None:
    async with ScriptedOrigin() as gone:
        image_id = IMAGE.image_id(gone)

    failure = await refusal(client, image_id)

    assert (failure.code.name, failure.reason) == ("UNAVAILABLE", "ORIGIN_UNAVAILABLE")


@pytest_asyncio.fixture(loop_scope="session")
async def impatient(
    origin: ScriptedOrigin, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[imageid.aio.Client]:
    """A client of a daemon that waits 300 ms for the origin and asks it once."""
    config = (
        "[origins.silent]\n"
        f'url = "{origin.url}/dicom-web"\nwado_uri = "{origin.url}/wado"\n'
        'timeout = "300ms"\nretries = 0\n'
    )
    async with (
        DaemonProcess(tmp_path_factory.mktemp("d"), config) as daemon,
        imageid.aio.connect(daemon.address) as client,
    ):
        yield client


@pytest.mark.parametrize("after_bytes", [0, 100])
async def test_an_origin_that_falls_silent_is_given_up(
    impatient: imageid.aio.Client, origin: ScriptedOrigin, after_bytes: int
) -> None:
    never = asyncio.Event()
    origin.route("/wado", DICOM.whole.stalled(after_bytes, never))

    failure = await refusal(impatient, f"wadouri:{origin.url}/wado?requestType=WADO&objectUID=1.2")

    assert (failure.code.name, failure.reason) == ("UNAVAILABLE", "ORIGIN_TIMEOUT")


# --- bodies that break off ------------------------------------------------------------


BROKEN_PICTURES: dict[str, tuple[Handler, str]] = {
    "truncated": (PICTURE.truncated(HALF), "CHECKSUM_MISMATCH"),
    "truncated before its first byte": (PICTURE.truncated(0), "CHECKSUM_MISMATCH"),
    "chunked, truncated": (PICTURE.framed_by("chunked").truncated(HALF), "CHECKSUM_MISMATCH"),
    "reset": (PICTURE.reset(HALF), "ORIGIN_UNAVAILABLE"),
    "chunked, reset": (PICTURE.framed_by("chunked").reset(HALF), "ORIGIN_UNAVAILABLE"),
    "without a length, reset": (PICTURE.framed_by("close").reset(HALF), "ORIGIN_UNAVAILABLE"),
    "gzip, truncated": (PICTURE.gzipped().truncated(HALF), "CHECKSUM_MISMATCH"),
    "not gzip at all": (PICTURE.with_headers(Content_Encoding="gzip"), "CHECKSUM_MISMATCH"),
    "206 of a part": (
        replace(PICTURE, status=206, body=JPEG[:HALF]).with_headers(
            Content_Range=f"bytes 0-{HALF - 1}/{len(JPEG)}"
        ),
        "CHECKSUM_MISMATCH",
    ),
}

HALF_MULTIPART = len(MULTIPART.body) // 2
BEFORE_CLOSING = len(MULTIPART.body) - 12
UNCLOSED = replace(MULTIPART, body=MULTIPART.body[:BEFORE_CLOSING])

BROKEN_FRAMES: dict[str, tuple[Handler, str]] = {
    "truncated": (MULTIPART.truncated(HALF_MULTIPART), "CHECKSUM_MISMATCH"),
    "chunked, truncated": (
        MULTIPART.framed_by("chunked").truncated(HALF_MULTIPART),
        "CHECKSUM_MISMATCH",
    ),
    "without a length, truncated in the part": (
        MULTIPART.framed_by("close").truncated(HALF_MULTIPART),
        "CHECKSUM_MISMATCH",
    ),
    "without a length, before the closing delimiter": (
        MULTIPART.framed_by("close").truncated(BEFORE_CLOSING),
        "CHECKSUM_MISMATCH",
    ),
    "whole, and no closing delimiter": (UNCLOSED, "CHECKSUM_MISMATCH"),
    "reset": (MULTIPART.reset(HALF_MULTIPART), "ORIGIN_UNAVAILABLE"),
}

BROKEN = [
    pytest.param(IMAGE, answer, reason, id=f"image {how}")
    for how, (answer, reason) in BROKEN_PICTURES.items()
] + [
    pytest.param(WADO_RS, answer, reason, id=f"frame {how}")
    for how, (answer, reason) in BROKEN_FRAMES.items()
]


@pytest.mark.parametrize(("resource", "broken", "reason"), BROKEN)
async def test_a_body_that_breaks_off_is_an_error_and_is_not_stored(
    client: imageid.aio.Client,
    origin: ScriptedOrigin,
    resource: Resource,
    broken: Handler,
    reason: str,
) -> None:
    image_id = resource.image_id(origin)
    origin.route(resource.path, broken)

    failure = await refusal(client, image_id)
    [stat] = await client.stat([image_id], "encoded")
    origin.route(resource.path, resource.whole)
    healed = await client.load(image_id, "encoded")

    assert failure.reason == reason
    assert not stat.cached
    assert (bytes(healed.data), healed.cache_status) == (resource.body, "miss")


@pytest.mark.parametrize("resource", [IMAGE, DICOM], ids=named)
async def test_a_body_that_may_be_cut_is_refused_as_pixels_and_fetched_again(
    client: imageid.aio.Client, origin: ScriptedOrigin, resource: Resource
) -> None:
    """Nothing but the decoder can tell that a body without any framing is not whole."""
    image_id = resource.image_id(origin)
    cut = resource.whole.framed_by("close").truncated(len(resource.body) // 2)
    origin.route(resource.path, cut)

    failure = await refusal(client, image_id, "pixels")
    origin.route(resource.path, resource.whole)
    healed = await client.load(image_id)

    assert failure.code.name == "DATA_LOSS"
    assert healed.metadata is not None
    assert healed.metadata.rows == healed.shape[0]


@pytest.mark.parametrize("output", ["pixels", "png"])
async def test_a_login_page_is_never_taken_for_an_image(
    client: imageid.aio.Client, origin: ScriptedOrigin, output: imageid.Output
) -> None:
    page = Answer(b"<!doctype html><title>Log in</title>", "text/html; charset=utf-8")
    for resource in RESOURCES:
        origin.route(resource.path, page)

    failures = [await refusal(client, r.image_id(origin), output) for r in RESOURCES]

    assert {failure.reason for failure in failures} == {"ORIGIN_UNAUTHENTICATED"}


async def test_a_multipart_answer_without_parts_is_an_error(
    client: imageid.aio.Client, origin: ScriptedOrigin
) -> None:
    origin.route(FRAME_PATH, replace(MULTIPART, body=multipart_body([])))

    failure = await refusal(client, WADO_RS.image_id(origin))

    assert failure.code.name == "DATA_LOSS"


# --- who waits for whom ---------------------------------------------------------------


async def test_a_stalled_origin_holds_up_nobody_else(
    client: imageid.aio.Client, origin: ScriptedOrigin
) -> None:
    released = asyncio.Event()
    stalled = [
        client.load(origin.route(f"/{n}.jpg", PICTURE.stalled(10, released)), "encoded")
        for n in range(20)
    ]
    waiting = [asyncio.create_task(load) for load in stalled]
    await origin.requests_arrive(1)

    async with ScriptedOrigin() as other:
        image = await client.load(other.route("/b.jpg", PICTURE), "encoded")
    assert bytes(image.data) == JPEG
    assert not any(load.done() for load in waiting)
    released.set()
    await asyncio.gather(*waiting)


async def test_a_stale_copy_is_revalidated_and_served_when_the_origin_confirms_it(
    client: imageid.aio.Client, origin: ScriptedOrigin
) -> None:
    image_id = origin.route(
        "/a.jpg", Validated(PICTURE.with_headers(Cache_Control="no-cache"), '"1"')
    )

    first = await client.load(image_id, "encoded")
    second = await client.load(image_id, "encoded")

    assert (first.cache_status, second.cache_status) == ("miss", "revalidated")
    assert origin.requests[1].headers["if-none-match"] == '"1"'
    assert bytes(second.data) == JPEG


async def test_a_copy_that_changed_at_the_origin_is_replaced(
    client: imageid.aio.Client, origin: ScriptedOrigin
) -> None:
    stale = PICTURE.with_headers(Cache_Control="no-cache")
    newer = noise_jpeg(12)
    image_id = origin.route("/a.jpg", Validated(stale, '"1"'))
    await client.load(image_id)

    origin.route("/a.jpg", Validated(replace(stale, body=newer), '"2"'))
    image = await client.load(image_id, "encoded")
    picture = await client.load(image_id)

    assert bytes(image.data) == newer
    assert picture.sha256 != (await client.load(origin.route("/old.jpg", PICTURE))).sha256


async def test_a_fresh_copy_is_served_without_asking(
    client: imageid.aio.Client, origin: ScriptedOrigin
) -> None:
    image_id = origin.route("/a.jpg", PICTURE.with_headers(Cache_Control="max-age=60"))

    images = [await client.load(image_id, "encoded") for _ in range(3)]

    assert [image.cache_status for image in images] == ["miss", "hit", "hit"]
    assert origin.count() == 1


async def test_what_must_not_be_stored_is_not(
    client: imageid.aio.Client, origin: ScriptedOrigin
) -> None:
    image_id = origin.route("/a.jpg", PICTURE.with_headers(Cache_Control="no-store"))

    await client.load(image_id, "encoded")
    [stat] = await client.stat([image_id], "encoded")
    await client.load(image_id, "encoded")

    assert not stat.cached
    assert origin.count() == 2
