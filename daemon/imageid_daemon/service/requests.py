"""What a request asks for, checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sized
from dataclasses import dataclass
from typing import Literal

from google.protobuf.duration_pb2 import Duration

from imageid.v1 import image_service_pb2, types_pb2
from imageid_daemon.cache import Demand, Mode
from imageid_daemon.callers import Caller, Priority
from imageid_daemon.pixels import PixelsOptions
from imageid_daemon.resolver import Output
from imageid_daemon.service.enumerations import one_of
from imageid_daemon.service.rendered_options import rendered_options_of
from imageid_loaders.errors import InvalidImageId, InvalidOption

DEFAULT_CHUNK_BYTES = 256 * 1024
# Of bodies so large that others are kept waiting less by few large chunks than by many.
_LARGE_BYTES = 8 * 1024 * 1024
_CHUNK_BYTES_OF_LARGE = 1024 * 1024
MAX_CHUNK_BYTES = 2 * 1024 * 1024
MAX_IMAGE_IDS = 10_000
_MAX_ID_BYTES = 16 * 1024
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x1f\x7f]")
_CLIENT_FIELD = "x-imageid-client"
_MAX_CLIENT_CHARACTERS = 128
_MAX_TAG_CHARACTERS = 128

_MODES = {
    types_pb2.CacheControl.MODE_UNSPECIFIED: Mode.DEFAULT,
    types_pb2.CacheControl.MODE_NO_CACHE: Mode.NO_CACHE,
    types_pb2.CacheControl.MODE_ONLY_IF_CACHED: Mode.ONLY_IF_CACHED,
    types_pb2.CacheControl.MODE_NO_STORE: Mode.NO_STORE,
    types_pb2.CacheControl.MODE_RELOAD: Mode.RELOAD,
}
_PRIORITIES = {
    types_pb2.PRIORITY_UNSPECIFIED: Priority.INTERACTION,
    types_pb2.PRIORITY_INTERACTION: Priority.INTERACTION,
    types_pb2.PRIORITY_THUMBNAIL: Priority.THUMBNAIL,
    types_pb2.PRIORITY_PREFETCH: Priority.PREFETCH,
    types_pb2.PRIORITY_COMPUTE: Priority.COMPUTE,
}
_VALUES: dict[int, Literal["stored", "modality"]] = {
    types_pb2.VALUES_UNSPECIFIED: "stored",
    types_pb2.VALUES_STORED: "stored",
    types_pb2.VALUES_MODALITY: "modality",
}
_COLORS: dict[int, Literal["default", "stored", "rgb"]] = {
    types_pb2.COLOR_UNSPECIFIED: "default",
    types_pb2.COLOR_STORED: "stored",
    types_pb2.COLOR_RGB: "rgb",
}


@dataclass(frozen=True, slots=True)
class Range:
    """Which part of a body is wanted, and how it is cut.

    Args:
        offset: negative counts from the end.
        limit_bytes: None is to the end.
        is_cut_as_fits: the caller leaves it to the daemon.
    """

    offset: int
    limit_bytes: int | None
    chunk_bytes: int
    is_cut_as_fits: bool = False

    def chunk_bytes_of(self, size_bytes: int | None) -> int:
        """Of a body of that size, None where it is not known."""
        if self.is_cut_as_fits and (size_bytes or 0) >= _LARGE_BYTES:
            return _CHUNK_BYTES_OF_LARGE
        return self.chunk_bytes


def image_id_of(text: str) -> str:
    """An imageId as it may be handed to a loader.

    Raises:
        InvalidImageId: it is empty, too long, or has control characters.
    """
    if not text:
        raise InvalidImageId("The imageId is empty. Give a URL such as wadors:https://…")
    if len(text) > _MAX_ID_BYTES:
        raise InvalidImageId(f"The imageId is longer than {_MAX_ID_BYTES} characters.")
    if _CONTROL_CHARACTERS.search(text):
        raise InvalidImageId("The imageId has control characters. Percent-encode them.")
    return text


def check_count(image_ids: Sized) -> None:
    """
    Raises:
        InvalidOption: a call names more images than one may.
    """
    if len(image_ids) > MAX_IMAGE_IDS:
        raise InvalidOption(
            f"More than {MAX_IMAGE_IDS} imageIds in one call. Split it.", field="image_ids"
        )


def output_of(spec: types_pb2.OutputSpec) -> Output:
    """The representation asked for.

    Raises:
        InvalidOption: an option is out of its range.
    """
    kind = spec.WhichOneof("kind")
    if kind == "pixels":
        return PixelsOptions(
            values=one_of(_VALUES, spec.pixels.values, "values"),
            color=one_of(_COLORS, spec.pixels.color, "color"),
        )
    if kind == "rendered":
        return rendered_options_of(spec.rendered)
    return None


def caller_of(
    priority: types_pb2.Priority, metadata: Iterable[tuple[str, str | bytes]], peer: str
) -> Caller:
    """Who asks, and how urgently.

    Args:
        peer: gRPC's name of the connection; the same for all on the unix socket.

    Raises:
        InvalidOption: the priority is none.
    """
    named = dict(metadata).get(_CLIENT_FIELD)
    identity = named[:_MAX_CLIENT_CHARACTERS] if isinstance(named, str) and named else peer
    return Caller(identity, one_of(_PRIORITIES, priority, "priority"))


def demand_of(control: types_pb2.CacheControl, caller: Caller) -> Demand:
    """What the caller demands of stored copies.

    Raises:
        InvalidOption: an option is out of its range.
    """
    return Demand(
        one_of(_MODES, control.mode, "mode"),
        seconds_of(control.max_age, "max_age") if control.HasField("max_age") else None,
        seconds_of(control.max_stale, "max_stale") if control.HasField("max_stale") else 0.0,
        seconds_of(control.min_fresh, "min_fresh") if control.HasField("min_fresh") else 0.0,
        caller=caller,
    )


def range_of(request: image_service_pb2.LoadImageRequest) -> Range:
    """The range asked for.

    Raises:
        InvalidOption: an option is out of its range.
    """
    if request.read_limit < 0:
        raise InvalidOption("read_limit is negative; 0 means to the end.", field="read_limit")
    chunk_bytes = chunk_bytes_of(request.chunk_bytes)
    return Range(
        request.read_offset,
        request.read_limit or None,
        chunk_bytes,
        is_cut_as_fits=not request.chunk_bytes,
    )


def chunk_bytes_of(chunk_bytes: int) -> int:
    """
    Raises:
        InvalidOption: it is negative.
    """
    if chunk_bytes < 0:
        raise InvalidOption("chunk_bytes is negative; 0 means 256 KiB.", field="chunk_bytes")
    return min(chunk_bytes or DEFAULT_CHUNK_BYTES, MAX_CHUNK_BYTES)


def is_plain(request: image_service_pb2.LoadImageRequest) -> bool:
    """Whether it asks for a whole body and nothing else, and takes what the cache says is fresh."""
    return not (
        request.read_offset
        or request.read_limit
        or request.if_match_etag
        or request.if_none_match_etag
        or request.include_dicom_json
    ) and makes_no_demands(request)


def makes_no_demands(
    request: image_service_pb2.LoadImageRequest | image_service_pb2.LoadImagesRequest,
) -> bool:
    """Whether it takes what the cache says is fresh; a wrong option counts as a demand."""
    return request.cache_control.ByteSize() == 0 and request.priority in _PRIORITIES


def tag_of(text: str) -> str:
    """
    Raises:
        InvalidOption: the label is too long, or has control characters.
    """
    if len(text) > _MAX_TAG_CHARACTERS or not text.isprintable():
        raise InvalidOption(
            f"A tag has at most {_MAX_TAG_CHARACTERS} printable characters.", field="tag"
        )
    return text


def seconds_of(duration: Duration, field: str) -> float:
    """
    Raises:
        InvalidOption: it is negative.
    """
    seconds = duration.ToNanoseconds() / 1e9
    if seconds < 0:
        raise InvalidOption(f"{field} is negative.", field=field)
    return seconds
