"""imageid.v1.ImageService over the resolver."""

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
from imageid_daemon.metrics import Metrics
from imageid_daemon.resolver import Resolver
from imageid_daemon.service import messages, metadata_batch, prefetch, requests
from imageid_daemon.service.stream import Wanted, stream
from imageid_loaders.base import ListedImage
from imageid_loaders.errors import ImageError

Context = grpc.aio.ServicerContext[Any, Any]

_LISTED_A_MESSAGE = 500


class ImageService(image_service_pb2_grpc.ImageServiceServicer):
    def __init__(self, resolver: Resolver, metrics: Metrics) -> None:
        self._resolver = resolver
        self._metrics = metrics
        self._instance_id = secrets.token_hex(8)
        self._start_seconds = time.time()

    async def LoadImage(
        self, request: pb.LoadImageRequest, context: Context
    ) -> AsyncIterator[pb.LoadImageResponse]:
        with _Observed(self._metrics, self._scheme(request.image_id)) as observed:
            image_id = requests.image_id_of(request.image_id)
            output = requests.output_of(request.output)
            demand = _demand(request, context)
            wanted = Wanted(
                requests.range_of(request), request.if_match_etag, request.if_none_match_etag
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
                async for message in stream(answer, header, wanted, observed.started_seconds):
                    observed.message(len(message.chunk.data))
                    yield message

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
            pid=os.getpid(),
        )
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

    def _scheme(self, image_id: str) -> str:
        # A label of the metrics: what a caller made up must not become one.
        try:
            return self._resolver.registry.find(image_id)[0]
        except ImageError:
            return "unknown"


class _Observed:
    """Tells the metrics how one LoadImage went."""

    def __init__(self, metrics: Metrics, scheme: str) -> None:
        self.result = "miss"
        self.started_seconds = time.monotonic()
        self._metrics = metrics
        self._scheme = scheme
        self._sent_bytes = 0
        self._begun = False

    def message(self, data_bytes: int) -> None:
        if not self._begun:
            self._begun = True
            seconds = time.monotonic() - self.started_seconds
            self._metrics.observe_first_byte(self._scheme, self.result, seconds)
        self._sent_bytes += data_bytes

    def __enter__(self) -> _Observed:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        result = self.result
        if kind is not None:
            left = issubclass(kind, (asyncio.CancelledError, GeneratorExit))
            result = "cancelled" if left else "error"
        seconds = time.monotonic() - self.started_seconds
        self._metrics.observe_load(self._scheme, result, seconds, self._sent_bytes)


def _demand(
    request: pb.LoadImageRequest
    | pb.GetImageMetadataRequest
    | pb.BatchGetImageMetadataRequest
    | pb.ListImagesRequest,
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
