"""httpx with hishel's cache in a file of the program's own, decoded by pydicom."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from time import perf_counter

from hishel import SqliteStorage
from hishel.httpx import CacheClient
from pydicom import dcmread

from benchmarks.measuring import Taken, digest_of


def read(database: Path, urls: Sequence[str]) -> Taken:
    """The array of the DICOM file at each URL; what has been there once comes from the cache."""
    started = perf_counter()
    storage = SqliteStorage(database_path=database)
    with CacheClient(storage=storage, trust_env=False, verify=False, timeout=60) as client:
        files = [client.get(url).raise_for_status().content for url in urls]
    arrays = [dcmread(BytesIO(file)).pixel_array for file in files]
    return Taken(perf_counter() - started, digest_of(arrays))
