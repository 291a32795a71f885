"""Memory of the daemon and of its fork server and workers: pages that several of them share count
once (PSS). Idle, and when a body of 2 GiB, made by its origin while it is asked for, has gone to
four readers in processes of their own, who each check its digest.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import psutil

import imageid
from benchmarks.measuring import Taken, Work, digest_of, in_new_processes
from benchmarks.report import Report
from daemon_process import DaemonProcess
from origins.server import LoopbackServer, Received, Reply

_PIECE_BYTES = 2**20
_PIECES = 2**11
_READERS = 4


def measure(report: Report) -> None:
    """See the module."""
    with TemporaryDirectory() as name:
        asyncio.run(_measure(report, Path(name)))


async def _measure(report: Report, directory: Path) -> None:
    async with LoopbackServer(_answer) as origin, DaemonProcess(directory) as daemon:
        idle = _resident_mebibytes(daemon.pid)
        report.reach("memory/idle", idle)
        report.add("of that the daemon itself (RSS)", _own_mebibytes(daemon.pid), " MiB")
        digest = await asyncio.to_thread(digest_of, _pieces())
        work = Work(digest, read_stream, (daemon.address, f"wadouri:{origin.url}/body.dcm"))
        seconds = await in_new_processes([work] * _READERS)()
        report.reach("memory/streamed", _resident_mebibytes(daemon.pid) - idle)
        report.add("the daemon itself at its highest (RSS)", _peak_mebibytes(daemon.pid), " MiB")
    mebibytes = _PIECES * _PIECE_BYTES * _READERS / 2**20
    report.add("the readers got together, each second", mebibytes / seconds, " MiB")


def read_stream(address: str, image_id: str) -> Taken:
    """Read an image and forget its bytes."""
    sha256 = hashlib.sha256()
    started = perf_counter()
    with imageid.connect(address) as client, client.stream(image_id, "encoded") as image:
        for chunk in image:
            sha256.update(chunk)
    return Taken(perf_counter() - started, sha256.hexdigest())


def _pieces() -> Iterator[bytes]:
    """The body; no two pieces are alike."""
    for number in range(_PIECES):
        yield number.to_bytes(8) + bytes(_PIECE_BYTES - 8)


async def _answer(_request: Received, reply: Reply) -> None:
    length = str(_PIECES * _PIECE_BYTES)
    await reply.head(200, {"Content-Type": "application/dicom", "Content-Length": length})
    for piece in _pieces():
        await reply.send(piece)


def _resident_mebibytes(pid: int) -> float:
    """Of a process and its descendants."""
    daemon = psutil.Process(pid)
    processes = [daemon, *daemon.children(recursive=True)]
    return sum(process.memory_full_info().pss for process in processes) / 2**20


def _own_mebibytes(pid: int) -> float:
    return psutil.Process(pid).memory_info().rss / 2**20


def _peak_mebibytes(pid: int) -> float:
    """The kernel's VmHWM."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 2**10
