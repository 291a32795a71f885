"""The values of an instance that its document leaves elsewhere, fetched like everything else."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from dataclasses import dataclass

from imageid_daemon.cache import Demand, Entry, Mode
from imageid_daemon.pixels import BULK_LIMIT_BYTES
from imageid_daemon.resolver.answer import Answer
from imageid_daemon.resolver.sources import Sources
from imageid_loaders.base import Loader, Referring, Resource
from imageid_loaders.errors import ImageError, TooLarge

_PIECE_BYTES = 1 << 18


@dataclass(frozen=True, slots=True)
class Value:
    """One of them.

    Args:
        uri: as the document has it.
        keep: whether the cache may keep what is derived from it.
    """

    uri: str
    data: bytes
    answer: Answer
    entry: Entry
    keep: bool


@dataclass(slots=True)
class _Allowance:
    """Of bytes, for all values of one image."""

    left_bytes: int

    def take(self, size_bytes: int) -> None:
        self.left_bytes -= size_bytes
        if self.left_bytes < 0:
            raise TooLarge("The values that the origin's metadata refer to are too large.")


async def values_of(
    sources: Sources,
    loader: Loader,
    scheme: str,
    document: Resource,
    uris: list[str],
    demand: Demand,
) -> list[Value]:
    """Those that can be had; the others stay absent, as if the document did not name them.

    Args:
        document: where the URIs stand.
    """
    if not isinstance(loader, Referring):
        return []
    allowance = _Allowance(BULK_LIMIT_BYTES)

    async def value(uri: str) -> Value | None:
        try:
            resource = loader.bulk_data(document, uri)
            return await _value(sources, loader, scheme, resource, uri, demand, allowance)
        except ImageError:
            return None

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(value(uri)) for uri in uris]
    return [found for task in tasks if (found := task.result()) is not None]


async def _value(
    sources: Sources,
    loader: Loader,
    scheme: str,
    resource: Resource,
    uri: str,
    demand: Demand,
    allowance: _Allowance,
) -> Value:
    async with AsyncExitStack() as stack:
        answer = await sources.obtain(stack, loader, scheme, resource, demand)
        data = await _read(answer, allowance)
        entry = await answer.whole()
        keep = answer.stored and demand.mode is not Mode.NO_STORE
        return Value(uri, data, answer, entry, keep)


async def _read(answer: Answer, allowance: _Allowance) -> bytes:
    """Read it all, while there is something left to read it for."""
    if answer.size_bytes is not None and answer.size_bytes > allowance.left_bytes:
        raise TooLarge("A value that the origin's metadata refer to is too large.")
    parts: list[bytes] = []
    offset = 0
    while part := await answer.body.read(offset, _PIECE_BYTES):
        allowance.take(len(part))
        parts.append(part)
        offset += len(part)
    return b"".join(parts)
