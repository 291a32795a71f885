"""Find out what the bytes are, whatever their origin calls them, and describe them."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Literal, NamedTuple

from imageid_daemon.pixels import (
    embedded_overlays,
    image_pixel,
    indexing,
    lone_frame,
    metadata,
    nifti,
    part10,
    picture,
    pixel_data,
    whole_data_set,
)
from imageid_daemon.pixels.boundary import refusing
from imageid_daemon.pixels.byte_source import FileBytes, MemoryBytes
from imageid_daemon.pixels.description import Encoded, ImageMetadata
from imageid_daemon.pixels.encoded_frame import Instance
from imageid_daemon.pixels.image_pixel import check_frame_number
from imageid_loaders.errors import ImageError, NotFound, Undecodable

Kind = Literal["part10", "lone frame", "picture", "nifti"]


# As many files as one worker is likely to be asked for frames of in turn.
_REMEMBERED_HEADERS = 4


class _File(NamedTuple):
    """A file that has not changed.

    With its path, which what was read of it goes on to use.
    """

    path: str
    device: int
    inode: int
    size_bytes: int
    modified_nanoseconds: int
    changed_nanoseconds: int


class OpenedPart10(NamedTuple):
    """A file, and what its header tells."""

    part10: part10.Part10
    instance: Instance


def kind(encoded: Encoded) -> Kind:
    """Tell by the first bytes; without a known beginning, a data set without preamble."""
    if encoded.located is not None:
        return "part10"
    with FileBytes(encoded.path).reading() as read:
        head = read(0, nifti.HEAD_BYTES)
    if encoded.plane is not None:
        return "nifti"
    if head[128:132] == b"DICM":
        return "part10"
    if encoded.dicom_json is not None:
        return "lone frame"
    if picture.is_picture(head):
        return "picture"
    return "nifti" if nifti.is_nifti(head) else "part10"


def describe(encoded: Encoded) -> ImageMetadata:
    """See `imageid_daemon.pixels.describe`. Metadata given as DICOM JSON need no file."""
    with refusing("described"):
        return _describer(encoded)(encoded.frame)


def describe_frames(encoded: Encoded, frames: Sequence[int]) -> list[ImageMetadata | NotFound]:
    """See `imageid_daemon.pixels.describe_frames`."""
    with refusing("described"):
        describe_one = _describer(encoded)
        return [_or_not_found(describe_one, frame) for frame in frames]


def _or_not_found(
    describe_one: Callable[[int | None], ImageMetadata], frame: int
) -> ImageMetadata | NotFound:
    try:
        return describe_one(frame)
    except NotFound as error:
        return error


def _describer(encoded: Encoded) -> Callable[[int | None], ImageMetadata]:
    """Read what all frames have in common, and give what describes one of them."""
    if encoded.dicom_json is not None:
        document = lone_frame.Document(encoded)
        return lambda frame: _describe_instance(document.instance(frame), frame)
    if kind(encoded) == "picture":
        return lambda frame: picture.describe(replace(encoded, frame=frame))
    if kind(encoded) == "nifti":
        return lambda _: nifti.describe(encoded)
    opened = open_part10(encoded)
    return lambda frame: _describe_part10(opened, frame)


def _describe_part10(opened: OpenedPart10, frame: int | None) -> ImageMetadata:
    found = _describe_instance(opened.instance, frame)
    return _with_embedded_overlays(found, opened, frame)


def _describe_instance(instance: Instance, frame: int | None) -> ImageMetadata:
    found = metadata.read(instance, frame)
    check_frame_number(frame, max(found.number_of_frames or 1, 1))
    return found


def _with_embedded_overlays(
    found: ImageMetadata, opened: OpenedPart10, number: int | None
) -> ImageMetadata:
    """Read the frame for them alone; without a whole frame they are absent."""
    instance = opened.instance
    if not instance.once(embedded_overlays.are_in):
        return found
    try:
        with refusing("described"):
            pixel = instance.once(image_pixel.of_instance)
            frame = pixel_data.read_frame(opened.part10, pixel, number or 1)
            planes = embedded_overlays.decode(instance, pixel, frame)
    except ImageError:
        return found
    return embedded_overlays.add(found, planes)


def dicom_json(encoded: Encoded) -> bytes:
    """See `imageid_daemon.pixels.dicom_json`."""
    with refusing("described"):
        if encoded.dicom_json is not None:
            return whole_data_set.of_document(encoded.dicom_json)
        if kind(encoded) in ("picture", "nifti"):
            return b"{}"
        return whole_data_set.of_part10(_checked(part10.read(encoded.path)))


def references(encoded: Encoded, frames: Sequence[int]) -> list[str]:
    """See `imageid_daemon.pixels.references`."""
    with refusing("described"):
        return lone_frame.Document(encoded).references(frames)


def header_json(path: str, tags: Collection[int]) -> bytes:
    """See `imageid_daemon.pixels.header_json`."""
    with refusing("listed"):
        return whole_data_set.parts_of_part10(_checked(part10.read(path)), tags)


def open_part10(encoded: Encoded) -> OpenedPart10:
    """Read the header; that of another frame's file is remembered, so change nothing in it.

    Raises:
        Undecodable: without a preamble, it does not look like DICOM either.
    """
    if encoded.located is not None:
        located = OpenedPart10(*indexing.open_located(encoded.path, encoded.located))
        _checked(located.part10)
        return located
    found = _read(_file(encoded.path))
    if isinstance(found.part10.source, MemoryBytes):
        # An inflated data set may be a thousand times its file: not to be held for the next.
        _read.cache_clear()
    _checked(found.part10)
    return found


@lru_cache(_REMEMBERED_HEADERS)
def _read(file: _File) -> OpenedPart10:
    return _opened(part10.read(file.path))


def _file(path: str) -> _File:
    # At each job, a Path would take longer than the call itself.
    found = os.stat(path)  # noqa: PTH116
    return _File(
        path, found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
    )


def _checked(found: part10.Part10) -> part10.Part10:
    if not any(keyword in found.attributes for keyword in ("SOPClassUID", "Rows")):
        raise Undecodable(
            "the image cannot be decoded because it is neither DICOM nor a picture of a known "
            "format; ask for ENCODED to get it as it is"
        )
    return found


def _opened(found: part10.Part10) -> OpenedPart10:
    instance = part10.instance_of(found.attributes, found.transfer_syntax_uid, found.pixel_element)
    return OpenedPart10(found, instance)
