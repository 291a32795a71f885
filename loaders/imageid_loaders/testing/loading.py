"""Loading as the daemon does it, without the daemon."""

# ruff: noqa: S101 - tests assert

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pydicom import config, dcmread

from imageid_loaders.base import (
    ListedImage,
    Lister,
    Loader,
    Request,
    Resource,
    Source,
    Transport,
    Validators,
)
from imageid_loaders.errors import Corrupt
from imageid_loaders.testing.transports import HttpTransport

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Loaded:
    """A resource, opened and read to its end."""

    source: Source
    chunks: tuple[bytes, ...]

    @property
    def data(self) -> bytes:
        return b"".join(self.chunks)


async def load(
    loader: Loader, resource: Resource, transport: Transport, validators: Validators | None = None
) -> Loaded:
    """Open a resource as the daemon does, and read it to its end."""
    async with loader.open(Request(resource, transport, validators or Validators())) as source:
        return Loaded(source, tuple([chunk async for chunk in source.chunks]))


async def list_images(loader: Loader, root: str, transport: Transport) -> list[ListedImage]:
    """The images below a root, as the daemon asks for them."""

    assert isinstance(loader, Lister), "the loader has no list_images"
    return await loader.list_images(root, _Read(loader, transport))


class _Read:
    def __init__(self, loader: Loader, transport: Transport) -> None:
        self._loader = loader
        self._transport = transport

    async def __call__(self, resource: Resource) -> bytes:
        return (await load(self._loader, resource, self._transport)).data

    async def header(self, descriptor: int, tags: Sequence[int]) -> bytes:
        return await asyncio.to_thread(_header, os.dup(descriptor), tags)


def _header(descriptor: int, tags: Sequence[int]) -> bytes:
    with os.fdopen(descriptor, "rb") as stream, config.disable_value_validation():
        stream.seek(0)
        try:
            found = dcmread(stream, stop_before_pixels=True, specific_tags=list(tags))
            return found.to_json(suppress_invalid_tags=True).encode()
        except (Exception, RecursionError) as error:
            raise Corrupt("The DICOM header cannot be read: the file is damaged.") from error


def run(act: Callable[[Transport], Awaitable[_Result]]) -> _Result:
    """Run `act` in a loop of its own, with a transport, and see that nothing stays behind."""

    async def act_and_look() -> _Result:
        async with HttpTransport() as transport:
            result = await act(transport)
        left_behind = asyncio.all_tasks() - {asyncio.current_task()}
        assert not left_behind, "the loader left tasks running"
        return result

    return asyncio.run(act_and_look())
