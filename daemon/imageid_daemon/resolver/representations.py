"""The representations of an image: its own bytes, and what is derived from them.

PIXELS and RENDERED start from one decoded blob, so an image is decoded once whatever is
asked of it; both are cached under what they were made of, so neither can be stale.
"""

from __future__ import annotations

from collections.abc import Coroutine
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any, Literal

from imageid_daemon.cache import Demand, Entry, Mode, Store
from imageid_daemon.callers import Claims
from imageid_daemon.fills import Body, Unreadable
from imageid_daemon.pixels import Description, Encoded, PixelsOptions, RenderedOptions
from imageid_daemon.resolver.answer import Answer, CacheStatus, Output, combined, derived
from imageid_daemon.resolver.derivations import Derivations, description_of
from imageid_daemon.resolver.documents import Documents
from imageid_daemon.resolver.frame_indexes import FrameIndexes
from imageid_daemon.resolver.keys import derived_key
from imageid_daemon.resolver.material import Material, Resolved, gather_material
from imageid_daemon.resolver.sources import Sources
from imageid_daemon.workers import Pool, tasks
from imageid_loaders.errors import NotSeparable, Undecodable

_GZIP, _VOLUME = "application/gzip", "application/x-nifti"

_SERVED_BY_WHAT_IS_STORED = (Mode.DEFAULT, Mode.ONLY_IF_CACHED)

DecodedColor = Literal["default", "stored"]

_SAMPLES = "application/octet-stream"


class Representations:
    def __init__(
        self,
        store: Store,
        sources: Sources,
        documents: Documents,
        derivations: Derivations,
        pool: Pool,
        frame_indexes: FrameIndexes,
    ) -> None:
        self._store = store
        self._sources = sources
        self._documents = documents
        self._derivations = derivations
        self._pool = pool
        self._frame_indexes = frame_indexes

    async def obtain(
        self, stack: AsyncExitStack, resolved: Resolved, output: Output, demand: Demand
    ) -> Answer:
        """One representation; ENCODED may still be arriving.

        Raises:
            ImageError: it cannot be had.
        """
        first, second = await self._ways(resolved, output, demand)
        try:
            return await self._attempt(stack, first, output, demand)
        except Unreadable:
            # What the disk does not give back is fetched anew, once.
            return await self._attempt(stack, first, output, demand)
        except (NotSeparable, Undecodable):
            # The whole instance is the safe way to a frame that an origin cannot give
            # alone, or labels wrongly.
            if second is None:
                raise
            answer = await self._attempt(stack, second, output, demand)
            # It may be had the first way next time.
            answer.grounds = None
            return answer

    async def _ways(
        self, resolved: Resolved, output: Output, demand: Demand
    ) -> tuple[Resolved, Resolved | None]:
        """The first way to try, and the second where there is one."""
        whole = resolved.contained
        if (
            whole is not None
            and self.is_in_stored_instance(resolved, output, demand)
            # A stale one would perhaps be fetched whole again, for one frame of it.
            and await self._sources.serves(whole.image.resource, demand)
        ):
            return whole, resolved
        return resolved, whole

    def is_in_stored_instance(self, resolved: Resolved, output: Output, demand: Demand) -> bool:
        """Whether pixels are asked for of a frame that is stored as a part of its instance alone.

        A caller who demands more of a copy than that it is fresh has the frame itself fetched.
        """
        image, holds = resolved.image, self._sources.holds
        if output is None or demand.mode not in _SERVED_BY_WHAT_IS_STORED:
            return False
        return image.container is not None and holds(image.container) and not holds(image.resource)

    async def find(
        self, stack: AsyncExitStack, resolved: Resolved, output: Output, demand: Demand
    ) -> Entry | None:
        """The entry of a stored representation; makes nothing.

        Args:
            demand: says ONLY_IF_CACHED.

        Raises:
            ImageError: what it would be made of is not stored.
        """
        if output is None:
            answer = await self._attempt(stack, resolved, None, demand)
            return await answer.whole()
        material = await self._material(stack, resolved, demand)
        return await self._store.find(stored_key(material.encoded, material.parents, output))

    async def _attempt(
        self, stack: AsyncExitStack, resolved: Resolved, output: Output, demand: Demand
    ) -> Answer:
        if output is None:
            return await self._sources.obtain(
                stack, resolved.loader, resolved.scheme, resolved.image.resource, demand
            )
        material = await self._material(stack, resolved, demand)
        answer = decoded = await self._decode(stack, material, _decoded_color(output))
        made = [decoded.entry]
        if not _is_decoded(output):
            answer = await self._refine(stack, material, decoded, output)
            answer.timing.decode = decoded.timing.decode
            answer.status = combined(answer.status, decoded.status)
            made.append(answer.entry)
        if answer.status is CacheStatus.HIT and material.grounds is not None:
            answer.grounds = material.grounds.and_derived(*filter(None, made))
        answer.status = derived(material.status, answer.status)
        answer.timing.origin_first_byte = material.answer.timing.origin_first_byte
        answer.timing.origin_total = material.answer.timing.origin_total
        return answer

    async def _material(
        self, stack: AsyncExitStack, resolved: Resolved, demand: Demand
    ) -> Material:
        return await gather_material(stack, self._sources, self._documents, resolved, demand)

    async def _decode(
        self, stack: AsyncExitStack, material: Material, color: DecodedColor
    ) -> Answer:
        key = _decoded_key(material.encoded, material.parents, color)
        if await self._store.find(key) is None:
            material = await self._prepared(stack, material)
        encoded = material.encoded

        def job(source: int, target: int, claims: Claims) -> Coroutine[Any, Any, Description]:
            return self._pool.asked_by(claims).run(tasks.decode, source, target, encoded, color)

        recipe = material.recipe(key, _SAMPLES, job)
        return await self._derivations.obtain(stack, recipe, material.body)

    async def _prepared(self, stack: AsyncExitStack, material: Material) -> Material:
        """What is done once for all frames, where there are many."""
        if material.encoded.media_type == _GZIP:
            return replace(material, body=await self._inflate(stack, material))
        return await self._frame_indexes.locate(stack, material)

    async def _inflate(self, stack: AsyncExitStack, material: Material) -> Body:
        """The volume without its gzip: once, not once for each of its slices."""

        def job(source: int, target: int, claims: Claims) -> Coroutine[Any, Any, Description]:
            return self._pool.asked_by(claims).run(tasks.inflate, source, target, material.encoded)

        key = derived_key("inflate", material.parents)
        recipe = material.recipe(key, _VOLUME, job)
        answer = await self._derivations.obtain(stack, recipe, material.answer.body)
        return answer.body

    async def _refine(
        self,
        stack: AsyncExitStack,
        material: Material,
        decoded: Answer,
        output: PixelsOptions | RenderedOptions,
    ) -> Answer:
        entry = await decoded.whole()
        description = description_of(entry)

        def job(source: int, target: int, claims: Claims) -> Coroutine[Any, Any, Description]:
            pool = self._pool.asked_by(claims)
            if isinstance(output, RenderedOptions):
                return pool.run(tasks.render, source, target, description, output)
            return pool.run(tasks.transform, source, target, description, output)

        media_type = f"image/{output.format}" if isinstance(output, RenderedOptions) else _SAMPLES
        recipe = material.recipe(_refined_key(entry.key, output), media_type, job, entry.digest)
        return await self._derivations.obtain(stack, recipe, decoded.body)


def stored_key(
    encoded: Encoded, parents: tuple[str, ...], output: PixelsOptions | RenderedOptions
) -> str:
    """Where a representation stands that was made of blobs. Pure.

    Args:
        parents: digests of the blobs.
    """
    key = _decoded_key(encoded, parents, _decoded_color(output))
    return key if _is_decoded(output) else _refined_key(key, output)


def _decoded_color(output: PixelsOptions | RenderedOptions) -> DecodedColor:
    as_stored = isinstance(output, PixelsOptions) and output.color == "stored"
    return "stored" if as_stored else "default"


def _is_decoded(output: PixelsOptions | RenderedOptions) -> bool:
    """Whether decoding alone gives it."""
    return isinstance(output, PixelsOptions) and output.values == "stored" and output.color != "rgb"


def _decoded_key(encoded: Encoded, parents: tuple[str, ...], color: DecodedColor) -> str:
    # The same bytes under another label are another image.
    label = (encoded.media_type, encoded.transfer_syntax_uid)
    return derived_key("decode", parents, label, encoded.frame, encoded.plane, color)


def _refined_key(decoded_key: str, output: PixelsOptions | RenderedOptions) -> str:
    # Not the digest of the samples: equal samples of two images may mean different values.
    return derived_key("refine", (decoded_key,), output)
