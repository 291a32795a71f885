"""Where the frames of a large file are: found out once, and kept beside its blob."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any

from imageid_daemon import pixels
from imageid_daemon.callers import Claims
from imageid_daemon.pixels import Description
from imageid_daemon.resolver.derivations import Derivations
from imageid_daemon.resolver.keys import derived_key
from imageid_daemon.resolver.material import Material
from imageid_daemon.to_its_end import to_its_end
from imageid_daemon.workers import Pool, tasks

_BEGINNING_BYTES = 132


class FrameIndexes:
    def __init__(self, derivations: Derivations, pool: Pool) -> None:
        self._derivations = derivations
        self._pool = pool

    async def locate(
        self, stack: AsyncExitStack, material: Material, frames: Sequence[int] = ()
    ) -> Material:
        """The same, with the places of frames in a large file; small ones have no index.

        Args:
            frames: 1-based; the material's own where none are given.

        Raises:
            ImageError: the file cannot be decoded.
        """
        entry = await material.answer.whole()
        encoded, body = material.encoded, material.answer.body
        if encoded.dicom_json is not None or not pixels.is_worth_indexing(
            entry.size_bytes, await body.read(0, _BEGINNING_BYTES)
        ):
            return material

        def job(source: int, target: int, claims: Claims) -> Coroutine[Any, Any, Description]:
            return self._pool.asked_by(claims).run(tasks.index, source, target, encoded)

        key = derived_key("index", material.parents, pixels.INDEX_VERSION)
        recipe = material.recipe(key, pixels.INDEX_MEDIA_TYPE, job)
        index = await self._derivations.obtain(stack, recipe, body)
        held = index.body.duplicate()
        stack.callback(held.close)
        # The thread opens the path, which must not be another file's by then.
        located = await to_its_end(
            asyncio.to_thread(
                pixels.locate,
                f"/proc/self/fd/{held.descriptor}",
                list(frames) or [encoded.frame or 1],
            )
        )
        return replace(
            material,
            encoded=replace(encoded, located=located.record),
            body=index.body if located.in_index else body,
        )
