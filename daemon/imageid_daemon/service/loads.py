"""LoadImage and LoadImages."""

from __future__ import annotations

from contextlib import aclosing

from imageid.v1 import image_service_pb2 as pb
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
        wanted = Wanted(
            requests.range_of(request),
            request.if_match_etag,
            request.if_none_match_etag,
            self._way_out(request, caller),
        )
        asked = self._asked(request, wanted, caller, request.include_dicom_json)
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
        range_ = requests.Range(0, None, requests.chunk_bytes_of(request.chunk_bytes))
        wanted = Wanted(range_, hand_out=self._way_out(request, caller))
        many = Many(
            self._answering,
            list(request.image_ids),
            self._asked(request, wanted, caller),
            in_request_order=request.in_request_order,
        )
        return await many.run(caller.write)

    def _asked(
        self,
        request: pb.LoadImageRequest | pb.LoadImagesRequest,
        wanted: Wanted,
        caller: Writing,
        include_dicom_json: bool = False,
    ) -> Asked:
        who = requests.caller_of(request.priority, caller.metadata(), caller.peer())
        return Asked(
            requests.output_of(request.output),
            requests.demand_of(request.cache_control, who),
            wanted,
            include_dicom_json,
        )

    def _way_out(
        self, request: pb.LoadImageRequest | pb.LoadImagesRequest, caller: Writing
    ) -> HandOut | None:
        """How the caller may be given local files; None where it may not."""
        if not request.accept_local_file:
            return None
        is_local = self._locality.is_proved(request.locality_token, caller.peer())
        return self._hand_out if is_local else None
