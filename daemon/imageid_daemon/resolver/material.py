"""What a derivation starts from: whole bytes, and what is needed to read them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

from imageid_daemon.cache import Demand, Entry, Mode
from imageid_daemon.callers import ANYONE, Caller
from imageid_daemon.fills import Body
from imageid_daemon.pixels import Encoded
from imageid_daemon.resolver.answer import Answer, CacheStatus, combined
from imageid_daemon.resolver.derivations import Job, Recipe
from imageid_daemon.resolver.documents import Documents, Instance
from imageid_daemon.resolver.grounds import Grounds
from imageid_daemon.resolver.sources import Sources
from imageid_loaders.base import Image, Loader


@dataclass(frozen=True, slots=True)
class Resolved:
    """What the registry and the loader say of an imageId."""

    scheme: str
    loader: Loader
    image: Image

    @property
    def frame(self) -> int:
        """1-based, within its instance."""
        image = self.image
        return (image.frame if image.container is None else image.container_frame) or 1

    @property
    def contained(self) -> Resolved | None:
        """The same frame as a part of its whole instance, where it has one."""
        image = self.image
        if image.container is None:
            return None
        whole = Image(image.container, frame=image.container_frame)
        return Resolved(self.scheme, self.loader, whole)


@dataclass(frozen=True, slots=True)
class Material:
    """Whole bytes.

    Args:
        encoded: how to read them; its path is to be set by who opens them.
        parents: digests that identify them.
        keep: whether the cache may keep what is made of them.
        anew: the caller demands that everything is done anew.
        body: what `encoded` is to be read from.
        caller: who demands it.
    """

    answer: Answer
    encoded: Encoded
    parents: tuple[str, ...]
    status: CacheStatus
    keep: bool
    anew: bool
    body: Body
    grounds: Grounds | None = None
    caller: Caller = ANYONE

    def recipe(self, key: str, media_type: str, job: Job, *further: str) -> Recipe:
        """How something is made of it.

        Args:
            further: digests of what else it is made of.
        """
        return Recipe(
            key,
            media_type,
            (*self.parents, *further),
            job,
            keep=self.keep,
            anew=self.anew,
            url=self.url,
            caller=self.caller,
        )

    @property
    def url(self) -> str:
        """Of the bytes' resource, as entries show it."""
        return self.answer.entry.url if self.answer.entry is not None else ""


def encoded_of(entry: Entry, image: Image) -> Encoded:
    """How to read the bytes of an image that is no lone frame."""
    media_type, _ = _parted(entry.media_type)
    return Encoded("", media_type, frame=image.frame or 1, plane=image.plane)


async def gather_material(
    stack: AsyncExitStack,
    sources: Sources,
    documents: Documents,
    resolved: Resolved,
    demand: Demand,
) -> Material:
    """The image's bytes; for a lone frame, the data set that says how to read them too.

    Raises:
        ImageError: they cannot be had.
    """
    image = resolved.image
    if image.container is None:
        answer = await sources.obtain(
            stack, resolved.loader, resolved.scheme, image.resource, demand
        )
        return await _material(answer, image, None, demand)
    looking_up = _described(documents, resolved, demand)
    async with _at_once(asyncio.ensure_future(looking_up)) as instance:
        answer = await sources.obtain(
            stack, resolved.loader, resolved.scheme, image.resource, demand
        )
        return await _material(answer, image, await instance, demand)


async def _material(
    answer: Answer, image: Image, instance: Instance | None, demand: Demand
) -> Material:
    entry = await answer.whole()
    keep = answer.stored and demand.mode is not Mode.NO_STORE
    anew = demand.mode is Mode.RELOAD
    if instance is None:
        encoded = encoded_of(entry, image)
        digest, body, grounds = (entry.digest,), answer.body, answer.grounds
        return Material(
            answer, encoded, digest, answer.status, keep, anew, body, grounds, demand.caller
        )
    media_type, transfer_syntax_uid = _parted(entry.media_type)
    frame = image.container_frame
    encoded = Encoded("", media_type, transfer_syntax_uid, instance.dicom_json, frame)
    encoded = replace(encoded, bulk=instance.bulk)
    parents = (entry.digest, *instance.parents)
    status = combined(answer.status, instance.status)
    keep = keep and instance.keep
    grounds = None if answer.grounds is None else answer.grounds.and_of(instance.grounds)
    return Material(
        answer, encoded, parents, status, keep, anew, answer.body, grounds, demand.caller
    )


async def _described(documents: Documents, resolved: Resolved, demand: Demand) -> Instance:
    loader, scheme, frames = resolved.loader, resolved.scheme, (resolved.frame,)
    instance = await documents.instance(loader, scheme, resolved.image, demand)
    return await documents.with_bulk_data(loader, scheme, instance, frames, demand)


def _parted(content_type: str) -> tuple[str, str | None]:
    media_type, _, transfer_syntax_uid = content_type.partition("; transfer-syntax=")
    return media_type, transfer_syntax_uid or None


@asynccontextmanager
async def _at_once(
    task: asyncio.Future[Instance],
) -> AsyncIterator[asyncio.Future[Instance]]:
    try:
        yield task
    finally:
        task.cancel()
        # Not awaited itself: this caller's own cancellation would be taken for its.
        await asyncio.wait([task])
        if not task.cancelled():
            task.exception()  # told already, or of no more interest
