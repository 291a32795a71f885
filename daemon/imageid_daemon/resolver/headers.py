"""What images say of themselves: out of the origin's document, or of the image's own bytes."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, closing
from typing import TypeVar

from imageid_daemon.cache import Demand, Mode
from imageid_daemon.pixels import Encoded
from imageid_daemon.resolver.answer import CacheStatus
from imageid_daemon.resolver.documents import Documents, Shelf, instance_from
from imageid_daemon.resolver.frame_indexes import FrameIndexes
from imageid_daemon.resolver.material import Material, Resolved, gather_material
from imageid_daemon.resolver.remembered_failures import RememberedFailures
from imageid_daemon.resolver.sources import Sources
from imageid_loaders.errors import ImageError, NotSeparable, Undecodable

T = TypeVar("T")
# Digests of what is read, how to read it, and its descriptor where it is in a file.
Read = Callable[[tuple[str, ...], Encoded, int | None], Awaitable[T]]


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
        frame_alone: bool = False,
    ) -> tuple[T, CacheStatus]:
        """What `read` makes of an image; fetches no pixels where the origin can tell it apart.

        Args:
            shelf: where documents are had from, if not from the cache and the origin.
            frame_alone: nothing of the other frames is read, so that of a large file an
                index is enough.

        Raises:
            ImageError: it cannot be had.
        """
        if demand.mode is Mode.RELOAD:
            self._failures.clear()
        if resolved.image.metadata:
            try:
                return await self._read_document(resolved, demand, read, shelf or self._documents)
            except (NotSeparable, Undecodable):
                resolved = resolved.contained or resolved
        async with AsyncExitStack() as stack:
            material = await gather_material(
                stack, self._sources, self._documents, resolved, demand
            )
            if frame_alone:
                material = await self._located(stack, material)
            held = stack.enter_context(closing(material.body.duplicate()))
            found = await read(material.parents, material.encoded, held.descriptor)
            return found, material.status

    async def _located(self, stack: AsyncExitStack, material: Material) -> Material:
        try:
            return await self._frame_indexes.locate(stack, material)
        except ImageError:
            # A header can be read although the frames behind it cannot be found.
            return material

    async def _read_document(
        self, resolved: Resolved, demand: Demand, read: Read[T], shelf: Shelf
    ) -> tuple[T, CacheStatus]:
        image = resolved.image
        instance = await instance_from(shelf, resolved.loader, resolved.scheme, image, demand)
        encoded = Encoded("", "", dicom_json=instance.dicom_json, frame=resolved.frame)
        parents = (hashlib.sha256(instance.dicom_json).hexdigest(),)
        return await read(parents, encoded, None), instance.status
