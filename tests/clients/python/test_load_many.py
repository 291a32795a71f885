"""Many images by one call."""

from __future__ import annotations

from pathlib import Path

import grpc
import pytest

import imageid
from clients.python.scripted_daemon import (
    ScriptedDaemon,
    chunk,
    error_info,
    fails,
    header,
    says,
    summary,
)
from daemon_process import DaemonProcess
from imageid.v1.image_service_pb2 import (
    GetServerInfoResponse,
    LoadImageResponse,
    LoadImagesResponse,
    LoadImagesResult,
    LocalFile,
)

IDS = ["example://1", "example://2", "example://3"]
BODIES = [b"first", b"the second one", b"3"]
NOT_FOUND = {"error_code": 5, "error_reason": "IMAGE_NOT_FOUND", "error_message": "No such image."}


def whole(index: int, body: bytes) -> LoadImagesResult:
    said = header(body, image_id=IDS[index])
    return LoadImagesResult(index=index, header=said, chunk=chunk(body), summary=summary(body))


def bodies(images) -> list:
    return [bytes(image.data) if isinstance(image, imageid.Image) else image for image in images]


def requests_of(daemon: ScriptedDaemon) -> list:
    return [call.request for call in daemon.calls if call.method == "LoadImages"]


def test_images_come_in_the_order_of_the_request(scripted, client):
    results = [whole(index, body) for index, body in enumerate(BODIES)]
    scripted.script(
        "LoadImages",
        says(LoadImagesResponse(results=results[:2]), LoadImagesResponse(results=results[2:])),
    )

    images = list(client.load_many(IDS, "encoded"))

    assert bodies(images) == BODIES
    [request] = requests_of(scripted)
    assert list(request.image_ids) == IDS
    assert request.in_request_order


async def test_asyncio_loads_many_too(scripted, async_client):
    results = [whole(index, body) for index, body in enumerate(BODIES)]
    scripted.script("LoadImages", says(LoadImagesResponse(results=results)))

    images = [image async for image in async_client.load_many(IDS, "encoded")]

    assert bodies(images) == BODIES


def test_images_may_come_as_they_are_ready_and_say_who_they_are(scripted, client):
    results = [whole(index, BODIES[index]) for index in (2, 0, 1)]
    scripted.script("LoadImages", says(LoadImagesResponse(results=results)))

    images = list(client.load_many(IDS, "encoded", in_order=False))

    assert [image.image_id for image in images] == [IDS[2], IDS[0], IDS[1]]
    assert not requests_of(scripted)[0].in_request_order


def test_parts_of_several_images_may_be_mixed(scripted, client):
    first = [LoadImagesResult(index=0, header=header(b"abcd", image_id=IDS[0]), chunk=chunk(b"ab"))]
    second = [LoadImagesResult(index=0, chunk=chunk(b"cd", 2), summary=summary(b"abcd"))]
    scripted.script(
        "LoadImages", says(LoadImagesResponse(results=[*first, whole(1, b"x"), *second]))
    )

    images = {i.image_id: bytes(i.data) for i in client.load_many(IDS[:2], in_order=False)}

    assert images == {IDS[0]: b"abcd", IDS[1]: b"x"}


def test_the_first_failure_is_raised_and_says_whose_it_is(scripted, client):
    results = [whole(0, b"first"), LoadImagesResult(index=1, **NOT_FOUND)]
    scripted.script("LoadImages", says(LoadImagesResponse(results=results)))

    images = client.load_many(IDS)
    next(images)
    with pytest.raises(imageid.Error, match="No such image") as raised:
        next(images)

    assert raised.value.reason == "IMAGE_NOT_FOUND"
    assert raised.value.metadata["index"] == "1"


def test_failures_may_stand_in_the_place_of_their_images(scripted, client):
    results = [whole(0, b"first"), LoadImagesResult(index=1, **NOT_FOUND), whole(2, b"3")]
    scripted.script("LoadImages", says(LoadImagesResponse(results=results)))

    first, failed, third = client.load_many(IDS, errors="return")

    assert (bytes(first.data), bytes(third.data)) == (b"first", b"3")
    assert (failed.reason, failed.metadata["index"]) == ("IMAGE_NOT_FOUND", "1")


def test_a_call_that_breaks_off_goes_on_with_the_images_that_have_not_come(scripted, client):
    begun = [LoadImagesResponse(results=[whole(1, BODIES[1])])]
    rest = [
        LoadImagesResult(
            index=0, header=header(BODIES[0]), chunk=chunk(BODIES[0]), summary=summary(BODIES[0])
        ),
        LoadImagesResult(
            index=1, header=header(BODIES[2]), chunk=chunk(BODIES[2]), summary=summary(BODIES[2])
        ),
    ]
    scripted.script(
        "LoadImages",
        fails(grpc.StatusCode.UNAVAILABLE, "reset", after=begun),
        says(LoadImagesResponse(results=rest)),
    )

    images = list(client.load_many(IDS, "encoded", in_order=False))

    assert bodies(images) == [BODIES[1], BODIES[0], BODIES[2]]
    assert [list(request.image_ids) for request in requests_of(scripted)] == [IDS, [IDS[0], IDS[2]]]


def test_a_call_that_breaks_off_before_any_image_fails(scripted, client):
    scripted.script(
        "LoadImages",
        fails(grpc.StatusCode.UNAVAILABLE, "The origin is gone.", error_info("ORIGIN_UNAVAILABLE")),
    )

    with pytest.raises(imageid.Error, match="The origin is gone"):
        list(client.load_many(IDS))

    assert len(requests_of(scripted)) == 1


@pytest.mark.parametrize(
    "results", [[whole(0, b"1")], [LoadImagesResult(index=7, **NOT_FOUND)]], ids=["few", "others"]
)
def test_an_answer_that_leaves_images_out_or_names_others_is_refused(scripted, client, results):
    scripted.script("LoadImages", says(LoadImagesResponse(results=results)))

    with pytest.raises(imageid.Error) as raised:
        list(client.load_many(IDS))

    assert raised.value.reason == "CHECKSUM_MISMATCH"


def test_images_out_of_their_order_are_refused(scripted, client):
    results = [whole(1, BODIES[1]), whole(0, BODIES[0]), whole(2, BODIES[2])]
    scripted.script("LoadImages", says(LoadImagesResponse(results=results)))

    with pytest.raises(imageid.Error, match="not in the order"):
        list(client.load_many(IDS, "encoded"))


def test_a_result_that_names_another_image_is_that_images_failure(scripted, client):
    results = [whole(index, body) for index, body in enumerate(BODIES)]
    results[1].header.image_id = IDS[2]
    scripted.script("LoadImages", says(LoadImagesResponse(results=results)))

    images = list(client.load_many(IDS, "encoded", errors="return"))

    assert bodies([images[0], images[2]]) == [BODIES[0], BODIES[2]]
    assert "another image's" in images[1].detail
    assert images[1].metadata["index"] == "1"


def test_a_damaged_image_fails_in_its_place(scripted, client):
    results = [whole(index, body) for index, body in enumerate(BODIES)]
    results[1].summary.checksums.sha256 = bytes(32)
    scripted.script("LoadImages", says(LoadImagesResponse(results=results)))

    images = list(client.load_many(IDS, "encoded", errors="return"))

    assert bodies([images[0], images[2]]) == [BODIES[0], BODIES[2]]
    assert images[1].reason == "CHECKSUM_MISMATCH"


def test_an_image_whose_file_is_missing_is_streamed_in_its_place(scripted, client, tmp_path):
    (tmp_path / "token").write_bytes(b"seen")
    info = GetServerInfoResponse(locality_token_file=str(tmp_path / "token"))
    scripted.script("GetServerInfo", says(info))
    gone = LocalFile(path=str(tmp_path / "gone"), length=5)
    results = [
        LoadImagesResult(
            index=0, header=header(b"first"), local_file=gone, summary=summary(b"first")
        ),
        whole(1, b"second"),
    ]
    scripted.script("LoadImages", says(LoadImagesResponse(results=results)))
    alone = LoadImageResponse(
        header=header(b"first"), chunk=chunk(b"first"), summary=summary(b"first")
    )
    scripted.script("LoadImage", says(alone))

    images = list(client.load_many(IDS[:2], "encoded"))

    assert bodies(images) == [b"first", b"second"]


async def test_a_real_daemon_hands_out_its_files(daemon: DaemonProcess):
    ids = [f"example://{number}" for number in range(1, 40)]
    with imageid.connect(daemon.address) as client:
        streamed = list(client.load_many(ids))

        mapped = list(client.load_many(ids))

        blobs = {str(path) for path in Path(daemon.cache_directory, "blobs").glob("*/*")}
        maps = Path("/proc/self/maps").read_text()
    assert [image.cache_status for image in mapped] == ["hit"] * len(ids)
    assert [i.pixels.tobytes() for i in mapped] == [i.pixels.tobytes() for i in streamed]
    assert sum(blob in maps for blob in blobs) == len(ids)
