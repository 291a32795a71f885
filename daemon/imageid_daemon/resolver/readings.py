"""What a worker reads of an image without decoding it; what cannot be read is remembered."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from imageid_daemon.callers import Claims
from imageid_daemon.pixels import Encoded, ImageMetadata
from imageid_daemon.resolver.keys import derived_key
from imageid_daemon.resolver.remembered_failures import RememberedFailures
from imageid_daemon.workers import Pool, tasks
from imageid_loaders.errors import ImageError, NotFound

T = TypeVar("T")


class Readings:
    def __init__(self, pool: Pool, failures: RememberedFailures) -> None:
        self._pool = pool
        self._failures = failures

    async def describe(
        self, parents: tuple[str, ...], encoded: Encoded, source: int | None, claims: Claims
    ) -> ImageMetadata:
        """See `pixels.describe`.

        Args:
            parents: digests of what is read.
            source: descriptor of the file; None where the DICOM JSON says it all.
            claims: who waits for it.
        """

        def read() -> Awaitable[ImageMetadata]:
            return self._pool.asked_by(claims).run(tasks.describe, source, None, encoded)

        return await self._remembering(_key("describe", parents, encoded), read)

    async def describe_frames(
        self,
        frames: Sequence[int],
        parents: tuple[str, ...],
        encoded: Encoded,
        source: int | None,
        claims: Claims,
    ) -> list[ImageMetadata | NotFound]:
        """See `pixels.describe_frames`; the other arguments are those of `describe`."""

        def read() -> Awaitable[list[ImageMetadata | str]]:
            pool = self._pool.asked_by(claims)
            return pool.run(tasks.describe_frames, source, None, encoded, list(frames))

        found = await self._remembering(_key("describe_frames", parents, encoded), read)
        return [NotFound(each) if isinstance(each, str) else each for each in found]

    async def references(
        self,
        frames: Sequence[int],
        parents: tuple[str, ...],
        encoded: Encoded,
        claims: Claims,
    ) -> list[str]:
        """See `pixels.references`; the other arguments are those of `describe`."""

        def read() -> Awaitable[list[str]]:
            return self._pool.asked_by(claims).run(
                tasks.references, None, None, encoded, list(frames)
            )

        return await self._remembering(_key("references", parents, encoded), read)

    async def dicom_json(
        self, parents: tuple[str, ...], encoded: Encoded, source: int | None, claims: Claims
    ) -> bytes:
        """See `pixels.dicom_json`; the arguments are those of `describe`."""

        def read() -> Awaitable[bytes]:
            return self._pool.asked_by(claims).bytes_of(tasks.dicom_json, source, encoded)

        return await self._remembering(_key("dicom_json", parents, encoded), read)

    async def split_metadata(self, digest: str, source: int, claims: Claims) -> bytes:
        """See `tasks.split_metadata`."""

        def read() -> Awaitable[bytes]:
            return self._pool.asked_by(claims).bytes_of(tasks.split_metadata, source)

        return await self._remembering(derived_key("split", (digest,)), read)

    async def _remembering(self, key: str, read: Callable[[], Awaitable[T]]) -> T:
        self._failures.check(key, time.monotonic())
        try:
            return await read()
        except ImageError as error:
            self._failures.note(key, error, time.monotonic())
            raise


def _key(step: str, parents: tuple[str, ...], encoded: Encoded) -> str:
    label = (encoded.media_type, encoded.transfer_syntax_uid)
    return derived_key(step, parents, label, encoded.frame, encoded.plane)
