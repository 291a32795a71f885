"""How soon a daemon with 200 000 stored images listens, and serves: seconds from the start of the
process, its imports included, at the best of three starts.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc.aio
from grpc_health.v1 import health_pb2, health_pb2_grpc

from benchmarks.report import Report
from imageid_daemon.cache import Entry, rows
from imageid_daemon.cache.eviction import Standing
from imageid_daemon.cache.index import Index

_LISTENING_SECONDS, _SERVING_SECONDS = 0.5, 2.0
_ROUNDS = 3
_ENTRIES = 200_000


async def fill(cache: Path, entries: int) -> None:
    """Write an index as that many slices of some series would leave it."""
    cache.mkdir(mode=0o700)
    (cache / "CACHEDIR.TAG").touch()
    (cache / "identity").write_text("benchmark")
    index = Index(cache / "index")
    await index.open()
    await index.write(put=[rows.identity_row("benchmark")])
    for start in range(0, entries, 5000):
        put = []
        for number in range(start, min(start + 5000, entries)):
            digest = hashlib.sha256(str(number).encode()).hexdigest()
            uid = f"1.2.840.113619.2.{number // 500}.{number}"
            put.append(
                rows.entry_row(
                    Entry(
                        f"scope|https://pacs.example/studies/1/series/2/instances/{uid}/frames/1",
                        digest,
                        100_000,
                        "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.4.80",
                        {"cache-control": "max-age=86400", "etag": f'"{number}"'},
                        response_seconds=time.time(),
                    )
                )
            )
            put.append(rows.standing_row(digest, Standing(number, 1, number % 2 == 0)))
        await index.write(put=put)
    await index.close()


async def is_serving(address: str) -> bool:
    async with grpc.aio.insecure_channel(address) as channel:
        health = health_pb2_grpc.HealthStub(channel)
        answer = await health.Check(health_pb2.HealthCheckRequest(), timeout=1)
        return bool(answer.status == health_pb2.HealthCheckResponse.SERVING)


async def started(folder: Path) -> tuple[float, float]:
    """Seconds until a start listens, and until it serves."""
    runtime = folder / "run"
    endpoint = runtime / "endpoint.json"
    endpoint.unlink(missing_ok=True)
    began = time.perf_counter()
    daemon = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "imageid_daemon",
        "--cache-dir",
        str(folder / "cache"),
        "--cache-size",
        "100GiB",
        "--listen",
        "127.0.0.1:0",
        "--http",
        "127.0.0.1:0",
        env={
            "IMAGEID_RUNTIME_DIR": str(runtime),
            "IMAGEID_CACHE_MIN_FREE": "0",
            "HOME": str(folder),
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        async with asyncio.timeout(60):
            while not endpoint.exists():  # noqa: ASYNC110 - another process's file
                await asyncio.sleep(0.005)
            listening_seconds = time.perf_counter() - began
            address = json.loads(endpoint.read_text())["listen"][0]
            while not await is_serving(address):  # noqa: ASYNC110 - another process
                await asyncio.sleep(0.01)
            return listening_seconds, time.perf_counter() - began
    finally:
        daemon.kill()
        await daemon.wait()


def measure(report: Report) -> None:
    """See the module."""
    with TemporaryDirectory() as name:
        asyncio.run(_measure(report, Path(name)))


async def _measure(report: Report, folder: Path) -> None:
    await fill(folder / "cache", _ENTRIES)
    times = [await started(folder) for _ in range(_ROUNDS)]
    listening, serving = (min(seconds) for seconds in zip(*times, strict=True))
    of = f"a start with {_ENTRIES} entries"
    report.add(f"{of}: listening", listening, " s", at_most=_LISTENING_SECONDS)
    report.add(f"{of}: serving", serving, " s", at_most=_SERVING_SECONDS)
