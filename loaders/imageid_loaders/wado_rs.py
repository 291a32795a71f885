"""wadors: instances and frames by WADO-RS (PS3.18 section 10.4)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from imageid_loaders.accept import AcceptMemory
from imageid_loaders.base import (
    Bundle,
    Image,
    ListedImage,
    Origin,
    Part,
    Read,
    Request,
    Resource,
    Settings,
    Source,
    Transport,
)
from imageid_loaders.errors import Corrupt, InvalidImageId
from imageid_loaders.listing import SERIES_INSTANCE_UID, SOP_INSTANCE_UID, listed_images, text
from imageid_loaders.options import check_options
from imageid_loaders.retrieval import retrieve
from imageid_loaders.server import wado_rs_url
from imageid_loaders.url import is_http, split_scheme
from imageid_loaders.wado_rs_address import (
    Address,
    bulk_data_resource,
    image_at,
    metadata_resource,
    parse_address,
)
from imageid_loaders.wado_rs_bundles import bundles_of, retrieve_bundle


class WadoRsLoader:
    """`wadors:https://…/studies/…/instances/…[/frames/N]` and `wadors://server/…`."""

    name: ClassVar[str] = "wadors"
    summary: ClassVar[str] = "DICOM instances and frames by WADO-RS, e.g. wadors:https://…/frames/1"

    def __init__(self, settings: Settings) -> None:
        check_options(self.name, settings.options, known=())
        self._origins = settings.origins
        self._memory = AcceptMemory()

    def resolve(self, image_id: str) -> Image:
        return image_at(parse_address(_url_of(image_id, self._origins)))

    def open(self, request: Request) -> AbstractAsyncContextManager[Source]:
        return retrieve(request, self._memory)

    def bundles(self, resources: Sequence[Resource]) -> list[Bundle]:
        return bundles_of(resources)

    def open_bundle(
        self, bundle: Bundle, transport: Transport
    ) -> AbstractAsyncContextManager[AsyncIterator[Part]]:
        return retrieve_bundle(bundle, transport)

    def bulk_data(self, document: Resource, uri: str) -> Resource:
        return bulk_data_resource(document, uri)

    async def list_images(self, root: str, read: Read) -> list[ListedImage]:
        address = parse_address(_url_of(root, self._origins))
        document = await read(metadata_resource(replace(address, view="")))
        names = _Names(address, _written_service(root, address.service))
        # A series' document has megabytes: reading it would hold the event loop up.
        return await asyncio.to_thread(_listed, document, names)


@dataclass(frozen=True, slots=True)
class _Names:
    """Writes imageIds in the form of the root below which they stand."""

    address: Address
    service: str

    def of_instance(self, instance: Mapping[str, Any]) -> Callable[[int | None], str]:
        address = replace(
            self.address,
            service=self.service,
            series=text(instance, SERIES_INSTANCE_UID) or self.address.series,
            instance=text(instance, SOP_INSTANCE_UID) or self.address.instance,
        )
        return lambda frame: address.url(f"/frames/{frame or 1}")


def _listed(document: bytes, names: _Names) -> list[ListedImage]:
    try:
        instances = json.loads(document)
    except (ValueError, RecursionError) as error:
        raise Corrupt("The origin's metadata are no JSON: check what answers there.") from error
    if not isinstance(instances, list) or not all(isinstance(item, dict) for item in instances):
        raise Corrupt("The origin's metadata are no array of DICOM JSON objects.")
    return [
        image
        for instance in instances
        for image in listed_images(instance, names.of_instance(instance))
    ]


def _url_of(image_id: str, origins: Mapping[str, Origin]) -> str:
    scheme, rest = split_scheme(image_id)
    if scheme in ("http", "https"):
        return image_id
    if is_http(rest):
        return rest
    if rest.startswith("//"):
        return wado_rs_url(rest, origins)
    raise InvalidImageId(
        "After wadors: is expected an http(s) URL, or //server/{study}/{series}/{instance}: "
        "a relative URL has no base outside of a web page."
    )


def _written_service(root: str, service: str) -> str:
    """The URL before /studies/ as the imageIds of a listing have it."""
    scheme, rest = split_scheme(root)
    if scheme in ("http", "https"):
        return service
    if is_http(rest):
        return f"{scheme}:{service}"
    server = rest.removeprefix("//").partition("/")[0]
    host_and_path = service.partition("://")[2]
    if host_and_path.partition("/")[0] == server.lower():
        return f"{scheme}://{host_and_path}"
    return f"{scheme}://{server}"
