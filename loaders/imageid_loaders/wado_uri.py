"""wadouri: DICOM files by one GET, from a WADO-URI service or any web server."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from typing import ClassVar
from urllib.parse import unquote

from imageid_loaders.base import Image, Request, Settings, Source
from imageid_loaders.errors import InvalidImageId
from imageid_loaders.options import check_options
from imageid_loaders.plain_get import open_plain, plain_resource
from imageid_loaders.url import is_http, parameter, split_scheme, take_frame

_DAY_SECONDS = 86_400.0


class WadoUriLoader:
    """`wadouri:https://…`, with `frame=N` anywhere in the query."""

    name: ClassVar[str] = "wadouri"
    summary: ClassVar[str] = (
        "DICOM files by WADO-URI or a plain GET, e.g. wadouri:https://…?frame=2"
    )

    def __init__(self, settings: Settings) -> None:
        check_options(self.name, settings.options, known=())

    def resolve(self, image_id: str) -> Image:
        _, rest = split_scheme(image_id)
        if not is_http(rest):
            raise InvalidImageId(
                "After wadouri: is expected an http(s) URL: a relative one has no base outside "
                "of a web page."
            )
        return wado_uri_image(rest)

    def open(self, request: Request) -> AbstractAsyncContextManager[Source]:
        return open_plain(request)


def is_wado_request(url: str) -> bool:
    """Whether the query is that of WADO-URI (PS3.18 section 9.1.2)."""
    return (parameter(url, "requestType") or "").upper() == "WADO"


def wado_uri_image(url: str) -> Image:
    """The image at an http(s) URL that answers a DICOM file.

    The rest of the query stays verbatim. All frames of the file share its resource, which
    stays fresh for a day: an instance does not change under its UID, and most servers
    send no validators.
    """
    url, frame = take_frame(url)
    is_instance = _names_instance(url)
    return Image(plain_resource(url, _DAY_SECONDS, is_instance=is_instance), frame)


def _names_instance(url: str) -> bool:
    # PS3.18 section 9.1.2: the request names its instance. Another URL may mean anything, and
    # what a server renders of an instance it may render otherwise tomorrow.
    media_type = unquote(parameter(url, "contentType") or "").lower()
    return is_wado_request(url) and media_type == "application/dicom"
