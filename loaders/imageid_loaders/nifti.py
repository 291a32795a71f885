"""nifti: slices of NIfTI volumes, on a server or inside the configured folders.

Slices count from 0, as everywhere in the NIfTI world:

    nifti:https://host/v.nii.gz?frame=12    along z; of a series of volumes, the slices of the
                                            second follow those of the first
    nifti:https://host/v.nii.gz#z-12,t-3    across an axis of the file, in one volume of a series
    nifti:https://host/v.nii.gz#12          the same as #z-12
    nifti:/data/v.nii?frame=12              of this computer, as is nifti:file:///data/v.nii
"""

from __future__ import annotations

import asyncio
import re
from contextlib import AbstractAsyncContextManager, closing
from typing import ClassVar, Literal, cast

from imageid_loaders.base import Image, ListedImage, Plane, Read, Request, Settings, Source
from imageid_loaders.errors import InvalidImageId, TooLarge
from imageid_loaders.file import FileLoader
from imageid_loaders.file_url import parse_file_url
from imageid_loaders.nifti_header import slice_count
from imageid_loaders.plain_get import open_plain, plain_resource
from imageid_loaders.roots import Roots
from imageid_loaders.url import is_http, split_scheme, take_frame_text

Axis = Literal["x", "y", "z"]

_SLICE = re.compile(r"(?:([xyz])-)?(\d{1,9})", re.ASCII)
_SLICE_IN_TIME = re.compile(r"([xyz])-(\d{1,9}),t-(\d{1,9})", re.ASCII)
_FRAME = re.compile(r"\d{1,9}", re.ASCII)
_LISTED_SLICES = 100_000
_HEAD_BYTES = 64 * 1024


class NiftiLoader:
    """`nifti:https://…?frame=0`, `nifti:https://…#z-5,t-2`, `nifti:/path#x-12`."""

    name: ClassVar[str] = "file"  # the folders of local volumes are those of [loaders.file]
    summary: ClassVar[str] = (
        "slices of NIfTI volumes, counted from 0, e.g. nifti:https://…/brain.nii.gz?frame=0"
    )

    def __init__(self, settings: Settings) -> None:
        self._files = FileLoader(settings)
        self._roots = Roots(settings.options.get("roots", []))

    def resolve(self, image_id: str) -> Image:
        place, plane = _parse(image_id)
        if is_http(place):
            return Image(plain_resource(place), plane=plane)
        return Image(self._files.resolve(place).resource, plane=plane)

    def open(self, request: Request) -> AbstractAsyncContextManager[Source]:
        if is_http(request.resource.url):
            return open_plain(request)
        return self._files.open(request)

    async def list_images(self, root: str, read: Read) -> list[ListedImage]:
        """Every slice of one file along z."""
        place, _ = _parse(root)
        if is_http(place):
            count = slice_count(await read(plain_resource(place)))
        else:
            count = slice_count(await asyncio.to_thread(self._head, place))
        if count > _LISTED_SLICES:
            raise TooLarge(
                f"The volume has {count} slices, more than the {_LISTED_SLICES} that are listed: "
                "count them yourself, from 0."
            )
        prefix = f"nifti:{place}{'&' if '?' in place else '?'}frame="
        return [ListedImage(f"{prefix}{index}", instance_number=index) for index in range(count)]

    def _head(self, place: str) -> bytes:
        path, _ = parse_file_url(place)
        with closing(self._roots.open(path)) as file:
            return file.read(_HEAD_BYTES, 0)


def _parse(image_id: str) -> tuple[str, Plane]:
    """The URL of the file, and which slice of it.

    Raises:
        errors.InvalidImageId: it has none of the forms.
    """
    _, rest = split_scheme(image_id)
    place, _, fragment = rest.partition("#")
    place, frame = take_frame_text(place)
    if frame is not None and fragment:
        raise InvalidImageId("The imageId names a slice twice: give frame or a fragment.")
    return _place(place), _plane_of_fragment(fragment) if frame is None else _plane_of_frame(frame)


def _place(place: str) -> str:
    if is_http(place) or place[:5].lower() == "file:":
        return place
    if place.startswith("/") and not place.startswith("//"):
        return f"file:{place}"
    raise InvalidImageId(
        "After nifti: is expected an http(s) URL, a file: URL or an absolute path."
    )


def _plane_of_frame(text: str) -> Plane:
    if not _FRAME.fullmatch(text):
        raise InvalidImageId(
            "The frame is no whole number: slices of a NIfTI file count from 0, as in frame=0."
        )
    return Plane("z", int(text))


def _plane_of_fragment(text: str) -> Plane:
    # Cornerstone appends #decimation=… to any imageId, to tell its own copies apart.
    if not text or text.startswith("decimation="):
        return Plane("z", 0)
    found = _SLICE.fullmatch(text)
    if found:
        return _plane(found[1] or "z", found[2], "0")
    found = _SLICE_IN_TIME.fullmatch(text)
    if found:
        return _plane(found[1], found[2], found[3])
    raise InvalidImageId(
        "The fragment names no slice: write #12, #z-12 or #x-12,t-3; all count from 0."
    )


def _plane(axis: str, index: str, time: str) -> Plane:
    # Cast, because the pattern has no other letters.
    return Plane(cast(Axis, axis), int(index), int(time))
