"""What images say of themselves: out of the origin's document, or of the image's own bytes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, closing
from typing import TypeVar

from imageid_daemon.cache import Demand, Mode
from imageid_daemon.callers import Claims
from imageid_daemon.pixels import Encoded
from imageid_daemon.resolver.answer import CacheStatus
from imageid_daemon.resolver.documents import Documents, Shelf, instance_from
from imageid_daemon.resolver.frame_indexes import FrameIndexes
from imageid_daemon.resolver.material import Material, Resolved, gather_material
from imageid_daemon.resolver.remembered_failures import RememberedFailures
from imageid_daemon.resolver.sources import Sources
from imageid_loaders.errors import ImageError, NotSeparable, Undecodable

T = TypeVar("T")
# Digests of what is read, how to read it, its descriptor where it is in a file, and for whom.
Read = Callable[[tuple[str, ...], Encoded, int | None, Claims], Awaitable[T]]


class Headers:
    def __init__(
        self,
        sources: Sources,
        documents: Documents,
        failures: RememberedFailures,
        frame_indexes: FrameIndexes,
    ) -> None:
        self._sources = sources
        self._documents = documents
        self._failures = failures
        self._frame_indexes = frame_indexes

    async def read(
        self,
        resolved: Resolved,
        demand: Demand,
        read: Read[T],
        shelf: Shelf | None = None,
        *,
        frames: Sequence[int] = (),
    ) -> tuple[T, CacheStatus]:
        """What `read` makes of an image; fetches no pixels where the origin can tell it apart.

        Args:
            shelf: where documents are had from, if not from the cache and the origin.
            frames: nothing of others is read, so that of a large file an index is enough;
                and what an origin's document only refers to is fetched for these. Without
                them it is all of the data set that is read, and nothing else.

        Raises:
            ImageError: it cannot be had.
        """
        if demand.mode is Mode.RELOAD:
            self._failures.clear()
        if resolved.image.metadata:
            try:
                return await self._read_document(
                    resolved, demand, read, shelf or self._documents, frames
                )
            except (NotSeparable, Undecodable):
                resolved = resolved.contained or resolved
        async with AsyncExitStack() as stack:
            material = await gather_material(
                stack, self._sources, self._documents, resolved, demand
            )
            if frames:
                material = await self._located(stack, material, frames)
            claims = Claims(demand.caller)
            held = stack.enter_context(closing(material.body.duplicate()))
            found = await read(material.parents, material.encoded, held.descriptor, claims)
            return found, material.status

    async def _located(
        self, stack: AsyncExitStack, material: Material, frames: Sequence[int]
    ) -> Material:
        try:
            return await self._frame_indexes.locate(stack, material, frames)
        except ImageError:
            # A header can be read although the frames behind it cannot be found.
            return material

    async def _read_document(
        self,
        resolved: Resolved,
        demand: Demand,
        read: Read[T],
        shelf: Shelf,
        frames: Sequence[int],
    ) -> tuple[T, CacheStatus]:
        loader, scheme = resolved.loader, resolved.scheme
        instance = await instance_from(shelf, loader, scheme, resolved.image, demand)
        if frames:
            instance = await self._documents.with_bulk_data(
                loader, scheme, instance, frames, demand
            )
        encoded = Encoded(
            "", "", dicom_json=instance.dicom_json, frame=resolved.frame, bulk=instance.bulk
        )
        return await read(instance.parents, encoded, None, Claims(demand.caller)), instance.status
