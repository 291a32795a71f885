"""One image that is in the cache. A slice of 512 KiB as an array that is a mapped file, beside a
server stream that answers an empty message. A body of 64 MiB in chunks, beside a bare server that
sends the very messages of the daemon, made beforehand, to the same caller, and beside
bazel-remote. A hundred small pictures, for 16 callers on one channel, beside as many empty
streams. Bare means grpc.aio in a process of its own like the daemon, without interceptors; an
empty call to the daemon itself is told for comparison.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import grpc.aio

import imageid
from benchmarks import callers
from benchmarks.measuring import Taken, digest_of, in_new_process, in_this_process, medians
from benchmarks.peers import bare_grpc, bazel_remote
from benchmarks.report import Report
from benchmarks.series import single_frames
from daemon_process import DaemonProcess
from imageid.v1 import image_service_pb2 as v1
from imageid.v1.image_service_pb2_grpc import ImageServiceStub
from origins.nginx import nginx
from origins.pictures import noise_jpeg

_BODY_BYTES = 64 * 2**20
_CALLERS = 16
_PICTURES, _PASSES, _PASSES_OF_LOAD_IMAGES = 100, 20, 160
_ROUNDS = 5
_SINGLE_CALLS = 300
_NOTHING = digest_of([])


def measure(report: Report) -> None:
    """See the module."""
    with TemporaryDirectory() as name:
        asyncio.run(_measure(report, Path(name)))


async def _measure(report: Report, directory: Path) -> None:
    async with nginx(directory, directory) as origin, DaemonProcess(directory / "d") as daemon:
        (series := single_frames(1)).write(directory)
        (slice_id,) = series.ids_below(f"{origin.url}/fresh")
        (directory / "body.dcm").write_bytes(body := os.urandom(_BODY_BYTES))
        body_id = f"wadouri:{origin.url}/fresh/body.dcm"
        messages = await asyncio.to_thread(_recorded, daemon.address, body_id)
        async with bare_grpc.bare_server(directory / "bare", messages) as bare:
            await _one_slice(report, daemon.address, bare, slice_id, series.digest)
            await _one_body(report, directory, daemon.address, bare, body_id, body)
            pictures = {f"{number}.jpg": noise_jpeg(number) for number in range(_PICTURES)}
            for name, picture in pictures.items():
                (directory / name).write_bytes(picture)
            ids = [f"{origin.url}/fresh/{name}" for name in pictures]
            await _many_callers(report, daemon.address, bare, ids, list(pictures.values()))


async def _one_slice(
    report: Report, address: str, bare_address: str, image_id: str, digest: str
) -> None:
    with (
        imageid.connect(address) as client,
        grpc.insecure_channel(bare_address) as bare,
        grpc.insecure_channel(address) as own,
    ):
        found = await medians(
            {
                "imageid": in_this_process(digest, callers.load_array, client, image_id),
                "an empty call": in_this_process(_NOTHING, bare_grpc.call_once, bare),
                "an empty call to the daemon": in_this_process(_NOTHING, _call_daemon, own),
            },
            _SINGLE_CALLS,
        )
    report.seconds("one warm slice", found)
    report.reach("one_image/empty_call", found["imageid"] / found["an empty call"])


async def _many_callers(
    report: Report, address: str, bare_address: str, ids: Sequence[str], bodies: Sequence[bytes]
) -> None:
    """A caller asks for picture after picture, or for all of them with each call."""
    singles, passes = _PASSES * len(ids), _PASSES_OF_LOAD_IMAGES * len(ids)
    found = await medians(
        {
            "imageid": in_new_process(
                digest_of(bodies * _PASSES), callers.load_often, address, ids * _PASSES, _CALLERS
            ),
            "empty calls": in_new_process(
                _NOTHING, bare_grpc.call_often, bare_address, singles, _CALLERS
            ),
            "LoadImages": in_new_process(
                digest_of(bodies * _PASSES_OF_LOAD_IMAGES),
                callers.load_many_often,
                address,
                [ids] * _PASSES_OF_LOAD_IMAGES,
                _CALLERS,
            ),
        },
        _ROUNDS,
    )
    numbers = {"imageid": singles, "empty calls": singles, "LoadImages": passes}
    rates = {way: numbers[way] / seconds for way, seconds in found.items()}
    for way, rate in rates.items():
        report.add(f"{_CALLERS} callers, each second: {way}", rate, "")
    report.reach("hits/empty_calls", rates["imageid"] / rates["empty calls"])
    report.reach("hits/load_images", rates["LoadImages"] / rates["empty calls"])


async def _one_body(
    report: Report, directory: Path, address: str, bare_address: str, image_id: str, body: bytes
) -> None:
    digest = digest_of([body])
    ways = {
        "imageid": in_this_process(digest, callers.stream_body, address, image_id),
        "bare gRPC": in_this_process(digest, callers.stream_body, bare_address, image_id),
    }
    async with AsyncExitStack() as stack:
        if bazel_remote.EXECUTABLE.exists():
            other = await stack.enter_async_context(
                bazel_remote.bazel_remote(directory / "bazel-remote", body)
            )
            work = (bazel_remote.stream_body, other, digest, len(body))
            ways["bazel-remote"] = in_this_process(digest, *work)
        found = await medians(ways, _ROUNDS)
    report.seconds("64 MiB streamed", found)
    report.reach("stream/bare_grpc", found["bare gRPC"] / found["imageid"])
    if "bazel-remote" in found:
        report.reach("stream/bazel_remote", found["bazel-remote"] / found["imageid"])
    else:
        report.not_measured(["stream/bazel_remote"], "no bazel-remote, see make bench")


def _call_daemon(channel: grpc.Channel) -> Taken:
    """What the daemon answers to nothing, through its interceptors."""
    started = perf_counter()
    answers = list(ImageServiceStub(channel).BatchGetImageMetadata(_NO_IMAGES))
    return Taken(perf_counter() - started, digest_of(answers))


def _recorded(address: str, image_id: str) -> list[bytes]:
    """The daemon's messages for a stored image, as they come over the wire."""
    request = callers.encoded(image_id).SerializeToString()
    with grpc.insecure_channel(address) as channel:
        call = channel.unary_stream("/imageid.v1.ImageService/LoadImage")
        list(call(request))
        return list(call(request))


_NO_IMAGES = v1.BatchGetImageMetadataRequest()
