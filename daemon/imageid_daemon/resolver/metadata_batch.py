"""The metadata of many images, before any pixel of theirs is read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial

from imageid_daemon.cache import Demand
from imageid_daemon.pixels import ImageMetadata
from imageid_daemon.resolver.answer import CacheStatus
from imageid_daemon.resolver.documents import Document, Documents
from imageid_daemon.resolver.headers import Headers
from imageid_daemon.resolver.in_order import in_order
from imageid_daemon.resolver.material import Resolved
from imageid_daemon.resolver.readings import Readings
from imageid_loaders.base import Loader, Resource
from imageid_loaders.errors import ImageError

_AT_ONCE = 16
# Frames that are described together, because one header tells of all of them.
_FRAMES_A_RUN = 100
_SEEN_DOCUMENTS = 16


@dataclass(frozen=True, slots=True)
class Described:
    """What is said of one image, or why nothing is.

    Args:
        metadata: None where `error` tells why.
        dicom_json: the data set without bulk data, where it was asked for.
    """

    metadata: ImageMetadata | None = None
    status: CacheStatus = CacheStatus.MISS
    loader: str = ""
    dicom_json: bytes | None = None
    error: ImageError | None = None


@dataclass(slots=True)
class _Run:
    """Images one after the other that are frames of one instance, or one that fails."""

    key: tuple[object, ...] | None
    frames: list[Resolved] = field(default_factory=list)
    error: ImageError | None = None


async def describe_all(
    headers: Headers,
    documents: Documents,
    readings: Readings,
    resolve: Callable[[str], Resolved],
    image_ids: Iterable[str],
    demand: Demand,
    *,
    dicom_json: bool,
) -> AsyncGenerator[list[Described], None]:
    """See `Resolver.describe_all`."""
    seen = _SeenDocuments(documents)
    jobs = (
        partial(_describe_run, headers, readings, seen, run, demand, dicom_json=dicom_json)
        for run in _runs(resolve, image_ids)
    )
    try:
        async with aclosing(in_order(jobs, _AT_ONCE)) as ready:
            async for runs in ready:
                yield [described for run in runs for described in run]
    finally:
        await seen.close()


def _runs(resolve: Callable[[str], Resolved], image_ids: Iterable[str]) -> Iterator[_Run]:
    current = _Run(None)
    for image_id in image_ids:
        try:
            resolved = resolve(image_id)
        except ImageError as error:
            if current.frames:
                yield current
            yield _Run(None, error=error)
            current = _Run(None)
            continue
        key = _instance_key(resolved)
        if current.frames and (key != current.key or len(current.frames) == _FRAMES_A_RUN):
            yield current
            current = _Run(key)
        current.key = key
        current.frames.append(resolved)
    if current.frames:
        yield current


def _instance_key(resolved: Resolved) -> tuple[object, ...]:
    image = resolved.image
    # The planes of a volume have no frame numbers to be told apart by.
    return resolved.scheme, (image.container or image.resource).key, image.plane


async def _describe_run(
    headers: Headers,
    readings: Readings,
    seen: _SeenDocuments,
    run: _Run,
    demand: Demand,
    *,
    dicom_json: bool,
) -> list[Described]:
    if run.error is not None:
        return [Described(error=run.error)]
    first = run.frames[0]
    frames = [resolved.frame for resolved in run.frames]
    try:
        read = partial(readings.describe_frames, frames)
        found, status = await headers.read(first, demand, read, seen, frames=frames)
        document = None
        if dicom_json:
            document, _ = await headers.read(first, demand.again, readings.dicom_json, seen)
    except ImageError as error:
        return [Described(error=error)] * len(frames)
    return [
        Described(each, status, first.loader.name, document)
        if isinstance(each, ImageMetadata)
        else Described(error=each)
        for each in found
    ]


class _SeenDocuments:
    """The documents of one batch: each is obtained once, whatever is demanded of it."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self._asked: dict[tuple[str, str], asyncio.Task[Document]] = {}

    async def document(
        self, loader: Loader, scheme: str, resource: Resource, demand: Demand
    ) -> Document:
        key = scheme, resource.key
        task = self._asked.pop(key, None)
        if task is None:
            task = asyncio.create_task(self._documents.document(loader, scheme, resource, demand))
            self._forget_the_oldest()
        self._asked[key] = task
        # One image's cancellation must not reach the others that wait for the document.
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Cancel what is on its way."""
        for task in self._asked.values():
            task.cancel()
        await asyncio.gather(*self._asked.values(), return_exceptions=True)

    def _forget_the_oldest(self) -> None:
        done = [key for key, task in self._asked.items() if task.done()]
        for key in done[: max(0, len(self._asked) - _SEEN_DOCUMENTS)]:
            del self._asked[key]
