"""Frames and instances in one request each: what is asked for, and which part is which."""

import asyncio
from contextlib import AsyncExitStack
from io import BytesIO

import pydicom
import pytest

from imageid_loaders.accept import FRAME, INSTANCE
from imageid_loaders.base import Settings
from imageid_loaders.errors import Corrupt, NotFound, NotSeparable
from imageid_loaders.part10 import phantom_file
from imageid_loaders.sop_instance_uid import sop_instance_uid
from imageid_loaders.testing import HttpTransport
from imageid_loaders.wado_rs import WadoRsLoader

SERIES = "/dw/studies/1/series/2"
PIXELS = {number: bytes([number]) * 5000 for number in range(1, 6)}
FILES = [phantom_file(number) for number in (1, 2, 3)]
UIDS = [sop_instance_uid(file[:2048]) for file in FILES]


@pytest.fixture
def loader():
    return WadoRsLoader(Settings())


def resources(loader, *paths, service="http://pacs"):
    return [loader.resolve(f"wadors:{service}{path}").resource for path in paths]


def bundles(loader, *paths):
    """URL below the service and frames of each bundle."""
    found = loader.bundles(resources(loader, *paths))
    return [(bundle.url.removeprefix("http://pacs"), len(bundle.resources)) for bundle in found]


def frames(*numbers, instance="3", query=""):
    return [f"{SERIES}/instances/{instance}/frames/{number}{query}" for number in numbers]


def instances(*uids, series=SERIES):
    return [f"{series}/instances/{uid}" for uid in uids]


# What is asked for


def test_frames_of_one_instance_are_asked_for_by_their_numbers_in_order(loader):
    assert bundles(loader, *frames(10, 9, 1)) == [(f"{SERIES}/instances/3/frames/1,9,10", 3)]


def test_frames_of_several_instances_are_asked_for_instance_by_instance(loader):
    paths = [*frames(1, 2, instance="3"), *frames(1, 2, instance="4")]

    assert bundles(loader, *paths) == [
        (f"{SERIES}/instances/3/frames/1,2", 2),
        (f"{SERIES}/instances/4/frames/1,2", 2),
    ]


def test_a_query_stays_on_the_request_and_tells_frames_apart(loader):
    paths = [*frames(1, 2, query="?imageSetId=a"), *frames(3, query="?imageSetId=b")]

    assert bundles(loader, *paths) == [(f"{SERIES}/instances/3/frames/1,2?imageSetId=a", 2)]


def test_no_url_is_longer_than_servers_take_and_every_frame_stands_in_one(loader):
    paths = frames(*range(100_000, 101_000))

    found = bundles(loader, *paths)

    assert max(len(url) for url, _ in found) < 1600
    assert sum(count for _, count in found) == 1000


def test_a_single_frame_or_instance_is_no_bundle(loader):
    assert bundles(loader, *frames(1), *instances("3")) == []


def test_instances_are_asked_for_by_their_series(loader):
    other = "/dw/studies/1/series/9"
    paths = [*instances("3", "4"), *instances("5", "6", "7", series=other)]

    assert bundles(loader, *paths) == [(SERIES, 2), (other, 3)]


def test_the_first_frames_of_many_instances_are_asked_for_by_their_series(loader):
    paths = [path for uid in "3456" for path in frames(1, instance=uid)]

    assert bundles(loader, *paths) == [(SERIES, 4)]


def test_a_later_frame_is_none_of_a_series_whose_instances_have_one(loader):
    paths = [*frames(1, instance="3"), *frames(2, instance="4"), *frames(1, instance="5")]

    assert bundles(loader, *paths) == [(SERIES, 2)]


def test_what_is_no_frame_or_instance_stands_in_no_bundle(loader):
    assert bundles(loader, *(f"{path}/rendered" for path in instances("3", "4"))) == []


# What comes


class Answers:
    """A loader, and an origin with one answer for each path."""

    def __init__(self, origin, loader):
        self.origin = origin
        self.loader = loader

    def open(self, *paths, skips=()):
        return asyncio.run(self._open(paths, skips))

    async def _open(self, paths, skips):
        wanted = resources(self.loader, *paths, service=self.origin.url)
        (bundle,) = self.loader.bundles(wanted)
        received, error = [], None
        async with AsyncExitStack() as stack:
            transport = await stack.enter_async_context(HttpTransport())
            try:
                parts = await stack.enter_async_context(self.loader.open_bundle(bundle, transport))
                async for part in parts:
                    path = part.resource and part.resource.url.removeprefix(self.origin.url)
                    if path not in skips:
                        data = b"".join([chunk async for chunk in part.source.chunks])
                        received.append((path, data, part.source))
            except (Corrupt, NotFound, NotSeparable) as raised:
                error = raised
        return received, error


@pytest.fixture
def origin_answers(origin, loader):
    return Answers(origin, loader)


@pytest.fixture
def parts(answer):
    def make(*contents, end=b"--b--\r\n", cut=None, status=200, headers=None, locations=None):
        body = b""
        for number, data in enumerate(contents):
            location = f"Content-Location: {locations[number]}\r\n" if locations else ""
            kind = "Content-Type: application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"
            body += f"--b\r\n{location}{kind}\r\n\r\n".encode() + data + b"\r\n"
        outer = {"Content-Type": "multipart/related; boundary=b", **(headers or {})}
        return answer((body + end)[:cut], status, outer)

    return make


FRAMES = frames(1, 2, 3)
FRAMES_PATH = f"{SERIES}/instances/3/frames/1,2,3"


def test_each_frame_is_the_part_whose_location_says_so_in_any_order(origin_answers, parts):
    locations = [f"http://internal{path}" for path in frames(3, 1, 2)]
    origin_answers.origin.answers[FRAMES_PATH] = parts(
        PIXELS[3], PIXELS[1], PIXELS[2], locations=locations
    )

    received, error = origin_answers.open(*FRAMES)

    assert error is None
    assert {path: data for path, data, _ in received} == {
        path: PIXELS[number] for number, path in enumerate(FRAMES, 1)
    }
    assert origin_answers.origin.asked[0].headers["accept"] == FRAME


def test_frames_whose_parts_do_not_say_which_they_are_are_refused(origin_answers, parts):
    origin_answers.origin.answers[FRAMES_PATH] = parts(PIXELS[1], PIXELS[2], PIXELS[3])

    received, error = origin_answers.open(*FRAMES)

    assert received == []
    assert isinstance(error, NotSeparable)


def test_a_frame_of_another_instance_is_nobodys(origin_answers, parts):
    locations = frames(1, 2, instance="4")
    origin_answers.origin.answers[FRAMES_PATH] = parts(PIXELS[1], PIXELS[2], locations=locations)

    received, _ = origin_answers.open(*FRAMES)

    assert [path for path, _, _ in received] == [None, None]


def test_each_instance_is_known_by_its_data_set(origin_answers, parts):
    paths = instances(*UIDS)
    origin_answers.origin.answers[SERIES] = parts(*reversed(FILES))

    received, error = origin_answers.open(*paths)

    assert error is None
    assert [(path, data) for path, data, _ in received] == [
        *zip(reversed(paths), reversed(FILES), strict=True)
    ]
    assert {source.media_type for *_, source in received} == {"application/dicom"}
    assert origin_answers.origin.asked[0].headers["accept"] == INSTANCE


def test_first_frames_are_cut_out_of_their_instances(origin_answers, parts):
    paths = [path for uid in UIDS for path in frames(1, instance=uid)]
    origin_answers.origin.answers[SERIES] = parts(*FILES)

    received, error = origin_answers.open(*paths)

    assert error is None
    assert {path: data for path, data, _ in received} == {
        path: pydicom.dcmread(BytesIO(file)).PixelData
        for path, file in zip(paths, FILES, strict=True)
    }
    assert {source.transfer_syntax_uid for *_, source in received} == {"1.2.840.10008.1.2.1"}
    assert origin_answers.origin.asked[0].headers["accept"] == INSTANCE


def test_a_part_with_several_frames_is_nobodys(origin_answers, parts):
    dataset = pydicom.dcmread(BytesIO(FILES[0]))
    dataset.NumberOfFrames, dataset.PixelData = 2, dataset.PixelData * 2
    several = BytesIO()
    dataset.save_as(several)
    paths = [path for uid in UIDS for path in frames(1, instance=uid)]
    origin_answers.origin.answers[SERIES] = parts(several.getvalue(), *FILES[1:])

    received, _ = origin_answers.open(*paths)

    assert [path is None for path, *_ in received] == [True, False, False]


def test_an_instance_that_nobody_wants_is_told_as_such(origin_answers, parts):
    origin_answers.origin.answers[SERIES] = parts(*FILES)

    received, _ = origin_answers.open(*instances(*UIDS[1:]))

    assert [path is None for path, _, _ in received] == [True, False, False]


def test_the_second_of_two_parts_with_one_uid_is_nobodys(origin_answers, parts):
    origin_answers.origin.answers[SERIES] = parts(FILES[0], FILES[0], FILES[1])

    received, _ = origin_answers.open(*instances(*UIDS))

    assert [path is None for path, _, _ in received] == [False, True, False]


def test_a_part_that_is_not_read_is_skipped(origin_answers, parts):
    paths = instances(*UIDS)
    origin_answers.origin.answers[SERIES] = parts(*FILES)

    received, error = origin_answers.open(*paths, skips=paths[:2])

    assert error is None
    assert [data for _, data, _ in received] == FILES[2:]


def test_parts_before_the_break_of_an_answer_are_good_and_the_broken_one_raises(
    origin_answers, parts
):
    origin_answers.origin.answers[SERIES] = parts(*FILES, cut=len(FILES[0]) * 2)

    received, error = origin_answers.open(*instances(*UIDS))

    assert [data for _, data, _ in received] == FILES[:1]
    assert isinstance(error, Corrupt)


def test_the_validators_of_the_whole_answer_are_not_those_of_a_part(origin_answers, parts):
    headers = {"ETag": '"1"', "Last-Modified": "x", "Cache-Control": "max-age=5"}
    origin_answers.origin.answers[SERIES] = parts(*FILES, headers=headers)

    received, _ = origin_answers.open(*instances(*UIDS))

    assert [source.headers for *_, source in received] == [{"cache-control": "max-age=5"}] * 3


@pytest.mark.parametrize("status", [400, 406, 415, 500, 501])
def test_an_origin_that_refuses_the_request_does_not_deliver_them_together(
    origin_answers, parts, status
):
    origin_answers.origin.answers[SERIES] = parts(status=status)

    _, error = origin_answers.open(*instances(*UIDS))

    assert isinstance(error, NotSeparable)


def test_an_answer_that_is_no_multipart_does_not_deliver_them_together(origin_answers, answer):
    origin_answers.origin.answers[SERIES] = answer(
        FILES[0], headers={"Content-Type": "application/dicom"}
    )

    _, error = origin_answers.open(*instances(*UIDS))

    assert isinstance(error, NotSeparable)


def test_a_series_that_is_not_there_is_an_error(origin_answers):
    _, error = origin_answers.open(*instances(*UIDS))

    assert isinstance(error, NotFound)
