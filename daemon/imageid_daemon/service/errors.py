"""From an error's reason to a gRPC status: the one table."""

from __future__ import annotations

import secrets
import traceback
from typing import Any, NoReturn

import grpc
import structlog
from google.protobuf import any_pb2
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from google.rpc import error_details_pb2, status_pb2
from grpc_status import rpc_status

from imageid_loaders.errors import ImageError

DOMAIN = "imageid"

log = structlog.get_logger("imageid.service")

_Code = grpc.StatusCode

CODES: dict[str, grpc.StatusCode] = {
    "IMAGE_ID_INVALID": _Code.INVALID_ARGUMENT,
    "OPTION_INVALID": _Code.INVALID_ARGUMENT,
    "SCHEME_UNSUPPORTED": _Code.INVALID_ARGUMENT,
    "ORIGIN_NOT_ALLOWED": _Code.PERMISSION_DENIED,
    "ORIGIN_DENIED": _Code.PERMISSION_DENIED,
    "ORIGIN_UNAUTHENTICATED": _Code.UNAUTHENTICATED,
    "CALLER_REJECTED": _Code.UNAUTHENTICATED,
    "IMAGE_NOT_FOUND": _Code.NOT_FOUND,
    "NOT_IN_CACHE": _Code.NOT_FOUND,
    "ORIGIN_UNAVAILABLE": _Code.UNAVAILABLE,
    "ORIGIN_TIMEOUT": _Code.UNAVAILABLE,
    "ORIGIN_RATE_LIMITED": _Code.RESOURCE_EXHAUSTED,
    "SERVER_BUSY": _Code.RESOURCE_EXHAUSTED,
    "IMAGE_TOO_LARGE": _Code.FAILED_PRECONDITION,
    "DECODER_MISSING": _Code.UNIMPLEMENTED,
    "DECODE_FAILED": _Code.DATA_LOSS,
    "DECODE_LIMIT": _Code.RESOURCE_EXHAUSTED,
    "CHECKSUM_MISMATCH": _Code.DATA_LOSS,
    "CONTENT_CHANGED": _Code.ABORTED,
    "RANGE_NOT_SATISFIABLE": _Code.OUT_OF_RANGE,
    "PIN_LIMIT": _Code.FAILED_PRECONDITION,
    "EVENTS_COMPACTED": _Code.OUT_OF_RANGE,
    "SHUTTING_DOWN": _Code.UNAVAILABLE,
    "INTERNAL": _Code.INTERNAL,
}


class CallerRejected(ImageError):
    """Send the token of the daemon's token file."""

    reason = "CALLER_REJECTED"


def code_of(error: ImageError) -> grpc.StatusCode:
    return CODES.get(error.reason, _Code.INTERNAL)


def reported(method: str, error: Exception) -> ImageError:
    """What the caller is told of a bug: INTERNAL, and a request id that the log has too."""
    request_id = secrets.token_hex(8)
    # The stack without the message, which may hold a URL.
    stack = "".join(traceback.format_tb(error.__traceback__))
    log.error(
        "call failed unexpectedly",
        method=method, request_id=request_id, error=type(error).__name__, stack=stack,
    )  # fmt: skip
    return ImageError(
        "The daemon failed unexpectedly. Its log has the details under this request id: "
        f"{request_id}.",
        request_id=request_id,
    )


def status_of(error: ImageError) -> status_pb2.Status:
    """The error as google.rpc.Status with its details."""
    code = code_of(error)
    details: list[Message] = [
        error_details_pb2.ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=error.metadata)
    ]
    if error.retry_after_seconds is not None:
        delay = Duration()
        delay.FromMilliseconds(int(error.retry_after_seconds * 1000))
        details.append(error_details_pb2.RetryInfo(retry_delay=delay))
    return status_pb2.Status(
        code=code.value[0], message=error.message, details=[_packed(each) for each in details]
    )


async def abort(context: grpc.aio.ServicerContext[Any, Any], error: ImageError) -> NoReturn:
    """End the call with the error."""
    status = rpc_status.to_status(status_of(error))  # type: ignore[no-untyped-call]
    context.set_trailing_metadata(status.trailing_metadata)
    await context.abort(status.code, status.details)
    raise AssertionError("abort raises")


def _packed(message: Message) -> any_pb2.Any:
    packed = any_pb2.Any()
    packed.Pack(message)
    return packed
