"""A connection to the daemon, of a program without an event loop."""

from __future__ import annotations

from collections.abc import Iterator
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
        self._endpoint = endpoint
        self._timeout_seconds = timeout
        self._channel = grpc.insecure_channel(endpoint.address, CHANNEL_OPTIONS)
        self._images = ImageServiceStub(self._channel)

    def info(self) -> v1.GetServerInfoResponse:
        """Versions, loaders and limits of the daemon."""
        return self._ask(self._images.GetServerInfo, v1.GetServerInfoRequest())

    def close(self) -> None:
        """End the connection, and every call that still runs on it."""
        self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _ask(
        self,
        method: grpc.UnaryUnaryMultiCallable[_Request, _Response],
        request: _Request,
        image_id: str | None = None,
    ) -> _Response:
        with failures_told(self._endpoint):
            return method(
                request,
                timeout=self._timeout_seconds,
                metadata=call_metadata(self._endpoint, image_id),
            )

    def _follow(
        self, method: grpc.UnaryStreamMultiCallable[_Request, _Response], request: _Request
    ) -> Iterator[_Response]:
        with failures_told(self._endpoint):
            # As long as the caller goes on: no timeout.
            call = method(request, metadata=call_metadata(self._endpoint, None))
            try:
                yield from call
            finally:
                call.cancel()  # type: ignore[no-untyped-call,unused-ignore]
