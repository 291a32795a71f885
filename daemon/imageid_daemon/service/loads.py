"""LoadImage over the resolver."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from imageid.v1 import image_service_pb2 as pb
from imageid_daemon.metrics import Metrics
from imageid_daemon.resolver import Resolver
from imageid_daemon.service import messages, requests, wire
from imageid_daemon.service.locality import Locality
from imageid_daemon.service.observed import Observed
from imageid_daemon.service.stream import HandOut, Wanted, stream
from imageid_daemon.service.written_stream import Writing
from imageid_loaders.errors import ImageError


class Loads:
    """Args:
    hand_out: where a stored blob's file is.
    """

    def __init__(
        self, resolver: Resolver, metrics: Metrics, locality: Locality, hand_out: HandOut
    ) -> None:
        self._resolver = resolver
        self._metrics = metrics
        self._locality = locality
        self._hand_out = hand_out

    async def load_image(self, request: pb.LoadImageRequest, caller: Writing) -> bytes:
        """Writes all but the last message, which it returns."""
        with Observed(self._metrics, self._scheme(request.image_id)) as observed:
            image_id = requests.image_id_of(request.image_id)
            output = requests.output_of(request.output)
            who = requests.caller_of(request.priority, caller.metadata(), caller.peer())
            demand = requests.demand_of(request.cache_control, who)
            wanted = Wanted(
                requests.range_of(request),
                request.if_match_etag,
                request.if_none_match_etag,
                self._way_out(request, caller),
            )
            async with self._resolver.load(image_id, output, demand) as answer:
                observed.result = answer.status.value
                if wanted.needs_whole:
                    await answer.whole()
                loader = self._resolver.registry.find(image_id)[1].name
                header = messages.header(image_id, output, answer, loader)
                if request.include_dicom_json and output is not None:
                    document = await self._resolver.dicom_json(image_id, demand.again)
                    await asyncio.to_thread(messages.add_dicom_json, header.metadata, document)
                parts = stream(answer, header, wanted, observed.started_seconds)
                async with aclosing(parts):
                    async for part in parts:
                        observed.part(part.data_bytes)
                        if part.is_last:
                            return wire.load_image_response(part)
                        await caller.write(wire.load_image_response(part))
        raise RuntimeError("the last part has a summary")

    def _way_out(
        self, request: pb.LoadImageRequest | pb.LoadImagesRequest, caller: Writing
    ) -> HandOut | None:
        """How the caller may be given local files; None where it may not."""
        if not request.accept_local_file:
            return None
        is_local = self._locality.is_proved(request.locality_token, caller.peer())
        return self._hand_out if is_local else None

    def _scheme(self, image_id: str) -> str:
        # A label of the metrics: what a caller made up must not become one.
        try:
            return self._resolver.registry.find(image_id)[0]
        except ImageError:
            return "unknown"
