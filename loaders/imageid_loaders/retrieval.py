"""A WADO-RS transaction: ask, by the Accept cascade, and unpack what comes back."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from imageid_loaders.accept import (
    BULK_DATA,
    FRAME,
    METADATA,
    WHOLE_INSTANCE,
    AcceptMemory,
    Place,
    is_failure_of_frame,
    is_refusal,
)
from imageid_loaders.base import Request, Response, Source
from imageid_loaders.body import Body, OnlyPart, declared_size
from imageid_loaders.errors import ImageError, NotSeparable, Unauthenticated
from imageid_loaders.media_type import MediaType, parse_media_type
from imageid_loaders.multipart import content_length
from imageid_loaders.plain_get import image_media_type
from imageid_loaders.sniff import HEAD_BYTES, codestream_of, is_html
from imageid_loaders.status import check_status, failure, kept_headers, request_headers
from imageid_loaders.transfer_syntax import frame_media_type, transfer_syntax_of
from imageid_loaders.url import server_of


@asynccontextmanager
async def retrieve(request: Request, memory: AcceptMemory) -> AsyncIterator[Source]:
    """`Loader.open` for the resources of `wado_rs_address`.

    Raises:
        errors.NotSeparable: no form of asking for the frame alone works.
        errors.ImageError: of the kind that the status stands for.
    """
    resource, place = request.resource, _place(request.resource.url)
    refused: list[tuple[int, Mapping[str, str]]] = []
    for accept in memory.order(resource.accept, place, time.monotonic()):
        if accept == WHOLE_INSTANCE:
            break
        headers = request_headers(accept, request.validators)
        async with request.transport.get(resource.url, headers) as response:
            if is_refusal(response.status):
                refused.append((response.status, response.headers))
                if is_failure_of_frame(accept, response.status):
                    failed = [response.status]
                    memory.learn(accept, WHOLE_INSTANCE, failed, place, time.monotonic())
                    break
                continue
            check_status(response.status, response.headers, request.validators, time.time())
            statuses = [status for status, _ in refused]
            memory.learn(resource.accept, accept, statuses, place, time.monotonic())
            yield await _source(response, resource.accept)
            return
    raise _refusal(resource.accept, refused)


def _refusal(accept: str, refused: Sequence[tuple[int, Mapping[str, str]]]) -> ImageError:
    if accept == FRAME:
        return NotSeparable(
            "The origin does not deliver this frame alone: the whole instance is needed."
        )
    status, headers = refused[0]
    return failure(status, headers, time.time())


def _place(url: str) -> Place:
    return Place(server_of(url), url.partition("/instances/")[0])


async def _source(response: Response, accept: str) -> Source:
    part, outer, body = await _unpacked(response)
    head = await body.peek(HEAD_BYTES)
    # The closing delimiter of a multipart body proves what its connection's end does not.
    is_delimited = response.is_delimited or outer.name.startswith("multipart/")
    headers = kept_headers(response.headers, is_delimited=is_delimited)
    # A part's bytes are not the answer's: what is kept of them continues no answer.
    continuation = response.continuation if part is outer else None
    if accept == FRAME:
        _refuse_web_page(head, part)
        uid = transfer_syntax_of(part, outer, head)
        media_type = frame_media_type(uid)
        return Source(media_type, body, body.size_bytes, uid, headers, continuation)
    media_type = _media_type(accept, head, part)
    return Source(media_type, body, body.size_bytes, None, headers, continuation)


async def _unpacked(response: Response) -> tuple[MediaType, MediaType, Body]:
    """Content-Type of what was asked for and of the answer, and the bytes asked for."""
    outer = parse_media_type(response.headers.get("content-type"))
    size_bytes = declared_size(response.headers)
    body = Body(response.chunks, size_bytes)
    if not outer.name.startswith("multipart/"):
        return outer, outer, body
    only_part = OnlyPart(body, outer.parameters.get("boundary"))
    headers = await only_part.headers()
    part = parse_media_type(headers.get("content-type"))
    return part, outer, Body(only_part, content_length(headers))


def _media_type(accept: str, head: bytes, part: MediaType) -> str:
    if accept == METADATA:
        _refuse_web_page(head, part)
        return "application/dicom+json"
    if accept == BULK_DATA:
        _refuse_web_page(head, part)
        return "application/octet-stream"
    return image_media_type(head, part.name)


def _refuse_web_page(head: bytes, part: MediaType) -> None:
    if codestream_of(head) is None and (is_html(head) or part.name == "text/html"):
        raise Unauthenticated(
            "The origin answered with a web page instead of DICOM, most often to ask for a "
            "login: configure credentials for it."
        )
