"""A series that is in the cache, as numpy arrays in a new client process: from connecting to the
last array, and from connecting to the sum of every pixel. Beside it the same arrays in a
diskcache of the program's own, and the same files mapped and summed by who knows their paths.
Then the same series stored as JPEG 2000, beside pydicom that reads and decodes local files;
that is measured per slice, on the first hundred of them.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks import callers
from benchmarks.measuring import digest_of, in_new_process, medians
from benchmarks.peers import diskcache_arrays, mapped_files, pydicom_files
from benchmarks.report import Report
from benchmarks.series import (
    single_frames,
    single_frames_in_jpeg_2000,
    slices,
)
from daemon_process import DaemonProcess
from origins.nginx import nginx

_SLICES = 500
_DECODED_SLICES = 100
_ROUNDS = 5
_SLOW_ROUNDS = 3


def measure(report: Report) -> None:
    """See the module."""
    with TemporaryDirectory() as name:
        asyncio.run(_measure(report, Path(name)))


async def _measure(report: Report, directory: Path) -> None:
    async with nginx(directory, directory) as origin, DaemonProcess(directory / "d") as daemon:
        plain = single_frames(_SLICES)
        plain.write(directory / "plain")
        ids = plain.ids_below(f"{origin.url}/fresh/plain")
        await _arrays(report, directory, daemon, ids, plain.digest)
        compressed = single_frames_in_jpeg_2000(_SLICES)
        files = compressed.write(directory / "compressed")
        ids = compressed.ids_below(f"{origin.url}/fresh/compressed")
        await _decoded(report, daemon, ids, files, compressed.digest)


async def _arrays(
    report: Report, directory: Path, daemon: DaemonProcess, ids: Sequence[str], digest: str
) -> None:
    """The first load, of the round that is not counted, fetches and decodes them."""
    kept, address = directory / "diskcache", daemon.address
    diskcache_arrays.fill(kept, slices(_SLICES))
    blobs = _blobs(daemon.cache_directory, slices(_SLICES))
    found = await medians(
        {
            "imageid": in_new_process(digest, callers.load_arrays, address, ids),
            "imageid, summed": in_new_process(digest, callers.load_arrays, address, ids, True),
            "diskcache": in_new_process(digest, diskcache_arrays.read, kept, _SLICES),
            "diskcache, summed": in_new_process(digest, diskcache_arrays.read, kept, _SLICES, True),
            "mapped files, summed": in_new_process(digest, mapped_files.read, blobs),
        },
        _ROUNDS,
    )
    report.seconds(f"{_SLICES} warm slices", found)
    report.reach("mapped/diskcache", found["diskcache"] / found["imageid"])
    report.reach("summed/floor", found["imageid, summed"] / found["mapped files, summed"])
    report.reach("summed/diskcache", found["diskcache, summed"] / found["imageid, summed"])


async def _decoded(
    report: Report, daemon: DaemonProcess, ids: Sequence[str], files: Sequence[Path], digest: str
) -> None:
    some = files[:_DECODED_SLICES]
    some_digest = digest_of(slices(_DECODED_SLICES))
    found = await medians(
        {
            "imageid": in_new_process(digest, callers.load_arrays, daemon.address, ids),
            "pydicom": in_new_process(some_digest, pydicom_files.read, some),
        },
        _SLOW_ROUNDS,
    )
    per_slice = {
        "imageid": found["imageid"] / _SLICES,
        "pydicom": found["pydicom"] / _DECODED_SLICES,
    }
    report.seconds("a slice of the same in JPEG 2000", per_slice)
    report.reach("jpeg_2000/pydicom", per_slice["pydicom"] / per_slice["imageid"])


def _blobs(cache_directory: Path, bodies: Iterable[bytes]) -> list[Path]:
    """Where the daemon keeps bodies: a blob is named by its SHA-256."""
    names = (hashlib.sha256(body).hexdigest() for body in bodies)
    return [cache_directory / "blobs" / name[:2] / name for name in names]
