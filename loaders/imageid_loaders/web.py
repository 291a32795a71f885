"""web: images as browsers show them (JPEG, PNG, GIF, BMP, TIFF, WebP), JPEG 2000 and JPEG XL."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import ClassVar

from imageid_loaders.base import Image, Request, Settings, Source
from imageid_loaders.errors import InvalidImageId
from imageid_loaders.options import check_options
from imageid_loaders.plain_get import open_plain, plain_resource
from imageid_loaders.url import is_http, split_scheme


class WebLoader:
    """`web:https://…`; the URL is the origin's own, `frame` has no meaning in it."""

    name: ClassVar[str] = "web"
    summary: ClassVar[str] = (
        "JPEG, PNG, GIF, BMP, TIFF, WebP, JPEG XL, e.g. web:https://…/photo.jpg"
    )

    def __init__(self, settings: Settings) -> None:
        check_options(self.name, settings.options, known=())

    def resolve(self, image_id: str) -> Image:
        _, rest = split_scheme(image_id)
        if not is_http(rest):
            raise InvalidImageId(
                "After web: is expected an http(s) URL: a relative one has no base outside "
                "of a web page."
            )
        return Image(plain_resource(rest))

    def open(self, request: Request) -> AbstractAsyncContextManager[Source]:
        return open_plain(request)
