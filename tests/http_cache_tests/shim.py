"""HTTP in front of LoadImage, as the suite wants it. Decides nothing about freshness.

What HTTP has and LoadImage has not is done here: methods other than GET go straight to the
origin, and evict what they change; conditions of the client are answered from the headers.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from urllib.parse import urljoin, urlsplit

import grpc
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2, status_pb2

from http_cache_tests.daemon import SuiteDaemon
from http_cache_tests.loader import STATUS, image_id
from imageid.v1 import cache_service_pb2, types_pb2
from imageid.v1 import image_service_pb2 as v1
from origins.server import Received, parse_head

# Of the connection to the shim, or put into LoadImage's own words.
_NOT_FORWARDED = {
    "host", "connection", "accept-encoding", "content-length", "user-agent",
    "cache-control", "pragma", "range", "if-none-match", "if-modified-since",
}  # fmt: skip
_FRAMING = {"connection", "keep-alive", "transfer-encoding", "content-length"}
_STORED = {
    types_pb2.CACHE_STATUS_HIT,
    types_pb2.CACHE_STATUS_STALE,
    types_pb2.CACHE_STATUS_REVALIDATED,
}
_MODES = {
    "no-store": types_pb2.CacheControl.MODE_NO_STORE,
    "no-cache": types_pb2.CacheControl.MODE_NO_CACHE,
    "only-if-cached": types_pb2.CacheControl.MODE_ONLY_IF_CACHED,
}
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS", "TRACE"}
_FOREVER_SECONDS = 10**9


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes


@asynccontextmanager
async def listening(daemon: SuiteDaemon) -> AsyncIterator[str]:
    """Serve while the context lasts; gives the base URL."""

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            request = _parsed(await reader.readuntil(b"\r\n\r\n"))
            body = await reader.readexactly(int(request.headers.get("content-length", 0)))
            writer.write(_written(request, await _answer(daemon, request, body)))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the client has left
        finally:
            writer.close()

    server = await asyncio.start_server(converse, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


def _parsed(head: bytes) -> Received:
    """As `parse_head`, with fields of one name joined (RFC 9110 section 5.3)."""
    request = parse_head(head)
    headers: dict[str, str] = {}
    for line in head.decode("latin-1").split("\r\n")[1:]:
        name, colon, value = line.partition(":")
        if colon:
            known = headers.get(name.lower())
            headers[name.lower()] = value.strip() if known is None else f"{known}, {value.strip()}"
    return replace(request, headers=headers)


async def _answer(daemon: SuiteDaemon, request: Received, body: bytes) -> Answer:
    url = daemon.origin + request.target
    if request.method == "GET" and request.target.startswith("/test/"):
        return _conditional(request.headers, await _load(daemon, url, request.headers))
    answer = await asyncio.to_thread(_forward, url, request, body)
    if request.method not in _SAFE_METHODS and 200 <= answer.status < 400:
        await _invalidate(daemon, url, answer.headers)
    return answer


async def _load(daemon: SuiteDaemon, url: str, headers: Mapping[str, str]) -> Answer:
    sent = {name: value for name, value in headers.items() if name not in _NOT_FORWARDED}
    asked = image_id(url, sent)
    offset, limit = _range(headers.get("range"))
    call = daemon.images.LoadImage(
        v1.LoadImageRequest(
            image_id=asked,
            cache_control=_cache_control(headers),
            read_offset=offset,
            read_limit=limit,
        )
    )
    try:
        messages = [message async for message in call]
    except grpc.aio.AioRpcError as error:
        return _failed(error)
    header = messages[0].header
    body = b"".join(message.chunk.data for message in messages)
    if header.cache_status in _STORED:
        stored = await daemon.stored_headers(asked)
        found = {**stored, "age": str(header.age.seconds)}
    else:
        found = dict(daemon.loader.received.pop(asked))
    status = int(found.pop(STATUS))
    return Answer(206 if headers.get("range") else status, found, body)


def _cache_control(headers: Mapping[str, str]) -> types_pb2.CacheControl:
    """The client's Cache-Control in LoadImage's words."""
    control = types_pb2.CacheControl()
    text = headers.get("cache-control", headers.get("pragma", ""))
    given = dict(re.findall(r"([a-z-]+)(?:=(\d+))?", text.lower()))
    for name, mode in _MODES.items():
        if name in given and not control.mode:
            control.mode = mode
    for name in ("max-age", "max-stale", "min-fresh"):
        if name in given:
            seconds = int(given[name] or _FOREVER_SECONDS)
            getattr(control, name.replace("-", "_")).CopyFrom(Duration(seconds=seconds))
    return control


def _range(text: str | None) -> tuple[int, int]:
    """`read_offset` and `read_limit`."""
    found = re.fullmatch(r"bytes=(\d*)-(\d*)", text or "")
    if found is None:
        return 0, 0
    first, last = found.groups()
    if not first:
        return -int(last), 0
    return int(first), int(last) - int(first) + 1 if last else 0


def _failed(error: grpc.aio.AioRpcError) -> Answer:
    status = status_pb2.Status.FromString(
        dict(error.trailing_metadata())["grpc-status-details-bin"]
    )
    info = error_details_pb2.ErrorInfo()
    status.details[0].Unpack(info)
    if "headers" not in info.metadata:
        return Answer(504 if info.reason == "NOT_IN_CACHE" else 502, {}, error.details().encode())
    headers = json.loads(info.metadata["headers"])
    return Answer(int(headers.pop(STATUS)), headers, info.metadata["body"].encode("latin-1"))


def _conditional(asked: Mapping[str, str], answer: Answer) -> Answer:
    """304 to a client that has the answer already (RFC 9110 section 13.2.2)."""
    etags, since = asked.get("if-none-match"), asked.get("if-modified-since")
    if answer.status != 200 or not (etags or since):
        return answer
    if etags:
        etag = answer.headers.get("etag", "").removeprefix("W/")
        listed = {each.strip().removeprefix("W/") for each in etags.split(",")}
        matches = bool(etag) and not listed.isdisjoint({etag, "*"})
    else:
        matches = since == answer.headers.get("last-modified")
    return Answer(304, answer.headers, b"") if matches else answer


def _forward(url: str, request: Received, body: bytes) -> Answer:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    headers = {k: v for k, v in request.headers.items() if k not in ("host", "connection")}
    try:
        connection.request(request.method, request.target, body or None, headers)
        response = connection.getresponse()
        fields = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, fields, response.read())
    finally:
        connection.close()


async def _invalidate(daemon: SuiteDaemon, url: str, headers: Mapping[str, str]) -> None:
    """RFC 9111 section 4.4, by the API that is there for it."""
    named = [headers[name] for name in ("location", "content-location") if name in headers]
    image_ids = [image_id(each, {}) for each in [url, *(urljoin(url, name) for name in named)]]
    selector = cache_service_pb2.ImageSelector(
        image_ids=cache_service_pb2.ImageIds(image_ids=image_ids)
    )
    await daemon.cache.EvictImages(cache_service_pb2.EvictImagesRequest(selector=selector))


def _written(request: Received, answer: Answer) -> bytes:
    lines = [f"HTTP/1.1 {answer.status} -"]
    lines += [f"{k}: {v}" for k, v in answer.headers.items() if k not in _FRAMING]
    bodiless = answer.status in (204, 304) or request.method == "HEAD"
    lines += [] if bodiless else [f"content-length: {len(answer.body)}"]
    lines += ["connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1") + (b"" if bodiless else answer.body)
