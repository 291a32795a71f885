"""What happens around every call: counting, the token, the wait for readiness, errors.

The order is that of `GrpcServer`: outermost first.
"""

from __future__ import annotations

import asyncio
import hmac
import inspect
import secrets
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import structlog

from imageid_daemon.metrics import CallMetrics
from imageid_daemon.service.errors import CallerRejected, abort
from imageid_loaders.errors import ImageError

Context = grpc.aio.ServicerContext[Any, Any]
Unary = Callable[[Any, Context], Awaitable[Any]]
Stream = Callable[[Any, Context], AsyncIterator[Any]]

# Whoever watches over daemons need not know their secrets.
_OPEN_SERVICE = "/grpc.health.v1.Health/"

log = structlog.get_logger("imageid.service")


class _Around(grpc.aio.ServerInterceptor):
    """Wraps a call's behaviour, whether it answers once or by a stream."""

    async def intercept_service(
        self,
        continuation: Callable[[grpc.HandlerCallDetails], Awaitable[Any]],
        handler_call_details: grpc.HandlerCallDetails,
    ) -> Any:
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None:
            return None
        if handler.unary_unary:
            return grpc.unary_unary_rpc_method_handler(
                self.unary(method, handler.unary_unary),
                handler.request_deserializer,
                handler.response_serializer,
            )
        for call, method_handler in (
            (handler.unary_stream, grpc.unary_stream_rpc_method_handler),
            (handler.stream_stream, grpc.stream_stream_rpc_method_handler),
        ):
            if call and inspect.isasyncgenfunction(call):
                return method_handler(
                    self.stream(method, call),
                    handler.request_deserializer,
                    handler.response_serializer,
                )
        # Health.Watch writes its stream by itself. Whatever else cannot be wrapped must not
        # be answered: it would pass the token by.
        return handler if method.startswith(_OPEN_SERVICE) else None

    def unary(self, method: str, call: Unary) -> Unary:
        raise NotImplementedError

    def stream(self, method: str, call: Stream) -> Stream:
        raise NotImplementedError


class Counted(_Around):
    """Feeds the grpc_server_* metrics."""

    def __init__(self, metrics: CallMetrics) -> None:
        self._metrics = metrics

    def unary(self, method: str, call: Unary) -> Unary:
        async def counted(request: Any, context: Context) -> Any:
            with _Count(self._metrics, "unary", method, context) as count:
                response = await call(request, context)
                count.sent()
                return response

        return counted

    def stream(self, method: str, call: Stream) -> Stream:
        async def counted(request: Any, context: Context) -> AsyncIterator[Any]:
            with _Count(self._metrics, "server_stream", method, context) as count:
                async for response in call(request, context):
                    yield response
                    count.sent()

        return counted


class _Count:
    def __init__(self, metrics: CallMetrics, kind: str, method: str, context: Context) -> None:
        service, _, name = method.lstrip("/").partition("/")
        self._labels = (kind, service, name)
        self._metrics = metrics
        self._context = context
        self._sent = metrics.sent.labels(*self._labels)
        self._started_seconds = time.monotonic()

    def sent(self) -> None:
        self._sent.inc()

    def __enter__(self) -> _Count:
        self._metrics.started.labels(*self._labels).inc()
        # Every method of the contract takes one message.
        self._metrics.received.labels(*self._labels).inc()
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        seconds = time.monotonic() - self._started_seconds
        self._metrics.seconds.labels(*self._labels).observe(seconds)
        self._metrics.handled.labels(*self._labels, self._code(kind)).inc()

    def _code(self, kind: type[BaseException] | None) -> str:
        if kind is not None and issubclass(kind, (asyncio.CancelledError, GeneratorExit)):
            return "Cancelled"
        code = self._context.code()
        if not code:
            return "OK" if kind is None else "Unknown"
        name = code.name if isinstance(code, grpc.StatusCode) else _NAMES.get(code, "UNKNOWN")
        return "OK" if name == "OK" else name.title().replace("_", "")


_NAMES = {code.value[0]: code.name for code in grpc.StatusCode}


class Authenticated(_Around):
    """Asks callers by TCP for the token; the unix socket's folder admits its owner alone."""

    def __init__(self, token: str) -> None:
        self._wanted = f"Bearer {token}"

    def unary(self, method: str, call: Unary) -> Unary:
        async def checked(request: Any, context: Context) -> Any:
            await self._check(method, context)
            return await call(request, context)

        return checked

    def stream(self, method: str, call: Stream) -> Stream:
        async def checked(request: Any, context: Context) -> AsyncIterator[Any]:
            await self._check(method, context)
            async for response in call(request, context):
                yield response

        return checked

    async def _check(self, method: str, context: Context) -> None:
        if context.peer().startswith("unix:") or method.startswith(_OPEN_SERVICE):
            return
        given = dict(context.invocation_metadata() or ()).get("authorization", "")
        if isinstance(given, bytes) or not hmac.compare_digest(
            given.encode(), self._wanted.encode()
        ):
            await abort(
                context,
                CallerRejected(
                    "This call by TCP has no valid token. Send 'authorization: Bearer <token>'; "
                    "endpoint.json in the daemon's runtime directory names the token's file."
                ),
            )


class Ready(_Around):
    """Lets calls wait until the cache is open: the doors open before it."""

    def __init__(self, ready: asyncio.Event) -> None:
        self._ready = ready

    def unary(self, method: str, call: Unary) -> Unary:
        async def waiting(request: Any, context: Context) -> Any:
            if not method.startswith(_OPEN_SERVICE):
                await self._ready.wait()
            return await call(request, context)

        return waiting

    def stream(self, method: str, call: Stream) -> Stream:
        async def waiting(request: Any, context: Context) -> AsyncIterator[Any]:
            if not method.startswith(_OPEN_SERVICE):
                await self._ready.wait()
            async for response in call(request, context):
                yield response

        return waiting


class ErrorsMapped(_Around):
    """Gives every failure its code and details; a bug becomes INTERNAL with a request id."""

    def unary(self, method: str, call: Unary) -> Unary:
        async def mapped(request: Any, context: Context) -> Any:
            try:
                return await call(request, context)
            except Exception as error:  # every failure of a call ends here
                await self._abort(method, context, error)

        return mapped

    def stream(self, method: str, call: Stream) -> Stream:
        async def mapped(request: Any, context: Context) -> AsyncIterator[Any]:
            try:
                async for response in call(request, context):
                    yield response
            except Exception as error:  # every failure of a call ends here
                await self._abort(method, context, error)

        return mapped

    async def _abort(self, method: str, context: Context, error: Exception) -> None:
        if isinstance(error, grpc.aio.AbortError):
            raise error
        if isinstance(error, ImageError):
            await abort(context, error)
        request_id = secrets.token_hex(8)
        # The stack without the message, which may hold a URL.
        stack = "".join(traceback.format_tb(error.__traceback__))
        log.error(
            "call failed unexpectedly",
            method=method, request_id=request_id, error=type(error).__name__, stack=stack,
        )  # fmt: skip
        await abort(
            context,
            ImageError(
                "The daemon failed unexpectedly. Its log has the details under this request id: "
                f"{request_id}.",
                request_id=request_id,
            ),
        )
