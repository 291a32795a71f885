"""A file by one GET: images, and DICOM files by WADO-URI.

All schemes that mean such a file share the resource, whatever they are called.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from imageid_loaders.base import Request, Resource, Source
from imageid_loaders.body import Body, declared_size
from imageid_loaders.errors import Unauthenticated, Undecodable
from imageid_loaders.media_type import parse_media_type
from imageid_loaders.sniff import HEAD_BYTES, is_html, media_type_of
from imageid_loaders.status import check_status, kept_headers, request_headers
from imageid_loaders.url import canonical_url

_TEXT = {"application/json", "application/xml", "application/problem+json", "multipart/related"}


def plain_resource(
    url: str, fresh_for_seconds: float = 0.0, *, is_instance: bool = False
) -> Resource:
    """The file at an http(s) URL.

    Raises:
        errors.InvalidImageId: it is no such URL.
    """
    url = canonical_url(url)
    return Resource(f"get {url}", url, fresh_for_seconds=fresh_for_seconds, is_instance=is_instance)


@asynccontextmanager
async def open_plain(request: Request) -> AsyncIterator[Source]:
    """`Loader.open` for a `plain_resource`."""
    headers = request_headers(request.resource.accept, request.validators)
    async with request.transport.get(request.resource.url, headers) as response:
        check_status(response.status, response.headers, request.validators, time.time())
        size_bytes = declared_size(response.headers)
        body = Body(response.chunks, size_bytes)
        headers = kept_headers(response.headers, is_delimited=response.is_delimited)
        media_type = image_media_type(
            await body.peek(HEAD_BYTES), response.headers.get("content-type")
        )
        yield Source(
            media_type, body, size_bytes, headers=headers, continuation=response.continuation
        )


def image_media_type(head: bytes, content_type: str | None) -> str:
    """By the file's first bytes, else as the origin says.

    Raises:
        errors.Unauthenticated: it is a web page, as single sign-on answers with status 200.
        errors.Undecodable: it is another text.
    """
    sniffed = media_type_of(head)
    if sniffed:
        return sniffed
    declared = parse_media_type(content_type).name
    if is_html(head) or declared in ("text/html", "application/xhtml+xml"):
        raise Unauthenticated(
            "The origin answered with a web page instead of an image, most often to ask for a "
            "login: configure credentials for it, or correct the imageId."
        )
    if declared.startswith("text/") or declared in _TEXT:
        raise Undecodable(
            f"The origin answered with {declared} instead of an image: correct the imageId."
        )
    return declared
