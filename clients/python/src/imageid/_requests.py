"""The requests of each method, from its arguments; shared by both clients."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import Literal, TypeAlias

from imageid._outputs import Output, choice, output_spec
from imageid.v1 import image_service_pb2 as v1
from imageid.v1 import types_pb2 as types
from imageid.v1.types_pb2 import CacheControl

CacheMode: TypeAlias = Literal["default", "no-cache", "only-if-cached", "no-store", "reload"]

Priority: TypeAlias = Literal["interaction", "thumbnail", "prefetch", "compute"]

_PRIORITIES = {
    "interaction": types.PRIORITY_INTERACTION,
    "thumbnail": types.PRIORITY_THUMBNAIL,
    "prefetch": types.PRIORITY_PREFETCH,
    "compute": types.PRIORITY_COMPUTE,
}

_MODES = {
    "default": CacheControl.MODE_UNSPECIFIED,
    "no-cache": CacheControl.MODE_NO_CACHE,
    "only-if-cached": CacheControl.MODE_ONLY_IF_CACHED,
    "no-store": CacheControl.MODE_NO_STORE,
    "reload": CacheControl.MODE_RELOAD,
}

# A program that waits for many images waits for none of their parts.
BULK_CHUNK_BYTES = 1024 * 1024

# No method takes more in one call.
IMAGES_LIMIT = 10_000


def load_request(
    image_id: str, output: Output, max_age: float | None, cache: CacheMode, priority: Priority
) -> v1.LoadImageRequest:
    return v1.LoadImageRequest(
        image_id=image_id,
        output=output_spec(output),
        cache_control=cache_control(max_age, cache),
        priority=urgency(priority),
    )


def load_many_requests(
    image_ids: Iterable[str],
    output: Output,
    max_age: float | None,
    cache: CacheMode,
    priority: Priority,
    *,
    in_order: bool,
) -> Iterator[v1.LoadImagesRequest]:
    control, spec = cache_control(max_age, cache), output_spec(output)
    for batch in batches(image_ids):
        yield v1.LoadImagesRequest(
            image_ids=batch,
            output=spec,
            cache_control=control,
            priority=urgency(priority),
            in_request_order=in_order,
            chunk_bytes=BULK_CHUNK_BYTES,
        )


def urgency(priority: Priority) -> types.Priority:
    return choice("priority", priority, _PRIORITIES)


def cache_control(max_age_seconds: float | None, cache: CacheMode) -> CacheControl:
    max_age = None if max_age_seconds is None else timedelta(seconds=max_age_seconds)
    return CacheControl(mode=choice("cache", cache, _MODES), max_age=max_age)


def stat_requests(image_ids: Iterable[str], output: Output) -> Iterator[v1.StatImagesRequest]:
    for batch in batches(image_ids):
        yield v1.StatImagesRequest(image_ids=batch, output=output_spec(output))


def metadata_requests(
    image_ids: Iterable[str],
    dicom_json: bool,
    max_age: float | None,
    cache: CacheMode,
    priority: Priority,
) -> Iterator[v1.BatchGetImageMetadataRequest]:
    control = cache_control(max_age, cache)
    for batch in batches(image_ids):
        yield v1.BatchGetImageMetadataRequest(
            image_ids=batch,
            cache_control=control,
            priority=urgency(priority),
            include_dicom_json=dicom_json,
        )


def batches(image_ids: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(several(image_ids))
    while batch := list(islice(remaining, IMAGES_LIMIT)):
        yield batch


def several(image_ids: Iterable[str]) -> Sequence[str]:
    # A str is an iterable of str: each character would be taken for an imageId.
    if isinstance(image_ids, str):
        raise TypeError("image_ids is one str: give a list of imageIds")
    return list(image_ids)
