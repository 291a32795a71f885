"""StatImages of 10 000 images: how long, and how long it keeps others from the event loop, at the
best of five rounds. The daemon and its caller share one loop, so what gRPC takes to make and read
the messages is counted too.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc.aio
import structlog

from benchmarks.report import Report
from imageid.v1 import image_service_pb2 as v1
from imageid.v1 import image_service_pb2_grpc
from imageid.v1 import types_pb2 as types
from imageid_daemon.app import running
from imageid_daemon.cache import Entry, rows
from imageid_daemon.cache.index import Index
from imageid_daemon.config import load
from imageid_daemon.pixels import PixelsOptions
from imageid_daemon.registry import installed_loaders
from imageid_daemon.resolver.keys import source_key
from imageid_daemon.resolver.material import encoded_of
from imageid_daemon.resolver.representations import stored_key
from imageid_loaders.base import Settings

_TOTAL_MILLISECONDS, _HELD_MILLISECONDS = 100, 10
_ROUNDS = 5
_IMAGES = 10_000
_ENCODED = types.OutputSpec(encoded=types.EncodedOutput())
_PIXELS = types.OutputSpec(pixels=types.PixelsOutput())


def image_ids(count: int, server: str) -> list[str]:
    """Slices of series of 500 at a WADO-URI service."""
    return [
        f"wadouri:https://{server}.example/wado?requestType=WADO&studyUID=1.2.840.113619.2.1"
        f"&seriesUID=1.2.840.113619.2.1.{number // 500}&objectUID=1.2.840.113619.2.1.{number}"
        for number in range(count)
    ]


async def fill(cache: Path, stored: list[str]) -> None:
    """Write an index as if these images' files and pixels were stored."""
    cache.mkdir(mode=0o700)
    (cache / "CACHEDIR.TAG").touch()
    (cache / "identity").write_text("benchmark")
    registry = installed_loaders({}, Settings())
    index = Index(cache / "index")
    await index.open()
    put = [rows.identity_row("benchmark")]
    for image_id in stored:
        _, loader = registry.find(image_id)
        image = loader.resolve(image_id)
        digest = hashlib.sha256(image_id.encode()).hexdigest()
        source = Entry(
            source_key("", image.resource.key),
            digest,
            500_000,
            "application/dicom",
            {"cache-control": "max-age=86400"},
            response_seconds=time.time(),
            url=image.resource.url,
        )
        key = stored_key(encoded_of(source, image), (digest,), PixelsOptions())
        samples = hashlib.sha256(key.encode()).hexdigest()
        pixels = Entry(
            key, samples, 524_288, "application/octet-stream", parents=(digest,), url=source.url
        )
        put += [rows.entry_row(source), rows.entry_row(pixels)]
    await index.write(put=put)
    await index.close()


class Turns:
    """How long the loop has kept everybody else waiting, at most."""

    def __init__(self) -> None:
        self.longest_seconds = 0.0
        self._task = asyncio.create_task(self._take())

    async def _take(self) -> None:
        before = time.perf_counter()
        while True:
            await asyncio.sleep(0)
            now = time.perf_counter()
            self.longest_seconds = max(self.longest_seconds, now - before)
            before = now

    def stop(self) -> None:
        self._task.cancel()


def measure(report: Report) -> None:
    """See the module."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    with TemporaryDirectory() as name:
        asyncio.run(_measure(report, Path(name)))


async def _measure(report: Report, directory: Path) -> None:
    there, absent = image_ids(_IMAGES, "there"), image_ids(_IMAGES, "absent")
    await fill(directory / "cache", there)
    async with _daemon(directory) as channel:
        images = image_service_pb2_grpc.ImageServiceStub(channel)
        for name, ids, output, stored in (
            ("none of them stored", absent, _ENCODED, 0),
            ("files of all stored", there, _ENCODED, _IMAGES),
            ("pixels of all stored", there, _PIXELS, _IMAGES),
        ):
            request = v1.StatImagesRequest(image_ids=ids, output=output)
            total, held = await _milliseconds(images, request, stored)
            report.add(f"stat, {name}", total, " ms", at_most=_TOTAL_MILLISECONDS)
            held_name = f"stat, {name}: without a turn for others"
            report.add(held_name, held, " ms", at_most=_HELD_MILLISECONDS)


@asynccontextmanager
async def _daemon(directory: Path) -> AsyncIterator[grpc.aio.Channel]:
    environ = {"IMAGEID_RUNTIME_DIR": str(directory / "run"), "HOME": str(directory)}
    flags = {
        "server.listen": ["127.0.0.1:0", f"unix:{directory}/run/grpc.sock"],
        "server.http": "127.0.0.1:0",
        "cache.directory": str(directory / "cache"),
        "cache.min_free": "0%",
        "cache.size": "100GiB",
    }
    config = load(file=None, environ=environ, flags=flags).config
    async with (
        running(config, environ) as daemon,
        grpc.aio.insecure_channel(daemon.listen[1]) as channel,
    ):
        yield channel


async def _milliseconds(
    images: image_service_pb2_grpc.ImageServiceStub, request: v1.StatImagesRequest, stored: int
) -> tuple[float, float]:
    """In all, and the longest without a turn for others."""
    total, held = [], []
    for _ in range(_ROUNDS):
        gc.collect()
        began = time.perf_counter()
        answer = await images.StatImages(request)
        total.append(time.perf_counter() - began)
        assert sum(stat.cached for stat in answer.stats) == stored
        turns = Turns()
        await images.StatImages(request)
        turns.stop()
        held.append(turns.longest_seconds)
    return min(total) * 1000, min(held) * 1000
