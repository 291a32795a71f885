"""URLs of DICOMweb studies, series, instances and frames (PS3.18 section 10.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from urllib.parse import urljoin

from imageid_loaders.accept import BULK_DATA, FRAME, INSTANCE, METADATA, RENDERED
from imageid_loaders.base import Image, Resource
from imageid_loaders.errors import InvalidImageId
from imageid_loaders.url import canonical_url, frame_number, take_frame

_DAY_SECONDS = 86_400.0
_METADATA_SECONDS = 300.0  # PACS correct patients and coerce attributes; pixels stay

_PATH = re.compile(
    r"(?P<service>.*?)/studies/(?P<study>[^/]+)"
    r"(?:/series/(?P<series>[^/]+)(?:/instances/(?P<instance>[^/]+)(?P<view>/.+?)?)?)?/?"
)
_FRAME = re.compile(r"/frames/([^/]*)")
_RENDERED = re.compile(r"(/frames/([^/]*))?/(rendered|thumbnail)")


@dataclass(frozen=True, slots=True)
class Address:
    """Where something stands on a DICOMweb server.

    Args:
        service: the URL before /studies/.
        view: what follows the instance: "", "/frames/1", "/rendered", …
        query: verbatim, with its question mark; it stays on every request (AWS
            HealthImaging needs its imageSetId).
        frame: of a `frame` parameter.
    """

    service: str
    study: str
    series: str | None = None
    instance: str | None = None
    view: str = ""
    query: str = ""
    frame: int | None = None

    def url(self, view: str = "") -> str:
        series = f"/series/{self.series}" if self.series else ""
        instance = f"/instances/{self.instance}" if self.instance else ""
        return f"{self.service}/studies/{self.study}{series}{instance}{view}{self.query}"

    def of_series(self) -> Address:
        return replace(self, instance=None, view="", frame=None)


def names_instance(url: str) -> bool:
    """Whether the URL's path is that of an instance or of something below it."""
    found = _PATH.fullmatch(url.partition("#")[0].partition("?")[0])
    return found is not None and found["instance"] is not None


def parse_address(url: str) -> Address:
    """Read an http(s) URL.

    Raises:
        errors.InvalidImageId: it names nothing on a DICOMweb server.
    """
    url, frame = take_frame(url)
    path, question, query = canonical_url(url).partition("?")
    found = _PATH.fullmatch(path)
    if found is None:
        raise InvalidImageId(
            "The URL is not one of WADO-RS: write …/studies/{study}/series/{series}/"
            "instances/{instance}/frames/{number}."
        )
    service, study, series, instance, view = found.groups(default="")
    return Address(service, study, series or None, instance or None, view, question + query, frame)


def image_at(address: Address) -> Image:
    """The image that stands there.

    Raises:
        errors.InvalidImageId: something else stands there, or several images.
    """
    if address.instance is None:
        raise InvalidImageId(
            "The imageId names a study or series, not an image: list it to get the imageIds "
            "of its images."
        )
    if address.view == "":
        return _described(address, instance_resource(address), address.frame)
    if address.frame is not None:
        raise InvalidImageId(
            "The imageId gives a frame twice, in its path and as a parameter: give it once."
        )
    if frame := _FRAME.fullmatch(address.view):
        return _frame_image(address, _single_frame(frame[1]))
    if rendered := _RENDERED.fullmatch(address.view):
        if rendered[2] is not None:
            _single_frame(rendered[2])
        return Image(_resource(address, "rendered", address.view, RENDERED))
    raise InvalidImageId(
        "What the URL names below the instance is no image: write /frames/{number}, "
        "/rendered, /thumbnail, or nothing for the whole instance."
    )


def instance_resource(address: Address) -> Resource:
    resource = _resource(address, "instance", "", INSTANCE)
    return replace(resource, is_instance=True)


def metadata_resource(address: Address) -> Resource:
    """The DICOM JSON document of a study, series or instance."""
    resource = _resource(address, "metadata", "/metadata", METADATA)
    return replace(resource, fresh_for_seconds=_METADATA_SECONDS)


def bulk_data_resource(document: Resource, uri: str) -> Resource:
    """What a document of `metadata_resource` refers to.

    Raises:
        errors.InvalidImageId: it is no http(s) URL, nor one below the document's.
    """
    try:
        joined = urljoin(document.url, uri)
    except ValueError as error:
        raise InvalidImageId("The BulkDataURI of the origin's metadata is no URL.") from error
    url = canonical_url(joined)
    return Resource(f"bulk {url}", url, BULK_DATA, _DAY_SECONDS)


def _frame_image(address: Address, number: int) -> Image:
    resource = _resource(address, "frame", f"/frames/{number}", FRAME)
    resource = replace(resource, is_instance=True)
    image = _described(address, resource, None)
    return replace(image, container=instance_resource(address), container_frame=number)


def _described(address: Address, resource: Resource, frame: int | None) -> Image:
    # The series' document first: all its images share that one request.
    documents = (metadata_resource(address.of_series()), metadata_resource(address))
    return Image(resource, frame, documents, address.instance)


def _resource(address: Address, kind: str, view: str, accept: str) -> Resource:
    url = address.url(view)
    return Resource(f"{kind} {url}", url, accept, _DAY_SECONDS)


def _single_frame(text: str) -> int:
    if re.search(",|%2c", text, re.IGNORECASE):
        raise InvalidImageId(
            "The imageId names several frames, and an imageId is one image: write one imageId "
            "for each frame."
        )
    return frame_number(text)
