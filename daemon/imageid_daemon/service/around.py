"""What stands around every call: counting, the token, the wait for readiness, errors.

One layer for all four. As layers of their own, each a generator around a generator, they cost
a warm image as much time as everything else that the daemon does for it.
"""

from __future__ import annotations

import asyncio
import hmac
import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, NoReturn

import grpc
from google.protobuf import descriptor_pool

from imageid_daemon.metrics import CallMetrics
from imageid_daemon.service.counting import Count, Counters
from imageid_daemon.service.errors import CallerRejected, abort, reported
from imageid_daemon.service.locality import is_by_unix_socket
from imageid_daemon.service.written_stream import Writing
from imageid_loaders.errors import ImageError

Context = grpc.aio.ServicerContext[Any, Any]
Unary = Callable[[Any, Any], Awaitable[Any]]
Stream = Callable[[Any, Context], AsyncIterator[Any]]

# Whoever watches over daemons need not know their secrets.
_OPEN_SERVICE = "/grpc.health.v1.Health/"


class Around(grpc.aio.ServerInterceptor):
    """Wraps the behaviour of every method, once.

    Args:
        token: asked of callers by TCP; the unix socket's folder admits its owner alone.
        ready: set when the cache is open: the doors open before it, and calls wait.
    """

    def __init__(self, metrics: CallMetrics, token: str, ready: asyncio.Event) -> None:
        self._metrics = metrics
        self._wanted = f"Bearer {token}".encode()
        self._ready = ready
        self._wrapped: dict[str, Any] = {}

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        method = handler_call_details.method
        wrapped = self._wrapped.get(method)
        if wrapped is None:
            handler = await continuation(handler_call_details)
            wrapped = None if handler is None else self._wrap(method, handler)
            if wrapped is not None:
                self._wrapped[method] = wrapped
        return wrapped

    def _wrap(self, method: str, handler: Any) -> Any:
        coders = (handler.request_deserializer, handler.response_serializer)
        if handler.unary_unary:
            behaviour = self._unary(method, handler.unary_unary)
            return grpc.unary_unary_rpc_method_handler(behaviour, *coders)
        for call, method_handler in (
            (handler.unary_stream, grpc.unary_stream_rpc_method_handler),
            (handler.stream_stream, grpc.stream_stream_rpc_method_handler),
        ):
            if call and inspect.isasyncgenfunction(call):
                return method_handler(self._stream(method, call), *coders)
        # Health.Watch writes its stream by itself. Whatever else cannot be wrapped must not
        # be answered: it would pass the token by.
        return handler if method.startswith(_OPEN_SERVICE) else None

    def _unary(self, method: str, call: Unary) -> Unary:
        is_written_stream = _is_stream(method)
        counters = self._counters(method, is_written_stream)

        async def around(request: Any, context: Context) -> Any:
            with Count(counters, context) as count:
                try:
                    await self._admit(method, context)
                    caller = Writing(context, count.sent) if is_written_stream else context
                    response = await call(request, caller)
                except Exception as error:  # every failure of a call ends here
                    await _abort(method, context, error)
                count.sent()
                return response

        return around

    def _stream(self, method: str, call: Stream) -> Stream:
        counters = self._counters(method, is_stream=True)

        async def around(request: Any, context: Context) -> AsyncIterator[Any]:
            with Count(counters, context) as count:
                try:
                    await self._admit(method, context)
                    async for response in call(request, context):
                        yield response
                        count.sent()
                except Exception as error:  # every failure of a call ends here
                    await _abort(method, context, error)

        return around

    def _counters(self, method: str, is_stream: bool) -> Counters:
        return Counters(self._metrics, "server_stream" if is_stream else "unary", method)

    async def _admit(self, method: str, context: Context) -> None:
        if method.startswith(_OPEN_SERVICE):
            return
        if not is_by_unix_socket(context.peer()):
            self._check_token(context)
        if not self._ready.is_set():
            await self._ready.wait()

    def _check_token(self, context: Context) -> None:
        given = dict(context.invocation_metadata() or ()).get("authorization", "")
        if isinstance(given, bytes) or not hmac.compare_digest(given.encode(), self._wanted):
            raise CallerRejected(
                "This call by TCP has no valid token. Send 'authorization: Bearer <token>'; "
                "endpoint.json in the daemon's runtime directory names the token's file."
            )


def _is_stream(method: str) -> bool:
    """Whether the contract says that the method streams its answer."""
    try:
        pool: Any = descriptor_pool.Default()
        found = pool.FindMethodByName(method.lstrip("/").replace("/", "."))
    except KeyError:
        return False
    return bool(found.server_streaming)


async def _abort(method: str, context: Context, error: Exception) -> NoReturn:
    """Give a failure its code and details."""
    if isinstance(error, grpc.aio.AbortError):
        raise error
    await abort(context, error if isinstance(error, ImageError) else reported(method, error))
