"""What mutants are given to: the daemon's own pool of workers, asked as the resolver asks it."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

from imageid_daemon import pixels
from imageid_daemon.callers import Claims
from imageid_daemon.pixels import Encoded, RenderedOptions
from imageid_daemon.resolver.inspection import inspect
from imageid_daemon.workers import Limits, Pool, tasks
from imageid_loaders.errors import ImageError

SAMPLES = "application/octet-stream"
LIMITS = Limits(memory_bytes=2**30, cpu_seconds=2.0, wall_seconds=20.0)


@dataclass
class Noted:
    """Counts what the pool reports."""

    deaths: Counter[str] = field(default_factory=Counter)

    def observe_job(self, task: str, seconds: float) -> None:
        """Times do not matter here."""

    def observe_failed_job(self, reason: str) -> None:
        """The caller hears of it too."""

    def observe_worker_death(self, cause: str) -> None:
        self.deaths[cause] += 1


@asynccontextmanager
async def running_pool(size: int) -> AsyncIterator[tuple[Pool, Noted]]:
    noted = Noted()
    pool = Pool(size, LIMITS, noted)
    await pool.start()
    try:
        yield pool, noted
    finally:
        await pool.close()


class PoolTarget:
    """Reads a mutant in every way; a `driving.Target`."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def __call__(self, name: str, data: bytes) -> str:
        try:
            if name.startswith("document"):
                return await self._document(data)
            with _file(data) as source, _file() as target:
                return await self._image(source, target)
        except ImageError as error:
            # The daemon looks at every result itself; what it says then is a worker's lie.
            lied = "something else than it said" in error.message
            return "wrong length" if lied else f"refused: {error.reason}"

    async def _document(self, document: bytes) -> str:
        what = Encoded("", "", dicom_json=document)
        await self._pool.run(tasks.describe, None, None, what)
        await self._pool.run(tasks.references, None, None, what, [1, 2])
        json.loads(await self._pool.asked_by(Claims()).bytes_of(tasks.dicom_json, None, what))
        return "decoded"

    async def _image(self, source: int, target: int) -> str:
        what = Encoded("", SAMPLES)
        await self._pool.run(tasks.describe, source, None, what)
        json.loads(await self._pool.asked_by(Claims()).bytes_of(tasks.dicom_json, source, what))
        with _file() as index:
            description = await self._pool.run(tasks.index, source, index, what)
            inspect(index, description, pixels.INDEX_MEDIA_TYPE)
            pixels.locate(f"/proc/self/fd/{index}", [1, 2])
        description = await self._pool.run(tasks.decode, source, target, what, "default")
        inspect(target, description, SAMPLES)
        with _file() as picture:
            rendered = await self._pool.run(
                tasks.render, target, picture, description, RenderedOptions()
            )
            inspect(picture, rendered, "image/png")
        return "decoded"


@contextmanager
def _file(data: bytes = b"") -> Iterator[int]:
    descriptor = os.memfd_create("mutant", os.MFD_CLOEXEC)
    try:
        os.write(descriptor, data)
        yield descriptor
    finally:
        os.close(descriptor)
