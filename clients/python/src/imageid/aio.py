"""The client for asyncio; each method does what that of `imageid.Client` does.

async with imageid.aio.connect() as client:
    image = await client.load("example://1")
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing, asynccontextmanager
from typing import Literal, TypeVar, overload

import grpc

from imageid._aio_cache_calls import CacheCalls
from imageid._assembly import Assembly, Body, LocalFileMissing, installed_crc32c, joined, pieces
from imageid._batch import Batch, Errors
from imageid._call import (
    LOAD_IMAGE,
    LOAD_IMAGES,
    call_metadata,
    failures_told,
)
from imageid._client import Progress
from imageid._endpoint import Endpoint, find, warn_of_other_version
from imageid._errors import Error
from imageid._geometry import Gaps, Mixed
from imageid._image import Answer, Image
from imageid._locality import Locality
from imageid._many import Again, Many
from imageid._metadata import Metadata, read_metadata
from imageid._outputs import Output, Pixels
from imageid._requests import (
    IMAGES_LIMIT,
    CacheMode,
    Priority,
    cache_control,
    load_many_requests,
    load_request,
    metadata_requests,
    urgency,
)
from imageid._volume import Volume, volume_of
from imageid._wire import load_image_part, load_images_parts
from imageid.v1 import image_service_pb2 as v1

_Request = TypeVar("_Request")
_Response = TypeVar("_Response")


def connect(
    target: str | None = None,
    *,
    token: str | None = None,
    timeout: float | None = None,
    local_files: bool = True,
) -> Client:
    """As `imageid.connect`, for the event loop that runs.

    Raises:
        Error: DAEMON_UNAVAILABLE, no daemon has written an endpoint.json.
        RuntimeError: no event loop runs.
    """
    endpoint = find(target, token, os.environ)
    warn_of_other_version(endpoint)
    return Client(endpoint, timeout=timeout, local_files=local_files)


class Client(CacheCalls):
    """Loads images; made by `connect`, and of use in the event loop that ran then alone.

    Each method raises `Error`. A cancelled one ends its call at the daemon, too.
    """

    def __init__(
        self, endpoint: Endpoint, *, timeout: float | None = None, local_files: bool = True
    ) -> None:
        super().__init__(endpoint, timeout)
        self._crc32c = installed_crc32c()
        self._load_image = self._channel.unary_stream(
            LOAD_IMAGE, v1.LoadImageRequest.SerializeToString, load_image_part
        )
        self._load_images = self._channel.unary_stream(
            LOAD_IMAGES, v1.LoadImagesRequest.SerializeToString, load_images_parts
        )
        self._locality = Locality(
            endpoint.address, wanted=local_files, token_file=endpoint.locality_token_file
        )

    async def load(
        self,
        image_id: str,
        output: Output = "pixels",
        *,
        max_age: float | None = None,
        cache: CacheMode = "default",
        priority: Priority = "interaction",
        progress: Progress | None = None,
    ) -> Image:
        """As `imageid.Client.load`."""
        request = load_request(image_id, output, max_age, cache, priority)
        await self._prove(request)
        return await self._load(request, progress)

    @overload
    def load_many(
        self,
        image_ids: Iterable[str],
        output: Output = "pixels",
        *,
        errors: Literal["raise"] = "raise",
        in_order: bool = True,
        max_age: float | None = None,
        cache: CacheMode = "default",
        priority: Priority = "interaction",
    ) -> AsyncIterator[Image]: ...

    @overload
    def load_many(
        self,
        image_ids: Iterable[str],
        output: Output = "pixels",
        *,
        errors: Literal["return"],
        in_order: bool = True,
        max_age: float | None = None,
        cache: CacheMode = "default",
        priority: Priority = "interaction",
    ) -> AsyncIterator[Image | Error]: ...

    async def load_many(
        self,
        image_ids: Iterable[str],
        output: Output = "pixels",
        *,
        errors: Errors = "raise",
        in_order: bool = True,
        max_age: float | None = None,
        cache: CacheMode = "default",
        priority: Priority = "interaction",
    ) -> AsyncIterator[Image | Error]:
        """As `imageid.Client.load_many`."""
        options = (output, max_age, cache, priority)
        requests = load_many_requests(image_ids, *options, in_order=in_order)
        for number, request in enumerate(requests):
            await self._prove(request)
            many = Many(
                request, errors, number * IMAGES_LIMIT, self._crc32c, self._locality.opener(request)
            )
            async with aclosing(self._results(request, many)) as results:
                async for index, found in results:
                    if isinstance(found, Again):
                        alone = load_request(request.image_ids[index], *options)
                        try:
                            found = await self._load(alone)
                        except Error as error:
                            found = many.failed(index, error)
                    yield found

    async def load_volume(
        self,
        image_ids: Iterable[str],
        *,
        values: Literal["modality", "stored"] = "modality",
        mixed: Mixed = "refuse",
        gaps: Gaps = "refuse",
        max_age: float | None = None,
        cache: CacheMode = "default",
        priority: Priority = "interaction",
    ) -> Volume:
        """As `imageid.Client.load_volume`."""
        found = self.load_many(
            image_ids, Pixels(values), max_age=max_age, cache=cache, priority=priority
        )
        images = [image async for image in found]
        return await asyncio.to_thread(volume_of, images, mixed, gaps)

    @asynccontextmanager
    async def stream(
        self,
        image_id: str,
        output: Output = "pixels",
        *,
        max_age: float | None = None,
        cache: CacheMode = "default",
        priority: Priority = "interaction",
    ) -> AsyncIterator[ImageStream]:
        """As `imageid.Client.stream`."""
        request = load_request(image_id, output, max_age, cache, priority)
        await self._prove(request)
        assembly = Assembly(self._crc32c, self._locality.opener(request))
        chunks = self._chunks(request, assembly)
        try:
            first = await anext(chunks)
            yield ImageStream(assembly, first, chunks)
        finally:
            await chunks.aclose()

    async def metadata(
        self,
        image_id: str,
        *,
        dicom_json: bool = False,
        max_age: float | None = None,
        cache: CacheMode = "default",
        priority: Priority = "interaction",
    ) -> Metadata:
        """As `imageid.Client.metadata`."""
        request = v1.GetImageMetadataRequest(
            image_id=image_id,
            cache_control=cache_control(max_age, cache),
            priority=urgency(priority),
            include_dicom_json=dicom_json,
        )
        answer = await self._ask(self._images.GetImageMetadata, request, image_id)
        return read_metadata(answer.metadata)

    @overload
    async def metadata_many(
        self,
        image_ids: Iterable[str],
        *,
        errors: Literal["raise"] = "raise",
        dicom_json: bool = False,
        max_age: float | None = None,
        cache: CacheMode = "default",
        priority: Priority = "interaction",
    ) -> list[Metadata]: ...

    @overload
    async def metadata_many(
        self,
        image_ids: Iterable[str],
        *,
        errors: Literal["return"],
        dicom_json: bool = False,
        max_age: float | None = None,
        cache: CacheMode = "default",
        priority: Priority = "interaction",
    ) -> list[Metadata | Error]: ...

    async def metadata_many(
        self,
        image_ids: Iterable[str],
        *,
        errors: Errors = "raise",
        dicom_json: bool = False,
        max_age: float | None = None,
        cache: CacheMode = "default",
        priority: Priority = "interaction",
    ) -> list[Metadata] | list[Metadata | Error]:
        """As `imageid.Client.metadata_many`."""
        batch = Batch(errors)
        with failures_told(self._endpoint):
            for request in metadata_requests(image_ids, dicom_json, max_age, cache, priority):
                call = self._images.BatchGetImageMetadata(
                    request,
                    timeout=self._timeout_seconds,
                    metadata=call_metadata(self._endpoint, None),
                )
                try:
                    async for message in call:
                        batch.accept(message)
                finally:
                    call.cancel()
        return batch.found

    async def ls(
        self,
        root: str,
        *,
        max_age: float | None = None,
        cache: CacheMode = "default",
        priority: Priority = "interaction",
    ) -> list[str]:
        """As `imageid.Client.ls`."""
        request = v1.ListImagesRequest(
            root=root, cache_control=cache_control(max_age, cache), priority=urgency(priority)
        )
        with failures_told(self._endpoint):
            answer = self._images.ListImages(
                request,
                timeout=self._timeout_seconds,
                metadata=call_metadata(self._endpoint, root),
            )
            return [image.image_id async for message in answer for image in message.images]

    async def _prove(self, request: v1.LoadImageRequest | v1.LoadImagesRequest) -> None:
        """Ask for local files where they can be opened."""
        if not self._locality.is_known:
            self._locality.learn(await self.info())
        self._locality.prove(request)

    async def _load(self, request: v1.LoadImageRequest, progress: Progress | None = None) -> Image:
        # Who is not told of the beginning waits for the end.
        request.prefer_local_file = progress is None
        assembly = Assembly(self._crc32c, self._locality.opener(request))
        body = []
        async with aclosing(self._chunks(request, assembly)) as chunks:
            async for data in chunks:
                if data:
                    body.append(data)
                if progress is not None:
                    progress(assembly.received_bytes, Answer(assembly).size_bytes)
        if request.accept_local_file and assembly.is_streamed_hit:
            self._locality.note_streamed_hit()
        return Image(assembly, joined(body))

    async def _chunks(
        self, request: v1.LoadImageRequest, assembly: Assembly
    ) -> AsyncGenerator[Body, None]:
        remaining: v1.LoadImageRequest | None = request
        with failures_told(self._endpoint):
            while remaining is not None:
                call = self._load_image(
                    remaining,
                    timeout=self._timeout_seconds,
                    metadata=call_metadata(self._endpoint, request.image_id),
                )
                remaining = None
                try:
                    async for part in call:
                        yield assembly.accept(part)
                except LocalFileMissing:
                    remaining = assembly.streamed_instead(request)
                except grpc.RpcError as error:
                    remaining = assembly.resumption(request, error.code())
                    if remaining is None:
                        raise
                finally:
                    call.cancel()  # a reader that stops early must not leave the daemon sending
        assembly.finish()

    async def _results(
        self, request: v1.LoadImagesRequest, many: Many
    ) -> AsyncGenerator[tuple[int, Image | Error | Again], None]:
        remaining: v1.LoadImagesRequest | None = request
        with failures_told(self._endpoint):
            while remaining is not None:
                call = self._load_images(
                    remaining,
                    timeout=self._timeout_seconds,
                    metadata=call_metadata(self._endpoint, None),
                )
                remaining = None
                try:
                    async for parts in call:
                        for found in many.accept(parts):
                            yield found
                except grpc.RpcError as error:
                    remaining = many.resumption(error.code())
                    if remaining is None:
                        raise
                finally:
                    call.cancel()
        many.finish()
        if request.accept_local_file and many.has_streamed_hits:
            self._locality.note_streamed_hit()


class ImageStream(Answer):
    """As the one of `imageid.Client.stream`, with `async for`."""

    def __init__(self, assembly: Assembly, first: Body, chunks: AsyncGenerator[Body, None]) -> None:
        super().__init__(assembly)
        self._first = first
        self._chunks = chunks

    async def __aiter__(self) -> AsyncIterator[Body]:
        for piece in pieces(self._first):
            yield piece
        async for chunk in self._chunks:
            for piece in pieces(chunk):
                yield piece
