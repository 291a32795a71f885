"""file and dicomfile: DICOM files and images of this computer, inside configured folders."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import ClassVar

from imageid_loaders.base import (
    Image,
    ListedImage,
    NotModified,
    Read,
    Request,
    Resource,
    Settings,
    Source,
)
from imageid_loaders.errors import Corrupt
from imageid_loaders.file_listing import list_folder_or_dicomdir
from imageid_loaders.file_url import file_url, parse_file_url
from imageid_loaders.open_file import OpenFile
from imageid_loaders.options import check_options
from imageid_loaders.roots import Roots
from imageid_loaders.sniff import HEAD_BYTES, media_type_of

_CHUNK_BYTES = 256 * 1024


class FileLoader:
    """`file:///path`, `file:/path`, `dicomfile:/path?frame=2`."""

    name: ClassVar[str] = "file"
    summary: ClassVar[str] = (
        "DICOM files and images inside loaders.file.roots, e.g. file:///scans/1.dcm"
    )

    def __init__(self, settings: Settings) -> None:
        check_options(self.name, settings.options, known=("roots",))
        self._roots = Roots(settings.options.get("roots", []))

    def resolve(self, image_id: str) -> Image:
        path, frame = parse_file_url(image_id)
        self._roots.check(path)
        url = file_url(path)
        return Image(Resource(url, url), frame)

    def open(self, request: Request) -> AbstractAsyncContextManager[Source]:
        return _open(self._roots, request)

    async def list_images(self, root: str, read: Read) -> list[ListedImage]:
        """Below a folder, or of a DICOMDIR. Nothing goes through the cache: one of local files'
        headers would be no faster than the files."""
        path, _ = parse_file_url(root)
        return await list_folder_or_dicomdir(self._roots, path, read)


@asynccontextmanager
async def _open(roots: Roots, request: Request) -> AsyncIterator[Source]:
    path, _ = parse_file_url(request.resource.url)
    file = await asyncio.to_thread(roots.open, path)
    try:
        status = file.status()
        # The daemon asks every time, which costs no more than this.
        headers = {"etag": _etag(status), "cache-control": "no-cache"}
        if request.validators.etag == headers["etag"]:
            raise NotModified(headers)
        head = await asyncio.to_thread(file.read, HEAD_BYTES, 0)
        media_type = media_type_of(head) or "application/octet-stream"
        yield Source(media_type, _Chunks(file, status), status.st_size, headers=headers)
    finally:
        await asyncio.to_thread(file.close)


def _etag(status: os.stat_result) -> str:
    """Differs after any write: device, inode, time of change in ns, and size."""
    parts = (status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size)
    return '"' + "-".join(f"{part:x}" for part in parts) + '"'


class _Chunks:
    """A file's bytes; an error at their end when it was changed while they were read."""

    def __init__(self, file: OpenFile, status: os.stat_result) -> None:
        self._file = file
        self._status = status
        self._at = 0

    def __aiter__(self) -> _Chunks:
        return self

    async def __anext__(self) -> bytes:
        wanted_bytes = min(_CHUNK_BYTES, self._status.st_size - self._at)
        chunk = await asyncio.to_thread(self._file.read, wanted_bytes, self._at)
        self._at += len(chunk)
        if chunk:
            return chunk
        if wanted_bytes or _etag(self._file.status()) != _etag(self._status):
            raise Corrupt("The file was changed while it was read: load the image again.")
        raise StopAsyncIteration
