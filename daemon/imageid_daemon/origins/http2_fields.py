"""Requests and answers as HTTP/2 writes them (RFC 9113 sections 8.2 and 8.3). Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import httpcore

# What these say of an HTTP/1.1 connection, HTTP/2 says by its frames (section 8.2.2).
_OF_A_CONNECTION = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"te", b"transfer-encoding", b"upgrade"}
)
_NAME = re.compile(rb"[!#$%&'*+\-.^_`|~0-9a-z]+")
_VALUE = re.compile(rb"[^\0\r\n]*")
_STATUS = re.compile(rb"[1-9][0-9][0-9]")


@dataclass(frozen=True, slots=True)
class Head:
    """Of an answer. Args: body_bytes: that it announces; None where it does not."""

    status: int
    fields: list[tuple[bytes, bytes]]
    body_bytes: int | None


def request_fields(request: httpcore.Request) -> list[tuple[bytes, bytes]]:
    """
    Raises:
        httpcore.LocalProtocolError: a field cannot be written.
    """
    named = [(name.lower(), value.strip(b" \t")) for name, value in request.headers]
    authority = next(value for name, value in named if name == b"host")
    fields = [
        (b":method", request.method),
        (b":authority", authority),
        (b":scheme", request.url.scheme),
        (b":path", request.url.target),
        *((name, value) for name, value in named if name not in {b"host", *_OF_A_CONNECTION}),
    ]
    for name, value in fields:
        if not _NAME.fullmatch(name.removeprefix(b":")) or not _VALUE.fullmatch(value):
            raise httpcore.LocalProtocolError("a header field cannot be written")
    return fields


def head_of(received: Iterable[tuple[bytes, bytes]]) -> Head:
    """
    Raises:
        httpcore.RemoteProtocolError: it is no head of an answer.
    """
    pseudo: dict[bytes, bytes] = {}
    fields: list[tuple[bytes, bytes]] = []
    for name, value in received:
        if name.startswith(b":"):
            pseudo[name] = value
        elif not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise httpcore.RemoteProtocolError("a header field of the answer is malformed")
        elif name not in _OF_A_CONNECTION:
            fields.append((name, value))
    status = pseudo.get(b":status", b"")
    if not _STATUS.fullmatch(status):
        raise httpcore.RemoteProtocolError("the answer has no status")
    return Head(int(status), fields, _body_bytes(int(status), fields))


def _body_bytes(status: int, fields: Iterable[tuple[bytes, bytes]]) -> int | None:
    if status in (204, 304):
        return 0  # whatever length a 304 tells of the body it does not have
    lengths = {value for name, value in fields if name == b"content-length"}
    return int(lengths.pop()) if lengths else None  # h2 has checked that it is one number
