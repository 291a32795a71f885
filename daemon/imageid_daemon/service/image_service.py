"""imageid.v1.ImageService over the resolver; `loads` answers LoadImage and LoadImages."""

from __future__ import annotations

import asyncio
import os
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Any

import grpc

from imageid.v1 import image_service_pb2 as pb
from imageid.v1 import image_service_pb2_grpc
from imageid_daemon import __version__
from imageid_daemon.cache import Demand
from imageid_daemon.resolver import Resolver
from imageid_daemon.service import messages, metadata_batch, prefetch, requests
from imageid_daemon.service.locality import Locality, is_by_unix_socket
from imageid_loaders.base import ListedImage

Context = grpc.aio.ServicerContext[Any, Any]

_LISTED_A_MESSAGE = 500
# What an older daemon of the same version of the contract does not do.
_FEATURES = ("local_file", "load_images")


class ImageService(image_service_pb2_grpc.ImageServiceServicer):
    def __init__(self, resolver: Resolver, locality: Locality) -> None:
        self._resolver = resolver
        self._locality = locality
        self._instance_id = secrets.token_hex(8)
        self._start_seconds = time.time()

    async def GetImageMetadata(
        self, request: pb.GetImageMetadataRequest, context: Context
    ) -> pb.GetImageMetadataResponse:
        image_id = requests.image_id_of(request.image_id)
        demand = _demand(request, context)
        metadata, status = await self._resolver.metadata(image_id, demand)
        message = messages.image_metadata(metadata)
        if request.include_dicom_json:
            document = await self._resolver.dicom_json(image_id, demand.again)
            await asyncio.to_thread(messages.add_dicom_json, message, document)
        loader = self._resolver.registry.find(image_id)[1].name
        return pb.GetImageMetadataResponse(
            metadata=message, cache_status=messages.status(status), loader=loader
        )

    async def BatchGetImageMetadata(
        self, request: pb.BatchGetImageMetadataRequest, context: Context
    ) -> AsyncIterator[pb.BatchGetImageMetadataResponse]:
        requests.check_count(request.image_ids)
        demand = _demand(request, context)
        described = self._resolver.describe_all(
            request.image_ids,
            demand,
            dicom_json=request.include_dicom_json,
            check=requests.image_id_of,
        )
        async with aclosing(described) as ready:
            async for parts in metadata_batch.messages_of(ready):
                # Whole data sets are large: they are converted off the loop.
                while message := await asyncio.to_thread(next, parts, None):
                    yield message

    async def ListImages(
        self, request: pb.ListImagesRequest, context: Context
    ) -> AsyncIterator[pb.ListImagesResponse]:
        root = requests.image_id_of(request.root)
        demand = _demand(request, context)
        images = await self._resolver.list_images(root, demand)
        for first in range(0, len(images), _LISTED_A_MESSAGE):
            part = images[first : first + _LISTED_A_MESSAGE]
            yield pb.ListImagesResponse(images=[_listed(image) for image in part])

    async def StatImages(
        self, request: pb.StatImagesRequest, context: Context
    ) -> pb.StatImagesResponse:
        requests.check_count(request.image_ids)
        output = requests.output_of(request.output)
        response = pb.StatImagesResponse()
        for stat in await self._resolver.stat(request.image_ids, output):
            response.stats.add(
                cached=stat.cached,
                fresh=stat.fresh,
                filling=stat.filling,
                size_bytes=stat.size_bytes,
                error_reason=stat.error_reason,
            )
        return response

    async def PrefetchImages(
        self, request: pb.PrefetchImagesRequest, context: Context
    ) -> AsyncIterator[pb.PrefetchImagesResponse]:
        requests.check_count(request.image_ids)
        metadata = context.invocation_metadata() or ()
        priority = prefetch.priority_of(request.priority)
        caller = requests.caller_of(priority, metadata, context.peer())
        demand = requests.demand_of(request.cache_control, caller)
        prefetch.check_mode(demand.mode)
        prefetched = self._resolver.prefetch(
            list(request.image_ids),
            prefetch.outputs_of(request),
            demand,
            keep=prefetch.keep_of(request),
            detach=request.detach,
            check=requests.image_id_of,
        )
        async with aclosing(prefetched) as parts:
            async for message in prefetch.messages_of(parts):
                yield message

    async def GetServerInfo(
        self, request: pb.GetServerInfoRequest, context: Context
    ) -> pb.GetServerInfoResponse:
        response = pb.GetServerInfoResponse(
            version=__version__,
            instance_id=self._instance_id,
            default_chunk_bytes=requests.DEFAULT_CHUNK_BYTES,
            max_chunk_bytes=requests.MAX_CHUNK_BYTES,
            features=_FEATURES,
            pid=os.getpid(),
        )
        if is_by_unix_socket(context.peer()):
            response.locality_token_file = str(self._locality.token_file)
        response.start_time.FromNanoseconds(int(self._start_seconds * 1e9))
        for each in self._resolver.registry.installed:
            response.loaders.add(
                name=each.loader.name,
                schemes=each.schemes,
                distribution=each.distribution,
                version=each.version,
                summary=each.loader.summary,
            )
        return response


def _demand(
    request: pb.GetImageMetadataRequest | pb.BatchGetImageMetadataRequest | pb.ListImagesRequest,
    context: Context,
) -> Demand:
    metadata = context.invocation_metadata() or ()
    caller = requests.caller_of(request.priority, metadata, context.peer())
    return requests.demand_of(request.cache_control, caller)


def _listed(image: ListedImage) -> pb.ListedImage:
    return pb.ListedImage(
        image_id=image.image_id,
        series_instance_uid=image.series_instance_uid,
        sop_instance_uid=image.sop_instance_uid,
        instance_number=image.instance_number,
        frame_number=image.frame_number,
    )
