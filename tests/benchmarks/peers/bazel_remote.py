"""bazel-remote, a cache with a gRPC interface written in Go; `make bench` builds it if it can."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter

import grpc
import httpx

from benchmarks.measuring import Taken, digest_of
from benchmarks.peers.plain_httpx import plain_client
from origins.process import answers, free_port, running

EXECUTABLE = Path(__file__).parents[3] / ".tools/bin/bazel-remote"


@asynccontextmanager
async def bazel_remote(directory: Path, body: bytes) -> AsyncIterator[str]:
    """Run one in `directory` that has `body`, uncompressed; gives its gRPC address."""
    directory.mkdir()
    http, address = f"127.0.0.1:{free_port()}", f"unix://{directory}/bazel-remote.sock"
    command = (
        *(EXECUTABLE, "--dir", directory / "kept", "--max_size", "1"),
        *("--storage_mode", "uncompressed", "--http_address", http, "--grpc_address", address),
    )

    async def ready() -> bool:
        return await answers(f"http://{http}/status", httpx.codes.OK)

    async with running(command, directory / "bazel-remote.log", ready):
        async with plain_client() as client:
            url = f"http://{http}/cas/{hashlib.sha256(body).hexdigest()}"
            (await client.put(url, content=body)).raise_for_status()
        yield address


def stream_body(address: str, sha256: str, size_bytes: int) -> Taken:
    """One stored body by ByteStream.Read."""
    protos, services = grpc.protos_and_services("benchmarks/peers/bytestream.proto")
    with grpc.insecure_channel(address) as channel:
        started = perf_counter()
        request = protos.ReadRequest(resource_name=f"blobs/{sha256}/{size_bytes}")
        chunks = [answer.data for answer in services.ByteStreamStub(channel).Read(request)]
        seconds = perf_counter() - started
    return Taken(seconds, digest_of(chunks))
