"""A gRPC server that says what a test tells it to, however wrong that is."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, NoReturn, Self

import google_crc32c
import grpc
from google.protobuf.any_pb2 import Any as PackedDetail
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from imageid.v1 import cache_service_pb2_grpc, image_service_pb2_grpc
from imageid.v1.image_service_pb2 import (
    DataChunk,
    GetServerInfoResponse,
    ImageHeader,
    LoadImageResponse,
    LoadSummary,
)
from imageid.v1.types_pb2 import CACHE_STATUS_MISS, Checksums

Answer = Callable[[Any, grpc.ServicerContext], Any]


def header(body: bytes = b"", **fields: Any) -> ImageHeader:
    described = {
        "content_type": "application/octet-stream",
        "size_bytes": len(body),
        "etag": '"body"',
        "cache_status": CACHE_STATUS_MISS,
        "loader": "scripted",
    }
    return ImageHeader(**(described | fields))


def chunk(data: bytes, offset: int = 0) -> DataChunk:
    return DataChunk(offset=offset, data=data, crc32c=google_crc32c.value(data))


def summary(body: bytes, **fields: Any) -> LoadSummary:
    described = {
        "size_bytes": len(body),
        "sent_bytes": len(body),
        "etag": '"body"',
        "checksums": Checksums(sha256=hashlib.sha256(body).digest()),
        "stored": True,
    }
    return LoadSummary(**(described | fields))


def messages(
    body: bytes, chunk_bytes: int = 4, start: int = 0, **fields: Any
) -> Iterator[LoadImageResponse]:
    """A right answer: a header, chunks, a summary, each in a message of its own."""
    yield LoadImageResponse(header=header(body, range_start=start, **fields))
    for offset in range(start, len(body), chunk_bytes):
        yield LoadImageResponse(chunk=chunk(body[offset : offset + chunk_bytes], offset))
    yield LoadImageResponse(summary=summary(body))


def says(*answers: Message) -> Answer:
    """Answer with these messages."""
    return lambda request, context: iter(answers)


def fails(
    code: grpc.StatusCode, message: str, *details: Message, after: Iterable[Any] = ()
) -> Answer:
    """Answer with `after`, then fail with google.rpc.Status and its details."""

    def answer(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        yield from after
        abort(context, code, message, *details)

    return answer


def gap_then_silence(ended: threading.Event) -> Answer:
    """Leave out the first byte, then say nothing until the caller ends the call."""

    def answer(request: Any, context: grpc.ServicerContext) -> Iterator[LoadImageResponse]:
        context.add_callback(ended.set)
        yield LoadImageResponse(header=header(b"body"), chunk=chunk(b"ody", 1))
        ended.wait()

    return answer


def abort(
    context: grpc.ServicerContext, code: grpc.StatusCode, message: str, *details: Message
) -> NoReturn:
    status = status_pb2.Status(code=code.value[0], message=message)
    for detail in details:
        packed = PackedDetail()
        packed.Pack(detail)
        status.details.append(packed)
    context.abort_with_status(rpc_status.to_status(status))


def error_info(reason: str, **metadata: str) -> error_details_pb2.ErrorInfo:
    return error_details_pb2.ErrorInfo(reason=reason, domain="imageid", metadata=metadata)


@dataclass(slots=True)
class Call:
    """A request as it arrived."""

    method: str
    request: Any
    metadata: dict[str, str]


@dataclass
class ScriptedDaemon:
    """Answers each method by the next of its script; the last answer is repeated.

    Args:
        directory: of endpoint.json, the token file and the socket.
    """

    directory: Path
    version: str = "0.1.0"
    token: str = "s3cret"
    calls: list[Call] = field(default_factory=list)
    scripts: dict[str, list[Answer]] = field(default_factory=dict)

    def script(self, method: str, *answers: Answer) -> None:
        self.scripts[method] = list(answers)

    @property
    def endpoint_file(self) -> Path:
        return self.directory / "endpoint.json"

    @property
    def address(self) -> str:
        return f"unix:{self.directory / 'grpc.sock'}"

    @property
    def last_call(self) -> Call:
        return self.calls[-1]

    def describe(self, **changes: Any) -> None:
        """Write endpoint.json as the daemon does, with these changes."""
        token_file = self.directory / "token"
        token_file.write_text(f"{self.token}\n")
        described = {
            "listen": [self.tcp_address, self.address],
            "http": "127.0.0.1:9",
            "token_file": str(token_file),
            "pid": 1,
            "version": self.version,
        }
        self.endpoint_file.write_text(json.dumps(described | changes))

    def stop(self) -> None:
        self._server.stop(grace=None).wait()

    def __enter__(self) -> Self:
        self._server = grpc.server(ThreadPoolExecutor(8), options=[("grpc.so_reuseport", 0)])
        image_service_pb2_grpc.add_ImageServiceServicer_to_server(
            _servicer(image_service_pb2_grpc.ImageServiceServicer, self), self._server
        )
        cache_service_pb2_grpc.add_CacheServiceServicer_to_server(
            _servicer(cache_service_pb2_grpc.CacheServiceServicer, self), self._server
        )
        self._server.add_insecure_port(self.address)
        self.tcp_address = f"127.0.0.1:{self._server.add_insecure_port('127.0.0.1:0')}"
        self._server.start()
        self.describe()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def answer(self, method: str, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        if method == "GetServerInfo" and method not in self.scripts:
            return iter([GetServerInfoResponse()])
        metadata = {key: str(value) for key, value in context.invocation_metadata()}
        self.calls.append(Call(method, request, metadata))
        script = self.scripts[method]
        return script.pop(0)(request, context) if len(script) > 1 else script[0](request, context)


_STREAMING = {
    "LoadImage",
    "LoadImages",
    "ListImages",
    "BatchGetImageMetadata",
    "PrefetchImages",
    "VerifyCache",
    "WatchEvents",
}


def _servicer(base: type, daemon: ScriptedDaemon) -> Any:
    """A servicer whose every method asks the daemon's script."""

    def method(name: str) -> Callable[..., Any]:
        if name in _STREAMING:
            return lambda self, request, context: daemon.answer(name, request, context)
        return lambda self, request, context: next(daemon.answer(name, request, context))

    names = [name for name in vars(base) if name[0].isupper()]
    return type("Scripted", (base,), {name: method(name) for name in names})()
