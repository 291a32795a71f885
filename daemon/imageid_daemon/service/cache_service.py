"""imageid.v1.CacheService over the store and the resolver."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import grpc

from imageid.v1 import cache_service_pb2 as pb
from imageid.v1 import cache_service_pb2_grpc
from imageid_daemon.cache import Ledger
from imageid_daemon.metrics import Metrics
from imageid_daemon.resolver import Resolver
from imageid_loaders.errors import InvalidOption

Context = grpc.aio.ServicerContext[Any, Any]


class CacheService(cache_service_pb2_grpc.CacheServiceServicer):
    def __init__(
        self, resolver: Resolver, ledger: Ledger, directory: Path, metrics: Metrics
    ) -> None:
        self._resolver = resolver
        self._ledger = ledger
        self._directory = directory
        self._metrics = metrics
        self._start_seconds = time.time()

    async def GetCacheStats(
        self, request: pb.GetCacheStatsRequest, context: Context
    ) -> pb.GetCacheStatsResponse:
        ledger = self._ledger
        response = pb.GetCacheStatsResponse(
            entries=ledger.entries,
            blobs=ledger.blobs,
            stored_bytes=ledger.stored_bytes,
            reserved_bytes=ledger.reserved_bytes,
            limit_bytes=ledger.limit_bytes,
            evicted_bytes=ledger.evicted_bytes,
            evicted_blobs=ledger.evicted_blobs,
            running_fills=self._resolver.running_fills,
            requests=self._metrics.requests_by_result(),
            directory=str(self._directory),
        )
        response.start_time.FromNanoseconds(int(self._start_seconds * 1e9))
        return response

    async def EvictImages(
        self, request: pb.EvictImagesRequest, context: Context
    ) -> pb.EvictImagesResponse:
        selector = request.selector
        count_only = request.validate_only
        if selector.WhichOneof("kind") == "image_ids":
            image_ids = list(selector.image_ids.image_ids)
            entries, freed = await self._resolver.evict(image_ids, count_only=count_only)
        elif selector.all:
            entries, freed = await self._resolver.evict_all(count_only=count_only)
        else:
            raise InvalidOption(
                "The selector names nothing. Give image_ids, or all.", field="selector"
            )
        return pb.EvictImagesResponse(entries=entries, freed_bytes=freed)
