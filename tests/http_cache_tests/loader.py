"""A scheme of this suite alone: `suite:` and, in base64, a URL and the fields to ask it with."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import ClassVar

from imageid_loaders.base import Image, NotModified, Request, Resource, Settings, Source
from imageid_loaders.errors import ImageError
from imageid_loaders.status import check_status, request_headers

SCHEME = "suite"
STATUS = "suite-status"


def image_id(url: str, headers: Mapping[str, str]) -> str:
    """What the shim asks LoadImage for."""
    written = json.dumps([url, sorted(headers.items())]).encode()
    return f"{SCHEME}:{base64.urlsafe_b64encode(written).decode()}"


class SuiteLoader:
    """Hands everything that the origin says to the daemon: what is kept, the daemon decides.

    The built-in loaders hand over the fields of freshness alone, which is all that imageid
    needs.
    """

    name: ClassVar[str] = "suite"
    summary: ClassVar[str] = "any URL with any request fields, for the suite of HTTP caches"

    def __init__(self, settings: Settings | None = None) -> None:
        # What came over the wire, for answers that the cache may not keep.
        self.received: dict[str, Mapping[str, str]] = {}

    def resolve(self, image_id: str) -> Image:
        url, pairs = json.loads(base64.urlsafe_b64decode(image_id.partition(":")[2]))
        headers = dict(pairs)
        # Elsewhere the daemon's configuration says who is asking, and its key holds that.
        identity = headers.get("authorization", "")
        return Image(Resource(f"{identity} {url}", url, request_headers=tuple(headers.items())))

    @asynccontextmanager
    async def open(self, request: Request) -> AsyncIterator[Source]:
        resource = request.resource
        fields = {**request_headers("*/*", request.validators), **dict(resource.request_headers)}
        async with request.transport.get(resource.url, fields) as response:
            headers = {**response.headers, STATUS: str(response.status)}
            try:
                check_status(response.status, headers, request.validators, time.time())
            except NotModified:
                raise NotModified(response.headers) from None
            except ImageError as error:
                body = b"".join([chunk async for chunk in response.chunks])
                error.metadata["headers"] = json.dumps(headers)
                error.metadata["body"] = body.decode("latin-1")
                raise
            self.received[image_id(resource.url, dict(resource.request_headers))] = headers
            yield Source("application/octet-stream", response.chunks, headers=headers)
