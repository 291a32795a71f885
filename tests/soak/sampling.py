"""What a daemon uses at one moment: by /proc, by its metrics, and by its folder."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable
from pathlib import Path

import httpx
import psutil

from daemon_process import DaemonProcess

_ANONYMOUS = re.compile(r"^Anonymous: +(\d+) kB$", re.MULTILINE)
_METRIC = re.compile(r"^(imageid_[a-z_]+)(?:{[^}]*})? (\S+)$", re.MULTILINE)

Sample = dict[str, float]


async def sampled(daemon: DaemonProcess) -> Sample:
    """By name; memory is what no file stands behind, in MiB."""
    process = psutil.Process(daemon.pid)
    children = process.children(recursive=True)
    figures = await metrics(daemon)
    return {
        "seconds": time.monotonic(),
        "descriptors": descriptors([process]),
        "descriptors of workers": descriptors(children),
        "threads": process.num_threads(),
        "memory": memory_mebibytes([process]),
        "memory of workers": memory_mebibytes(children),
        "tasks": figures["imageid_tasks"],
        "fills": figures["imageid_fills_running"],
        "queued jobs": figures["imageid_decode_queue"],
        "damaged files": figures["imageid_cache_corrupt_total"],
        "spool files": files_in(daemon.cache_directory / "spool"),
        "partial files": files_in(daemon.cache_directory / "partials"),
    }


async def metrics(daemon: DaemonProcess) -> dict[str, float]:
    """Each metric's sum over its labels."""
    async with httpx.AsyncClient(trust_env=False) as client:
        text = (await client.get(f"http://{daemon.http_address}/metrics")).text
    sums: dict[str, float] = {}
    for name, value in _METRIC.findall(text):
        sums[name] = sums.get(name, 0.0) + float(value)
    return sums


def descriptors(processes: Iterable[psutil.Process]) -> int:
    """How many are open; a process that has just ended has none."""
    return sum(files_in(Path(f"/proc/{process.pid}/fd")) for process in processes)


def memory_mebibytes(processes: Iterable[psutil.Process]) -> float:
    """Without what is mapped from files: the cache's pages are the kernel's to give up."""
    kibibytes = 0
    for process in processes:
        try:
            rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
        except OSError:
            continue
        kibibytes += sum(map(int, _ANONYMOUS.findall(rollup)))
    return kibibytes / 1024


def files_in(folder: Path) -> int:
    try:
        return sum(1 for _ in folder.iterdir())
    except OSError:
        return 0


def untrue_books(daemon: DaemonProcess, figures: dict[str, float]) -> list[str]:
    """What of the folder of a daemon at rest is not as its books say, in words."""
    cache = daemon.cache_directory
    blobs = {path.name: path.stat().st_size for path in (cache / "blobs").glob("*/*")}
    facts = {path.name for path in (cache / "facts").glob("*/*")}
    partials = [p for p in (cache / "partials").iterdir() if not p.name.endswith(".facts")]
    compared = {
        "stored bytes": (sum(blobs.values()), figures["imageid_cache_bytes"]),
        "partial bytes": (
            sum(path.stat().st_size for path in partials),
            figures["imageid_cache_partial_bytes"],
        ),
        "blobs without facts, and facts without blobs": (len(facts ^ blobs.keys()), 0),
        "bytes set aside": (figures["imageid_cache_reserved_bytes"], 0),
        "bytes being deleted": (figures["imageid_cache_deleting_bytes"], 0),
        "files in quarantine": (files_in(cache / "quarantine"), 0),
    }
    return [
        f"{name}: {found:.0f}, not {said:.0f}"
        for name, (found, said) in compared.items()
        if found != said
    ]
