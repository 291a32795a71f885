"""dicomweb: Cornerstone's older name for WADO-URI, and instances of a named server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import ClassVar

from imageid_loaders.accept import ANY
from imageid_loaders.base import (
    Bundle,
    Image,
    ListedImage,
    Part,
    Read,
    Request,
    Resource,
    Settings,
    Source,
    Transport,
)
from imageid_loaders.errors import InvalidImageId
from imageid_loaders.options import check_options
from imageid_loaders.plain_get import open_plain
from imageid_loaders.server import wado_uri_url
from imageid_loaders.url import is_http, split_scheme, take_frame
from imageid_loaders.wado_rs import WadoRsLoader
from imageid_loaders.wado_rs_address import image_at, names_instance, parse_address
from imageid_loaders.wado_uri import is_wado_request, wado_uri_image


class DicomwebLoader:
    """`dicomweb:https://…` and `dicomweb://server/wado/{study}/{series}/{instance}`.

    A URL whose path is that of a WADO-RS instance is asked for by WADO-RS.
    """

    name: ClassVar[str] = "dicomweb"
    summary: ClassVar[str] = (
        "alias of wadouri, and dicomweb://server/wado/{study}/{series}/{instance}"
    )

    def __init__(self, settings: Settings) -> None:
        check_options(self.name, settings.options, known=())
        self._origins = settings.origins
        self._wado_rs = WadoRsLoader(Settings(origins=settings.origins))

    def resolve(self, image_id: str) -> Image:
        url = self._url_of(image_id)
        if names_instance(url) and not is_wado_request(url):
            return image_at(parse_address(url))
        return wado_uri_image(url)

    def open(self, request: Request) -> AbstractAsyncContextManager[Source]:
        if request.resource.accept == ANY:
            return open_plain(request)
        return self._wado_rs.open(request)

    def bundles(self, resources: Sequence[Resource]) -> list[Bundle]:
        return self._wado_rs.bundles(resources)

    def open_bundle(
        self, bundle: Bundle, transport: Transport
    ) -> AbstractAsyncContextManager[AsyncIterator[Part]]:
        return self._wado_rs.open_bundle(bundle, transport)

    def bulk_data(self, document: Resource, uri: str) -> Resource:
        return self._wado_rs.bulk_data(document, uri)

    async def list_images(self, root: str, read: Read) -> list[ListedImage]:
        return await self._wado_rs.list_images(root, read)

    def _url_of(self, image_id: str) -> str:
        _, rest = split_scheme(image_id)
        if is_http(rest):
            return rest
        if not rest.startswith("//"):
            raise InvalidImageId(
                "After dicomweb: is expected an http(s) URL, or "
                "//server/wado/{study}/{series}/{instance}."
            )
        address, frame = take_frame(rest)
        url = wado_uri_url(address, self._origins)
        if frame is None:
            return url
        return f"{url}{'&' if '?' in url else '?'}frame={frame}"
