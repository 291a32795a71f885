"""A daemon whose only loader is the suite's; everything else is what users run."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import grpc

from http_cache_tests.loader import SCHEME, SuiteLoader
from imageid.v1 import cache_service_pb2_grpc, image_service_pb2_grpc
from imageid_daemon.cache import Demand, Mode, Store
from imageid_daemon.config import MinFree, Network, OriginSettings
from imageid_daemon.metrics import Metrics
from imageid_daemon.origins import Origins
from imageid_daemon.registry import Installed, Registry
from imageid_daemon.resolver import Resolver, Sources
from imageid_daemon.service import Door, GrpcServer, Locality
from imageid_daemon.workers import Limits, Pool

_MAX_IMAGE_BYTES = 2**20
_WHATEVER_IS_STORED = Demand(Mode.ONLY_IF_CACHED, however_stale=True)
# The suite runs a hundred tests at a time; an origin that is retried is an error to it.
_PATIENCE = {"connections": 128, "retries": 0}


@dataclass(frozen=True, slots=True)
class SuiteDaemon:
    """The ways to the daemon: its API, and what the API does not show of an answer."""

    images: image_service_pb2_grpc.ImageServiceStub
    cache: cache_service_pb2_grpc.CacheServiceStub
    sources: Sources
    loader: SuiteLoader
    origin: str

    async def stored_headers(self, image_id: str) -> dict[str, str]:
        """The headers of the entry that LoadImage has just answered from."""
        resource = self.loader.resolve(image_id).resource
        async with AsyncExitStack() as stack:
            answer = await self.sources.obtain(
                stack, self.loader, SCHEME, resource, _WHATEVER_IS_STORED
            )
            return dict((await answer.whole()).headers)


@asynccontextmanager
async def serving(directory: Path, origin: str) -> AsyncIterator[SuiteDaemon]:
    """Run it in this process, over a unix socket in `directory`."""
    metrics, loader = Metrics(), SuiteLoader()
    store = Store(
        directory,
        limit_bytes=2**30,
        min_free=MinFree(amount_bytes=0),
        durable=False,
        on_corrupt=metrics.observe_corrupt,
    )
    origins = Origins(
        network=Network(),
        origins={"suite": OriginSettings("suite", origin, **_PATIENCE)},
        environ={},
        max_image_bytes=_MAX_IMAGE_BYTES,
        metrics=metrics,
    )
    registry = Registry([Installed(loader, (SCHEME,), "tests", "0")])
    sources = Sources(store, origins, _MAX_IMAGE_BYTES)
    pool = Pool(1, Limits(memory_bytes=2**30, cpu_seconds=10.0, wall_seconds=10.0), metrics)
    await pool.start()
    resolver = Resolver(registry, store, sources, pool)
    locality = Locality(b"", directory)
    door = Door(resolver, store, directory, metrics, "token", locality, origins.urls_of)
    server = GrpcServer(door)
    address = f"unix:{directory}/grpc.sock"
    await server.start((address,))
    await store.open()
    await server.open()
    async with grpc.aio.insecure_channel(address) as channel:
        images = image_service_pb2_grpc.ImageServiceStub(channel)
        cache = cache_service_pb2_grpc.CacheServiceStub(channel)
        yield SuiteDaemon(images, cache, sources, loader, origin)
    await server.stop(1.0)
    await resolver.close()
    await pool.close()
    await store.close()
    await origins.aclose()
