"""A daemon in the test's own process, asked by the bare stubs of the contract."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc
import numpy as np
import pytest_asyncio
from google.rpc import error_details_pb2, status_pb2
from PIL import Image

from imageid.v1 import cache_service_pb2_grpc, image_service_pb2_grpc
from imageid.v1 import image_service_pb2 as v1
from imageid_daemon.app import Daemon, running
from imageid_daemon.config import Config, load


@dataclass
class Served:
    """A running daemon and the ways to it."""

    daemon: Daemon
    config: Config
    images: image_service_pb2_grpc.ImageServiceStub
    cache: cache_service_pb2_grpc.CacheServiceStub
    files: Path

    @property
    def tcp(self) -> str:
        return next(a for a in self.daemon.listen if not a.startswith("unix:"))

    @property
    def endpoint(self) -> dict:
        return json.loads((self.config.runtime_directory / "endpoint.json").read_text())

    def http(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, str, str]:
        """Status, content type and text."""
        request = urllib.request.Request(f"http://{self.daemon.http}{path}", headers=headers or {})
        try:
            with urllib.request.urlopen(request, timeout=10) as response:
                return response.status, response.headers["content-type"], response.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.headers["content-type"], error.read().decode()

    def noise(self, name: str, side: int) -> tuple[str, bytes]:
        """A PNG of about 3 * side² bytes in a folder that the daemon may read, and its bytes."""
        pixels = np.random.default_rng(side).integers(0, 256, (side, side, 3), np.uint8)
        path = self.files / name
        Image.fromarray(pixels).save(path, compress_level=0)
        return path.as_uri(), path.read_bytes()

    async def load(self, image_id: str, **request: object) -> list[v1.LoadImageResponse]:
        call = self.images.LoadImage(v1.LoadImageRequest(image_id=image_id, **request))
        return [message async for message in call]


@asynccontextmanager
async def serving(directory: Path, settings: str = "") -> AsyncIterator[Served]:
    files = directory / "files"
    files.mkdir(exist_ok=True)
    config_file = directory / "config.toml"
    config_file.write_text(f'[loaders.file]\nroots = ["{files}"]\n{settings}')
    runtime = directory / "run"
    flags = {
        "server.listen": [f"unix:{runtime}/grpc.sock", "127.0.0.1:0"],
        "server.http": "127.0.0.1:0",
        "cache.directory": str(directory / "cache"),
    }
    environ = {"IMAGEID_RUNTIME_DIR": str(runtime)}
    config = load(file=config_file, environ=environ, flags=flags).config
    async with (
        running(config, environ) as daemon,
        grpc.aio.insecure_channel(daemon.listen[0]) as channel,
    ):
        yield Served(
            daemon,
            config,
            image_service_pb2_grpc.ImageServiceStub(channel),
            cache_service_pb2_grpc.CacheServiceStub(channel),
            files,
        )


@pytest_asyncio.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path) as daemon:
        yield daemon


def error_info(error: grpc.aio.AioRpcError) -> error_details_pb2.ErrorInfo:
    """The one ErrorInfo that every failure carries."""
    trailers = dict(error.trailing_metadata())
    status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
    assert (status.code, status.message) == (error.code().value[0], error.details())
    found = [each for each in status.details if each.Is(error_details_pb2.ErrorInfo.DESCRIPTOR)]
    assert len(found) == 1
    info = error_details_pb2.ErrorInfo()
    found[0].Unpack(info)
    return info
