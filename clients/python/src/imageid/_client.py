"""The client for programs without an event loop."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Literal, TypeAlias, TypeVar, overload

import grpc

from imageid._assembly import Assembly, Body, LocalFileMissing, installed_crc32c, joined, pieces
from imageid._batch import Batch, Errors
from imageid._cache_calls import CacheCalls
from imageid._call import (
    LOAD_IMAGE,
    LOAD_IMAGES,
    call_metadata,
    failures_told,
)
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

Progress: TypeAlias = Callable[[int, int | None], object]
"""Called with the bytes received and the bytes in all, None while those are not known."""

_Request = TypeVar("_Request")
_Response = TypeVar("_Response")


def connect(
    target: str | None = None,
    *,
    token: str | None = None,
    timeout: float | None = None,
    local_files: bool = True,
) -> Client:
    """A client of the daemon on this machine.

    Args:
        target: "unix:PATH", "HOST:PORT" or the path of an endpoint.json; None asks
            IMAGEID_ENDPOINT, then the endpoint.json in the runtime directory.
        token: for TCP; None takes the one that endpoint.json names.
        timeout: seconds that one call may take; None means no limit.
        local_files: over the unix socket, map images from the daemon's cache where this
            program sees it; False has everything streamed.

    Raises:
        Error: DAEMON_UNAVAILABLE, no daemon has written an endpoint.json.
    """
    endpoint = find(target, token, os.environ)
    warn_of_other_version(endpoint)
    return Client(endpoint, timeout=timeout, local_files=local_files)


class Client(CacheCalls):
    """Loads images; made by `connect`.

    May be used from several threads at once, and not in a process forked after `connect`
    (gRPC's threads are not there any more: use the start method "spawn").

    Each method raises `Error`.
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

    def load(
        self,
        image_id: str,
        output: Output = "pixels",
        *,
        max_age: float | None = None,
        cache: CacheMode = "default",
        priority: Priority = "interaction",
        progress: Progress | None = None,
    ) -> Image:
        """Load one image.

        Args:
            output: "pixels", "encoded" (the origin's own bytes), "png", "jpeg", or a
                `Pixels` or `Rendered` with options.
            max_age: seconds; an older stored copy is not accepted.
            cache: what a stored copy may do (RFC 9111 section 5.2.1): "no-cache"
                revalidates it, "only-if-cached" never asks the origin, "no-store" neither
                reads nor writes the cache, "reload" fetches anew.
            priority: what it is wanted for; where the origin has to be asked, the more
                urgent goes first: "interaction", "thumbnail", "prefetch", "compute".
            progress: called after each part of the body.
        """
        request = load_request(image_id, output, max_age, cache, priority)
        self._prove(request)
        return self._load(request, progress)

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
    ) -> Iterator[Image]: ...

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
    ) -> Iterator[Image | Error]: ...

    def load_many(
        self,
        image_ids: Iterable[str],
        output: Output = "pixels",
        *,
        errors: Errors = "raise",
        in_order: bool = True,
        max_age: float | None = None,
        cache: CacheMode = "default",
        priority: Priority = "interaction",
    ) -> Iterator[Image] | Iterator[Image | Error]:
        """Load many images: much faster than one after the other.

        Nothing is asked for before the iteration begins; leaving it stops what no other
        program waits for. The other arguments are those of `load`.

        Args:
            errors: "raise" the `Error` of the first image that fails, or "return" it in the
                place of its image; its metadata["index"] says which image it is, from 0.
            in_order: one after the other as in `image_ids`; False gives each as soon as it is
                there, and its `image_id` says which it is.
        """
        options = (output, max_age, cache, priority)
        requests = load_many_requests(image_ids, *options, in_order=in_order)
        for number, request in enumerate(requests):
            self._prove(request)
            many = Many(
                request, errors, number * IMAGES_LIMIT, self._crc32c, self._locality.opener(request)
            )
            for index, found in self._results(request, many):
                if isinstance(found, Again):
                    try:
                        found = self._load(load_request(request.image_ids[index], *options))
                    except Error as error:
                        found = many.failed(index, error)
                yield found

    def load_volume(
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
        """Load a series as one array, with its spacing, origin and direction.

        The images may come in any order: their geometry (PS3.3 C.7.6.2) puts them in theirs.

        Args:
            values: "modality" (HU, say), because slices of one series may have rescale slopes of
                their own, as in PET; "stored" refuses such a series.
            mixed: "refuse" images that differ in size, spacing, orientation or frame of
                reference, or take the "largest" number of them that are alike.
            gaps: "refuse" slices at uneven distances, where one is missing, or "accept" them.

        Raises:
            GeometryError: they do not make one volume; which and why.
            ImportError: numpy is not installed.
        """
        found = self.load_many(
            image_ids, Pixels(values), max_age=max_age, cache=cache, priority=priority
        )
        return volume_of(list(found), mixed, gaps)

    @contextmanager
    def stream(
        self,
        image_id: str,
        output: Output = "pixels",
        *,
        max_age: float | None = None,
        cache: CacheMode = "default",
        priority: Priority = "interaction",
    ) -> Iterator[ImageStream]:
        """Load one image without holding its body; the arguments are those of `load`.

        What has been read is not known to be whole before the iteration has ended. A stored
        image is read from its local file where that is possible, in pieces all the same.
        """
        request = load_request(image_id, output, max_age, cache, priority)
        self._prove(request)
        assembly = Assembly(self._crc32c, self._locality.opener(request))
        chunks = self._chunks(request, assembly)
        try:
            first = next(chunks)
            yield ImageStream(assembly, chain((first,), chunks))
        finally:
            chunks.close()

    def metadata(
        self,
        image_id: str,
        *,
        dicom_json: bool = False,
        max_age: float | None = None,
        cache: CacheMode = "default",
        priority: Priority = "interaction",
    ) -> Metadata:
        """What a viewer must know of an image before its pixels.

        Args:
            dicom_json: add the whole data set without bulk data.
        """
        request = v1.GetImageMetadataRequest(
            image_id=image_id,
            cache_control=cache_control(max_age, cache),
            priority=urgency(priority),
            include_dicom_json=dicom_json,
        )
        return read_metadata(self._ask(self._images.GetImageMetadata, request, image_id).metadata)

    @overload
    def metadata_many(
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
    def metadata_many(
        self,
        image_ids: Iterable[str],
        *,
        errors: Literal["return"],
        dicom_json: bool = False,
        max_age: float | None = None,
        cache: CacheMode = "default",
        priority: Priority = "interaction",
    ) -> list[Metadata | Error]: ...

    def metadata_many(
        self,
        image_ids: Iterable[str],
        *,
        errors: Errors = "raise",
        dicom_json: bool = False,
        max_age: float | None = None,
        cache: CacheMode = "default",
        priority: Priority = "interaction",
    ) -> list[Metadata] | list[Metadata | Error]:
        """The same for many images, in their order, before any pixel of theirs is read.

        Where the origin has one document for a whole series, it is fetched once.

        Args:
            errors: "raise" the `Error` of the first image that fails, or "return" it in the
                place of its metadata; its metadata["index"] says which image it is, from 0.
            dicom_json: add each whole data set without bulk data.
        """
        batch = Batch(errors)
        with failures_told(self._endpoint):
            for request in metadata_requests(image_ids, dicom_json, max_age, cache, priority):
                call = self._images.BatchGetImageMetadata(
                    request,
                    timeout=self._timeout_seconds,
                    metadata=call_metadata(self._endpoint, None),
                )
                try:
                    for message in call:
                        batch.accept(message)
                finally:
                    call.cancel()  # type: ignore[no-untyped-call,unused-ignore]
        return batch.found

    def ls(
        self,
        root: str,
        *,
        max_age: float | None = None,
        cache: CacheMode = "default",
        priority: Priority = "interaction",
    ) -> list[str]:
        """The imageIds below a study or series URL, a folder or a DICOMDIR, in slice order."""
        request = v1.ListImagesRequest(
            root=root, cache_control=cache_control(max_age, cache), priority=urgency(priority)
        )
        with failures_told(self._endpoint):
            answer = self._images.ListImages(
                request,
                timeout=self._timeout_seconds,
                metadata=call_metadata(self._endpoint, root),
            )
            return [image.image_id for message in answer for image in message.images]

    def _prove(self, request: v1.LoadImageRequest | v1.LoadImagesRequest) -> None:
        """Ask for local files where they can be opened."""
        if not self._locality.is_known:
            self._locality.learn(self.info())
        self._locality.prove(request)

    def _load(self, request: v1.LoadImageRequest, progress: Progress | None = None) -> Image:
        # Who is not told of the beginning waits for the end.
        request.prefer_local_file = progress is None
        assembly = Assembly(self._crc32c, self._locality.opener(request))
        body = []
        for data in self._chunks(request, assembly):
            if data:
                body.append(data)
            if progress is not None:
                progress(assembly.received_bytes, Answer(assembly).size_bytes)
        if request.accept_local_file and assembly.is_streamed_hit:
            self._locality.note_streamed_hit()
        return Image(assembly, joined(body))

    def _chunks(
        self, request: v1.LoadImageRequest, assembly: Assembly
    ) -> Generator[Body, None, None]:
        """The body's parts of a call and, where it breaks off, of one that resumes it."""
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
                    for part in call:
                        yield assembly.accept(part)
                except LocalFileMissing:
                    remaining = assembly.streamed_instead(request)
                except grpc.RpcError as error:
                    remaining = assembly.resumption(request, error.code())
                    if remaining is None:
                        raise
                finally:
                    # A reader that stops early must not leave the daemon sending. (Two
                    # distributions of stubs for grpc are in use; one leaves this untyped.)
                    call.cancel()  # type: ignore[no-untyped-call,unused-ignore]
        assembly.finish()

    def _results(
        self, request: v1.LoadImagesRequest, many: Many
    ) -> Iterator[tuple[int, Image | Error | Again]]:
        """The results of a call and, where it breaks off, of those that resume it."""
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
                    for parts in call:
                        yield from many.accept(parts)
                except grpc.RpcError as error:
                    remaining = many.resumption(error.code())
                    if remaining is None:
                        raise
                finally:
                    call.cancel()  # type: ignore[no-untyped-call,unused-ignore]
        many.finish()
        if request.accept_local_file and many.has_streamed_hits:
            self._locality.note_streamed_hit()


class ImageStream(Answer):
    """An image while it arrives: iterate it once for its bytes.

    `etag`, `sha256` and `timing` are complete when the iteration has ended without an error.
    """

    def __init__(self, assembly: Assembly, chunks: Iterator[Body]) -> None:
        super().__init__(assembly)
        self._chunks = chunks

    def __iter__(self) -> Iterator[Body]:
        return (piece for chunk in self._chunks for piece in pieces(chunk))
