"""http and https: what a bare URL means, by how it looks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import ClassVar, Literal

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
from imageid_loaders.options import check_options
from imageid_loaders.plain_get import open_plain, plain_resource
from imageid_loaders.wado_rs import WadoRsLoader
from imageid_loaders.wado_rs_address import image_at, names_instance, parse_address
from imageid_loaders.wado_uri import is_wado_request, wado_uri_image


class HttpLoader:
    """A WADO-URI request, a WADO-RS instance or frame, or a web image."""

    name: ClassVar[str] = "http"
    summary: ClassVar[str] = (
        "any of wadouri, wadors and web by its URL alone, e.g. https://…/photo.jpg"
    )

    def __init__(self, settings: Settings) -> None:
        check_options(self.name, settings.options, known=())
        self._wado_rs = WadoRsLoader(Settings(origins=settings.origins))

    def resolve(self, image_id: str) -> Image:
        return image_of_url(image_id)

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


def kind_of_url(url: str) -> Literal["wado_uri", "wado_rs", "web"]:
    """What a bare URL is taken for."""
    if is_wado_request(url):
        return "wado_uri"
    return "wado_rs" if names_instance(url) else "web"


def image_of_url(url: str) -> Image:
    """The same image as with the explicit scheme, and the same resource."""
    kind = kind_of_url(url)
    if kind == "wado_uri":
        return wado_uri_image(url)
    if kind == "wado_rs":
        return image_at(parse_address(url))
    return Image(plain_resource(url))
