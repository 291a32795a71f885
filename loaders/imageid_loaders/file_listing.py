"""The images in a folder and below, and those that a DICOMDIR names (PS3.10 section 8)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

from imageid_loaders import listing
from imageid_loaders.base import ListedImage
from imageid_loaders.errors import Corrupt, ImageError
from imageid_loaders.file_url import file_url
from imageid_loaders.open_file import OpenFile
from imageid_loaders.roots import Roots
from imageid_loaders.sniff import media_type_of

_FILES_AT_ONCE = 64
_HEAD_BYTES = 4096
_DICOMDIR_LIMIT_BYTES = 64 * 1024 * 1024
_DEFLATED = b"1.2.840.10008.1.2.1.99"
_TAGS = (
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
_DIRECTORY_RECORD_SEQUENCE = 0x00041220
_REFERENCED_FILE_ID = 0x00041500


async def list_folder_or_dicomdir(roots: Roots, path: Path) -> list[ListedImage]:
    """The images below a folder, those of a DICOMDIR's records, or a file's frames.

    What is no image is passed over, and so is what cannot be read.

    Raises:
        errors.NotAllowed: the path lies outside of the roots.
        errors.NotFound: there is nothing.
        errors.Corrupt: a DICOMDIR cannot be read.
    """
    roots.check(path)
    files = await asyncio.to_thread(_files_of, roots, path)
    images: list[ListedImage] = []
    # In batches, so that a caller who leaves does not leave hours of work behind.
    for start in range(0, len(files), _FILES_AT_ONCE):
        batch = files[start : start + _FILES_AT_ONCE]
        images += await asyncio.to_thread(_images_of_files, roots, batch)
    return images


def _files_of(roots: Roots, path: Path) -> list[Path]:
    if path.is_dir():
        return list(roots.files(path))
    with closing(roots.open(path)) as file:
        records = _directory_records(file)
    if records is None:
        return [path]
    return [path.parent.joinpath(*parts) for parts in records]


def _images_of_files(roots: Roots, paths: Iterable[Path]) -> list[ListedImage]:
    images: list[ListedImage] = []
    for path in paths:
        try:
            with closing(roots.open(path)) as file:
                images += _images_of(file, path)
        except ImageError:
            continue
    return images


def _images_of(file: OpenFile, path: Path) -> list[ListedImage]:
    head = file.read(_HEAD_BYTES, 0)
    media_type = media_type_of(head) or ""
    if media_type.startswith("image/"):
        return [ListedImage(file_url(path))]
    if media_type != "application/dicom":
        return []
    if _DEFLATED in head:
        # To read its header pydicom inflates all of it, which may be a thousandfold.
        return [ListedImage(file_url(path))]
    return list(listing.listed_images(_header(file), partial(file_url, path)))


def _header(file: OpenFile) -> listing.Json:
    """The data set's facts about order and frames, as DICOM JSON."""
    document: listing.Json = _read(file, [int(tag, 16) for tag in _TAGS], _json)
    return document


def _json(dataset: Any) -> dict[str, Any]:
    """What `listing` reads of DICOM JSON. pydicom's own conversion logs values it finds odd."""
    return {f"{int(tag):08X}": {"Value": _values(dataset, tag)} for tag in sorted(dataset.keys())}


def _values(dataset: Any, tag: Any) -> list[Any]:
    try:
        element = dataset[tag]
    except Exception:  # pydicom raises kinds of its own, too
        return []  # a value that its representation does not allow is not known
    if element.VR == "SQ":
        return [_json(item) for item in element.value]
    return [element.value] if element.VM == 1 else list(element.value or [])


def _directory_records(file: OpenFile) -> list[list[str]] | None:
    """Path components of every referenced file; None when the file is no DICOMDIR."""
    if file.read(132, 0)[128:] != b"DICM" or file.status().st_size > _DICOMDIR_LIMIT_BYTES:
        return None
    records: list[list[str]] | None = _read(file, [_DIRECTORY_RECORD_SEQUENCE], _referenced_files)
    return records


def _referenced_files(dataset: Any) -> list[list[str]] | None:
    if _DIRECTORY_RECORD_SEQUENCE not in dataset:
        return None
    paths = []
    for record in dataset[_DIRECTORY_RECORD_SEQUENCE].value:
        value = record[_REFERENCED_FILE_ID].value if _REFERENCED_FILE_ID in record else ()
        parts = [value] if isinstance(value, str) else [str(part) for part in value or ()]
        # Nothing but plain names may be joined to a path (CVE-2026-32711).
        if parts and all(map(_is_plain_name, parts)):
            paths.append(parts)
    return paths


def _is_plain_name(part: str) -> bool:
    return part not in ("", ".", "..") and not any(letter in part for letter in "/\\\0")


def _read(file: OpenFile, tags: list[int], convert: Callable[[Any], Any]) -> Any:
    # Imported here: it takes half a second, which the daemon's start should not.
    from pydicom import config, dcmread

    # pydicom warns of odd values when they are converted, and quotes them; they may be a
    # patient's.
    with file.stream() as stream, config.disable_value_validation():
        try:
            return convert(dcmread(stream, stop_before_pixels=True, specific_tags=tags))
        except (Exception, RecursionError) as error:
            raise Corrupt("The DICOM header cannot be read: the file is damaged.") from error
