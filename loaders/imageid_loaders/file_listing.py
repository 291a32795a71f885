"""The images in a folder and below, and those that a DICOMDIR names (PS3.10 section 8)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path

from imageid_loaders import listing
from imageid_loaders.base import ListedImage, Read
from imageid_loaders.errors import ImageError
from imageid_loaders.file_url import file_url
from imageid_loaders.open_file import OpenFile
from imageid_loaders.roots import Roots
from imageid_loaders.sniff import media_type_of

_FILES_AT_ONCE = 64
# So few that whoever waits for an image meanwhile hardly waits for the listing.
_HEADERS_AT_ONCE = 4
_HEAD_BYTES = 4096
_DICOMDIR_LIMIT_BYTES = 64 * 1024 * 1024
_TAGS = tuple(
    int(tag, 16)
    for tag in (
        listing.SERIES_INSTANCE_UID,
        listing.SOP_INSTANCE_UID,
        listing.ROWS,
        listing.NUMBER_OF_FRAMES,
        listing.INSTANCE_NUMBER,
        listing.POSITION,
        listing.ORIENTATION,
        listing.GRID_FRAME_OFFSET_VECTOR,
        listing.SHARED_GROUPS,
        listing.PER_FRAME_GROUPS,
    )
)
_DIRECTORY_RECORD_SEQUENCE = "00041220"
_REFERENCED_FILE_ID = "00041500"


async def list_folder_or_dicomdir(roots: Roots, path: Path, read: Read) -> list[ListedImage]:
    """The images below a folder, those of a DICOMDIR's records, or a file's frames.

    What is no image is passed over, and so is what cannot be read.

    Raises:
        errors.NotAllowed: the path lies outside of the roots.
        errors.NotFound: there is nothing.
        errors.ImageError: a DICOMDIR cannot be read.
    """
    roots.check(path)
    files = await _files_of(roots, path, read)
    images: list[ListedImage] = []
    turns = asyncio.Semaphore(_HEADERS_AT_ONCE)
    # In batches, so that a caller who leaves does not leave hours of work behind.
    for start in range(0, len(files), _FILES_AT_ONCE):
        batch = await asyncio.to_thread(_opened, roots, files[start : start + _FILES_AT_ONCE])
        try:
            for found in await asyncio.gather(*(_images_of(each, read, turns) for each in batch)):
                images += found
        finally:
            for _, file, _ in batch:
                file.close()
    return images


async def _files_of(roots: Roots, path: Path, read: Read) -> list[Path]:
    if await asyncio.to_thread(path.is_dir):
        return await asyncio.to_thread(lambda: list(roots.files(path)))
    with closing(await asyncio.to_thread(roots.open, path)) as file:
        records = await _directory_records(file, read)
    if records is None:
        return [path]
    return [path.parent.joinpath(*parts) for parts in records]


_Opened = tuple[Path, OpenFile, str]


def _opened(roots: Roots, paths: Sequence[Path]) -> list[_Opened]:
    """Those that can be read, each with its media type."""
    found = []
    for path in paths:
        try:
            file = roots.open(path)
            found.append((path, file, media_type_of(file.read(_HEAD_BYTES, 0)) or ""))
        except ImageError:
            continue
    return found


async def _images_of(
    opened: _Opened, read: Read, turns: asyncio.Semaphore
) -> Sequence[ListedImage]:
    path, file, media_type = opened
    if media_type.startswith("image/"):
        return [ListedImage(file_url(path))]
    if media_type != "application/dicom":
        return []
    try:
        async with turns:
            header = json.loads(await read.header(file.descriptor, _TAGS))
        return list(listing.listed_images(header, partial(file_url, path)))
    except ImageError:
        return []


async def _directory_records(file: OpenFile, read: Read) -> list[list[str]] | None:
    """Path components of every referenced file; None when the file is no DICOMDIR."""
    head = await asyncio.to_thread(file.read, _HEAD_BYTES, 0)
    if head[128:132] != b"DICM" or file.status().st_size > _DICOMDIR_LIMIT_BYTES:
        return None
    document = await read.header(file.descriptor, [int(_DIRECTORY_RECORD_SEQUENCE, 16)])
    header = await asyncio.to_thread(json.loads, document)
    if _DIRECTORY_RECORD_SEQUENCE not in header:
        return None
    return list(_referenced_files(header))


def _referenced_files(header: listing.Json) -> Iterator[list[str]]:
    for record in header[_DIRECTORY_RECORD_SEQUENCE].get("Value", ()):
        parts = record.get(_REFERENCED_FILE_ID, {}).get("Value", ())
        # Nothing but plain names may be joined to a path (CVE-2026-32711).
        if parts and all(map(_is_plain_name, parts)):
            yield list(parts)


def _is_plain_name(part: object) -> bool:
    return (
        isinstance(part, str)
        and part not in ("", ".", "..")
        and not any(letter in part for letter in "/\\\0")
    )
