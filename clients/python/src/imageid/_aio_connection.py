"""A connection to the daemon, of a program with an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self, TypeVar

import grpc

from imageid._call import CHANNEL_OPTIONS, call_metadata, failures_told
from imageid._endpoint import Endpoint
from imageid.v1 import image_service_pb2 as v1
from imageid.v1.image_service_pb2_grpc import ImageServiceStub

_Request = TypeVar("_Request")
_Response = TypeVar("_Response")


class Connection:
    """
    Args:
        timeout: seconds that one call may take; None means no limit.
    """

    def __init__(self, endpoint: Endpoint, timeout: float | None) -> None:
        asyncio.get_running_loop()  # gRPC binds a channel to a loop, and would pick any
        self._endpoint = endpoint
        self._timeout_seconds = timeout
        self._channel = grpc.aio.insecure_channel(endpoint.address, CHANNEL_OPTIONS)
        self._images = ImageServiceStub(self._channel)

    async def info(self) -> v1.GetServerInfoResponse:
        """As `imageid.Client.info`."""
        return await self._ask(self._images.GetServerInfo, v1.GetServerInfoRequest())

    async def close(self) -> None:
        """As `imageid.Client.close`."""
        await self._channel.close(None)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    async def _ask(
        self,
        method: grpc.aio.UnaryUnaryMultiCallable[_Request, _Response],
        request: _Request,
        image_id: str | None = None,
    ) -> _Response:
        with failures_told(self._endpoint):
            return await method(
                request,
                timeout=self._timeout_seconds,
                metadata=call_metadata(self._endpoint, image_id),
            )

    async def _follow(
        self, method: grpc.aio.UnaryStreamMultiCallable[_Request, _Response], request: _Request
    ) -> AsyncIterator[_Response]:
        with failures_told(self._endpoint):
            # As long as the caller goes on: no timeout.
            call = method(request, metadata=call_metadata(self._endpoint, None))
            try:
                async for message in call:
                    yield message
            finally:
                call.cancel()
