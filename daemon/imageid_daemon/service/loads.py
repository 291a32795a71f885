"""LoadImage and LoadImages."""

from __future__ import annotations

from contextlib import aclosing

from imageid.v1 import image_service_pb2 as pb
from imageid_daemon.cache import Demand
from imageid_daemon.service import requests, wire
from imageid_daemon.service.answering import Answering, Asked
from imageid_daemon.service.locality import Locality
from imageid_daemon.service.many import Many
from imageid_daemon.service.stream import HandOut, Wanted
from imageid_daemon.service.written_stream import Writing


class Loads:
    """Args:
    hand_out: where a stored blob's file is.
    """

    def __init__(self, answering: Answering, locality: Locality, hand_out: HandOut) -> None:
        self._answering = answering
        self._locality = locality
        self._hand_out = hand_out

    async def load_image(self, request: pb.LoadImageRequest, caller: Writing) -> bytes:
        """Writes all but the last message, which it returns."""
        hand_out, output = self._way_out(request, caller), requests.output_of(request.output)
        part_range = requests.range_of(request)
        if requests.is_plain(request):
            at_once = self._answering.at_once(
                output, by_path=hand_out is not None, body_bytes=part_range.chunk_bytes
            )
            if (part := at_once.find(request.image_id)) is not None:
                at_once.observe()
                return wire.load_image_response(part)
        wanted = Wanted(
            part_range,
            request.if_match_etag,
            request.if_none_match_etag,
            hand_out,
            request.prefer_local_file,
        )
        asked = Asked(output, _demand(request, caller), wanted, request.include_dicom_json)
        last = b""
        async with aclosing(self._answering.parts(request.image_id, asked)) as parts:
            async for part in parts:
                if part.is_last:
                    last = wire.load_image_response(part)
                else:
                    await caller.write(wire.load_image_response(part))
                del part  # while the next one is waited for
        return last

    async def load_images(self, request: pb.LoadImagesRequest, caller: Writing) -> bytes:
        """Writes all but the last message, which it returns."""
        requests.check_count(request.image_ids)
        hand_out, output = self._way_out(request, caller), requests.output_of(request.output)
        chunk_bytes = requests.chunk_bytes_of(request.chunk_bytes)
        at_once = None
        if requests.makes_no_demands(request):
            at_once = self._answering.at_once(
                output, by_path=hand_out is not None, body_bytes=chunk_bytes
            )
        whole = Wanted(
            requests.Range(0, None, chunk_bytes), hand_out=hand_out, is_of_use_whole=True
        )
        many = Many(
            self._answering,
            list(request.image_ids),
            Asked(output, _demand(request, caller), whole),
            at_once,
            in_request_order=request.in_request_order,
        )
        return await many.run(caller.write)

    def _way_out(
        self, request: pb.LoadImageRequest | pb.LoadImagesRequest, caller: Writing
    ) -> HandOut | None:
        """How the caller may be given local files; None where it may not."""
        if not request.accept_local_file:
            return None
        is_local = self._locality.is_proved(request.locality_token, caller.peer())
        return self._hand_out if is_local else None


def _demand(request: pb.LoadImageRequest | pb.LoadImagesRequest, caller: Writing) -> Demand:
    who = requests.caller_of(request.priority, caller.metadata(), caller.peer())
    return requests.demand_of(request.cache_control, who)
