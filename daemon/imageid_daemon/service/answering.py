"""The answer to a request for one image, in parts."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import dataclass
from functools import partial

from imageid_daemon.cache import Demand
from imageid_daemon.fills import Body
from imageid_daemon.metrics import Metrics
from imageid_daemon.resolver import Answer, Output, Resolver
from imageid_daemon.service import messages, requests
from imageid_daemon.service.at_once import AtOnce
from imageid_daemon.service.crowd import Crowd
from imageid_daemon.service.observed import Observed
from imageid_daemon.service.prepared import Preparations
from imageid_daemon.service.stream import Wanted, stream
from imageid_daemon.service.wire import Part
from imageid_loaders.errors import ImageError


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of an image, or of each of many."""

    output: Output
    demand: Demand
    wanted: Wanted
    include_dicom_json: bool = False


class Answering:
    def __init__(self, resolver: Resolver, metrics: Metrics, preparations: Preparations) -> None:
        self._resolver = resolver
        self._metrics = metrics
        self._preparations = preparations
        self._crowd = Crowd()

    def at_once(self, output: Output, *, by_path: bool, body_bytes: int) -> AtOnce:
        """The short way, for callers that ask for whole bodies and make no demands."""
        return AtOnce(
            self._preparations, self._metrics, output, by_path=by_path, body_bytes=body_bytes
        )

    def expecting(
        self, image_ids: Iterable[str], asked: Asked
    ) -> AbstractAsyncContextManager[None]:
        """Say which images are about to be asked for, so that they are fetched together."""
        return self._resolver.expecting(
            image_ids, [asked.output], asked.demand, check=requests.image_id_of
        )

    async def parts(
        self, image_id: str, asked: Asked, in_turn: Callable[[Body], Body] | None = None
    ) -> AsyncGenerator[Part, None]:
        """All parts up to the one that `is_last`; to be iterated to the end, or closed.

        Args:
            in_turn: puts others' turns between the reads of a body.

        Raises:
            ImageError: the image cannot be had, or breaks off.
        """
        with Observed(self._metrics, self._scheme(image_id)) as observed:
            image_id = requests.image_id_of(image_id)
            registry = self._resolver.registry
            async with self._resolver.load(image_id, asked.output, asked.demand) as answer:
                observed.result = answer.status.value
                if in_turn is not None:
                    answer.body = in_turn(answer.body)
                if asked.wanted.needs_whole(answer):
                    await answer.whole()
                loader = registry.find(image_id)[1].name
                header = messages.header(image_id, asked.output, answer, loader)
                self._preparations.keep(image_id, asked.output, answer, header, registry)
                if asked.include_dicom_json and asked.output is not None:
                    document = await self._resolver.dicom_json(image_id, asked.demand.again)
                    await asyncio.to_thread(messages.add_dicom_json, header.metadata, document)
                # Those in a line have room by their places in it.
                crowd = self._crowd if in_turn is None else Crowd()
                again = partial(self._again, image_id, asked, in_turn)
                with crowd.joined() as member:
                    parts = stream(
                        answer, header, asked.wanted, observed.started_seconds, member, again
                    )
                    async with aclosing(parts):
                        async for part in parts:
                            observed.part(part.data_bytes, part.handed_bytes)
                            yield part
                            del part  # while the next one is waited for

    @asynccontextmanager
    async def _again(
        self, image_id: str, asked: Asked, in_turn: Callable[[Body], Body] | None
    ) -> AsyncIterator[Answer]:
        async with self._resolver.load(image_id, asked.output, asked.demand.again) as answer:
            if in_turn is not None:
                answer.body = in_turn(answer.body)
            yield answer

    def _scheme(self, image_id: str) -> str:
        # A label of the metrics: what a caller made up must not become one.
        try:
            return self._resolver.registry.find(image_id)[0]
        except ImageError:
            return "unknown"
