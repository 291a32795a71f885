"""The composition root: builds every part, starts them in order, unwinds them in reverse."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import structlog

from imageid_daemon import __version__
from imageid_daemon.cache import Keeping, Store, Verify
from imageid_daemon.config import Config
from imageid_daemon.fills import Patience
from imageid_daemon.instance import (
    announced,
    check_local,
    locked,
    make_private,
    new_locality_token,
    new_token,
)
from imageid_daemon.metrics import Metrics
from imageid_daemon.origins import Origins
from imageid_daemon.registry import Registry, installed_loaders
from imageid_daemon.resolver import Resolver, Sources
from imageid_daemon.service import Door, GrpcServer, HttpServer, Locality
from imageid_daemon.workers import Limits, Pool
from imageid_loaders.base import Origin, Settings

_DRAIN_SECONDS = 10.0

log = structlog.get_logger("imageid")


@dataclass(frozen=True, slots=True)
class Daemon:
    """A running daemon.

    Args:
        listen: the gRPC addresses, with their real ports.
        http: the HTTP door's address, None where it is off.
        reload: put another configuration in force, or raise ConfigurationError.
        reload_failed: the configuration on disk is bad; the old one stays in force.
    """

    listen: tuple[str, ...]
    http: str | None
    token: str
    reload: Callable[[Config], None]
    reload_failed: Callable[[], None]


@asynccontextmanager
async def running(config: Config, environ: Mapping[str, str]) -> AsyncIterator[Daemon]:
    """Run a daemon while the context lasts; on leaving it, running calls are drained.

    Raises:
        ConfigurationError: it cannot run so; every problem is named.
    """
    async with AsyncExitStack() as stack:
        cache, runtime = config.cache.directory, config.runtime_directory
        make_private(cache, "[cache] directory", is_cache=True)
        check_local(cache, "[cache] directory")
        make_private(runtime, "The runtime directory", is_cache=False)
        stack.enter_context(locked(cache, "[cache] directory"))
        if runtime != cache:
            stack.enter_context(locked(runtime, "The runtime directory"))
        registry = _registry(config)
        metrics = Metrics()
        store = _store(config, metrics)
        origins = _origins(config, environ, metrics, registry)
        stack.push_async_callback(origins.aclose)
        pool = _pool(config, metrics)
        stack.push_async_callback(pool.close)
        sources = Sources(store, origins, config.cache.max_image_bytes, _patience(config))
        resolver = Resolver(registry, store, sources, pool)
        metrics.watch(store.ledger, lambda: resolver.running_fills, pool)
        metrics.watch_origins(origins.figures)
        loop = asyncio.get_running_loop()
        metrics.watch_tasks(lambda: len(asyncio.all_tasks(loop)))
        token, token_file = new_token(runtime)
        locality = Locality(*new_locality_token(cache))
        grpc_server = GrpcServer(
            Door(resolver, store, cache, metrics, token, locality, origins.urls_of)
        )
        listen = await grpc_server.start(config.server.listen)
        stack.push_async_callback(store.close)
        stack.push_async_callback(resolver.close)
        http_server = HttpServer(metrics.registry, grpc_server.is_serving)
        stack.push_async_callback(http_server.stop)
        stack.push_async_callback(grpc_server.stop, _DRAIN_SECONDS)
        # Whoever watches would be waited for until the end; told before the connections end.
        stack.push_async_callback(store.events.close)
        http = await http_server.start(config.server.http) if config.server.http else None
        stack.enter_context(
            announced(
                runtime,
                listen=listen,
                http=http,
                token_file=token_file,
                locality_token_file=locality.token_file,
                version=__version__,
            )
        )
        log.info("listening", listen=listen, http=http)
        await asyncio.gather(store.open(), pool.start())
        await grpc_server.open()
        log.info("serving", entries=store.ledger.entries, stored_bytes=store.ledger.stored_bytes)

        def reload(new: Config) -> None:
            # Both before either is in force: a reload that fails changes nothing.
            registry = _registry(new)
            origins.replace(
                network=new.network,
                origins=new.origins,
                environ=environ,
                max_image_bytes=new.cache.max_image_bytes,
                pointed_at=registry.configured_urls,
            )
            resolver.registry = registry
            sources.max_image_bytes = new.cache.max_image_bytes
            sources.patience = _patience(new)
            store.set_limits(new.cache.size_bytes, new.cache.max_item_bytes)
            store.partials.keeping = _keeping(new)
            metrics.observe_reload(successful=True)
            log.info("configuration reloaded", needs_restart=_needs_restart(config, new))

        def reload_failed() -> None:
            metrics.observe_reload(successful=False)

        yield Daemon(tuple(listen), http, token, reload, reload_failed)
        log.info("stopping")


def _registry(config: Config) -> Registry:
    named = {
        name: Origin(name, origin.url, origin.wado_uri) for name, origin in config.origins.items()
    }
    return installed_loaders(config.loaders, Settings(origins=named))


def _store(config: Config, metrics: Metrics) -> Store:
    return Store(
        config.cache.directory,
        limit_bytes=config.cache.size_bytes,
        min_free=config.cache.min_free,
        durable=config.cache.durable,
        on_corrupt=metrics.observe_corrupt,
        max_item_bytes=config.cache.max_item_bytes,
        verify=Verify(config.cache.verify),
        on_disk_change=lambda state: metrics.observe_disk_state(state.value),
        keeping=_keeping(config),
    )


def _keeping(config: Config) -> Keeping:
    return Keeping(config.cache.keep_partial_seconds, config.cache.partial_share)


def _patience(config: Config) -> Patience:
    fills = config.fills
    return Patience(fills.missing_bytes, fills.done_share, fills.seconds)


def _pool(config: Config, metrics: Metrics) -> Pool:
    decode = config.decode
    limits = Limits(
        memory_bytes=decode.memory_bytes,
        cpu_seconds=decode.timeout_seconds,
        # On a busy machine a job gets less than a processor.
        wall_seconds=2 * decode.timeout_seconds,
    )
    return Pool(decode.workers or os.cpu_count() or 1, limits, metrics)


def _origins(
    config: Config, environ: Mapping[str, str], metrics: Metrics, registry: Registry
) -> Origins:
    return Origins(
        network=config.network,
        origins=config.origins,
        environ=environ,
        max_image_bytes=config.cache.max_image_bytes,
        metrics=metrics,
        pointed_at=registry.configured_urls,
    )


def _needs_restart(old: Config, new: Config) -> list[str]:
    """The settings that changed and cannot change while the daemon runs."""
    fixed = {
        "[server]": (old.server, new.server),
        "[log]": (old.log, new.log),
        "[decode]": (old.decode, new.decode),
        "[cache] directory": (old.cache.directory, new.cache.directory),
        "[cache] min_free": (old.cache.min_free, new.cache.min_free),
        "[cache] verify": (old.cache.verify, new.cache.verify),
        "[cache] durable": (old.cache.durable, new.cache.durable),
    }
    return [name for name, (before, after) in fixed.items() if before != after]
