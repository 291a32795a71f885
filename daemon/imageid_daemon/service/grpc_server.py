"""The gRPC door: listeners, services, health and reflection."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from imageid.v1 import (
    cache_service_pb2,
    cache_service_pb2_grpc,
    image_service_pb2,
    image_service_pb2_grpc,
)
from imageid_daemon.cache import Store
from imageid_daemon.metrics import Metrics
from imageid_daemon.resolver import Resolver
from imageid_daemon.service.answering import Answering
from imageid_daemon.service.around import Around
from imageid_daemon.service.cache_service import CacheService
from imageid_daemon.service.image_service import ImageService
from imageid_daemon.service.loads import Loads
from imageid_daemon.service.locality import Locality
from imageid_daemon.service.prepared import Preparations
from imageid_daemon.service.selectors import OriginUrls
from imageid_daemon.service.written_stream import written_streams
from imageid_loaders.errors import ConfigurationError

_IMAGE_SERVICE = image_service_pb2.DESCRIPTOR.services_by_name["ImageService"].full_name
_CACHE_SERVICE = cache_service_pb2.DESCRIPTOR.services_by_name["CacheService"].full_name
_HEALTH_SERVICE = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name

_SERVING = health_pb2.HealthCheckResponse.SERVING
_NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


@dataclass(frozen=True, slots=True)
class Door:
    """What the services are made of."""

    resolver: Resolver
    store: Store
    cache_directory: Path
    metrics: Metrics
    token: str
    locality: Locality
    origin_urls: OriginUrls


class GrpcServer:
    """Listens from `start` on; answers from `open` on."""

    def __init__(self, door: Door) -> None:
        self._ready = asyncio.Event()
        self._health = health.aio.HealthServicer()  # type: ignore[attr-defined]  # set at run time
        self._server = grpc.aio.server(
            interceptors=[Around(door.metrics.calls, door.token, self._ready)],
            # By default a second daemon would bind the same port and get half of the calls.
            options=[("grpc.so_reuseport", 0)],
        )
        preparations = Preparations(door.resolver, door.store)
        answering = Answering(door.resolver, door.metrics, preparations)
        loads = Loads(answering, door.locality, door.store.hand_out)
        image_service_pb2_grpc.add_ImageServiceServicer_to_server(
            ImageService(door.resolver, door.locality),  # type: ignore[abstract]  # of two: `loads`
            self._server,
        )
        streams = written_streams(
            {
                "LoadImage": (image_service_pb2.LoadImageRequest, loads.load_image),
                "LoadImages": (image_service_pb2.LoadImagesRequest, loads.load_images),
            }
        )
        self._server.add_registered_method_handlers(_IMAGE_SERVICE, streams)
        cache_service_pb2_grpc.add_CacheServiceServicer_to_server(
            CacheService(
                door.resolver, door.store, door.cache_directory, door.metrics, door.origin_urls
            ),
            self._server,
        )
        health_pb2_grpc.add_HealthServicer_to_server(  # type: ignore[no-untyped-call]
            self._health, self._server
        )
        reflection.enable_server_reflection(  # type: ignore[no-untyped-call]
            (_IMAGE_SERVICE, _CACHE_SERVICE, _HEALTH_SERVICE, reflection.SERVICE_NAME), self._server
        )

    async def start(self, addresses: Sequence[str]) -> list[str]:
        """Listen; gives the addresses with their real ports.

        Raises:
            ConfigurationError: an address is taken or cannot be bound.
        """
        bound = [self._bind(address) for address in addresses]
        await self._set_health(_NOT_SERVING)
        await self._server.start()
        return bound

    async def open(self) -> None:
        """The cache is ready: answer."""
        self._ready.set()
        await self._set_health(_SERVING)

    def is_serving(self) -> bool:
        return self._ready.is_set()

    async def stop(self, grace_seconds: float) -> None:
        """Let running calls end, take no new ones."""
        await self._health.enter_graceful_shutdown()
        await self._server.stop(grace_seconds)

    def _bind(self, address: str) -> str:
        try:
            port = self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise ConfigurationError(
                f"[server] listen: {address} cannot be bound; another program may listen there. "
                "Choose another address, or port 0 for a free one."
            ) from error
        return address if address.startswith("unix:") else f"{address.rpartition(':')[0]}:{port}"

    async def _set_health(self, status: health_pb2.HealthCheckResponse.ServingStatus) -> None:
        for service in ("", _IMAGE_SERVICE, _CACHE_SERVICE):
            await self._health.set(service, status)
