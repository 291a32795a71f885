"""What a failed call says: gRPC's code and the details of google.rpc.Status."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

import grpc
from google.protobuf.any_pb2 import Any
from google.protobuf.duration_pb2 import Duration
from google.protobuf.empty_pb2 import Empty
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

_STATUS_DETAILS = "grpc-status-details-bin"
_ERROR_INFO = "type.googleapis.com/google.rpc.ErrorInfo"
_RETRY_INFO = "type.googleapis.com/google.rpc.RetryInfo"
_LENGTH_DELIMITED = 2


class Error(Exception):
    """An image, or the daemon itself, could not be had.

    Args:
        code: gRPC's; UNAVAILABLE and RESOURCE_EXHAUSTED are worth another try.
        reason: for a program, from the table of ImageService (IMAGE_NOT_FOUND, …);
            DAEMON_UNAVAILABLE when no daemon answers, ENDPOINT_INVALID when it cannot be
            told where one is, and the name of `code` when the answer has no reason.
        detail: for a person: what failed, why, what to do.
        metadata: facts for a program, e.g. {"scheme": "ftp"}.
        retry_after_seconds: when another try may work, where the origin has said so.
    """

    def __init__(
        self,
        code: grpc.StatusCode,
        reason: str,
        detail: str,
        metadata: Mapping[str, str] | None = None,
        *,
        retry_after_seconds: float | None = None,
    ) -> None:
        super().__init__(code, reason, detail)
        self.code = code
        self.reason = reason
        self.detail = detail
        self.metadata = dict(metadata or {})
        self.retry_after_seconds = retry_after_seconds

    def __str__(self) -> str:
        return f"{self.detail} ({self.reason})"


def from_result(code: int, reason: str, detail: str, metadata: Mapping[str, str]) -> Error:
    """What one result of several says of its failure; `code` is of google.rpc.Code."""
    known = {each.value[0]: each for each in grpc.StatusCode}
    return Error(known.get(code, grpc.StatusCode.UNKNOWN), reason, detail, metadata)


def from_rpc_error(error: grpc.RpcError) -> Error:
    """Read code, detail, ErrorInfo and RetryInfo from a failed call of either stack."""
    call = cast("grpc.Call", error)  # both stacks raise objects with a call's methods
    details = _details(call)
    reason, metadata = _error_info(details.get(_ERROR_INFO, b""))
    return Error(
        call.code(),
        reason or call.code().name,
        call.details() or "",
        metadata,
        retry_after_seconds=_retry_delay_seconds(details.get(_RETRY_INFO, b"")),
    )


def _details(call: grpc.Call) -> dict[str, bytes]:
    """`google.rpc.Status.details` (field 3) by type URL; empty where none can be read."""
    for key, value in call.trailing_metadata() or ():
        if key == _STATUS_DETAILS and isinstance(value, bytes):
            try:
                packed = [Any.FromString(data) for number, data in _fields(value) if number == 3]
            except DecodeError:
                return {}
            return {detail.type_url: detail.value for detail in packed}
    return {}


def _error_info(data: bytes) -> tuple[str, dict[str, str]]:
    """`reason` (field 1) and `metadata` (field 3, a map: entries of key 1 and value 2)."""
    reason, metadata = "", {}
    for number, value in _fields(data):
        if number == 1:
            reason = value.decode()
        elif number == 3:
            entry = dict(_fields(value))
            metadata[entry.get(1, b"").decode()] = entry.get(2, b"").decode()
    return reason, metadata


def _retry_delay_seconds(data: bytes) -> float | None:
    """`retry_delay` (field 1) of RetryInfo."""
    for number, value in _fields(data):
        if number == 1:
            return Duration.FromString(value).ToTimedelta().total_seconds()
    return None


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The length-delimited fields of a message.

    Read without its descriptor: google.rpc belongs to a distribution of its own
    (googleapis-common-protos), which a thin client does not ask for.
    """
    unknown = UnknownFieldSet(Empty.FromString(data))
    for field in map(unknown.__getitem__, range(len(unknown))):
        if field.wire_type == _LENGTH_DELIMITED:
            yield field.field_number, field.data
