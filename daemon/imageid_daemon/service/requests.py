"""What a request asks for, checked."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from google.protobuf.duration_pb2 import Duration

from imageid.v1 import image_service_pb2, types_pb2
from imageid_daemon.cache import Demand, Mode
from imageid_daemon.pixels import PixelsOptions, RenderedOptions
from imageid_daemon.resolver import Output
from imageid_loaders.errors import InvalidImageId, InvalidOption

DEFAULT_CHUNK_BYTES = 256 * 1024
MAX_CHUNK_BYTES = 2 * 1024 * 1024
MAX_IMAGE_IDS = 10_000
_MAX_ID_BYTES = 16 * 1024
_MAX_SIDE = 32_768
_DEFAULT_QUALITY = 90

T = TypeVar("T")

_MODES = {
    types_pb2.CacheControl.MODE_UNSPECIFIED: Mode.DEFAULT,
    types_pb2.CacheControl.MODE_NO_CACHE: Mode.NO_CACHE,
    types_pb2.CacheControl.MODE_ONLY_IF_CACHED: Mode.ONLY_IF_CACHED,
    types_pb2.CacheControl.MODE_NO_STORE: Mode.NO_STORE,
    types_pb2.CacheControl.MODE_RELOAD: Mode.RELOAD,
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
_FORMATS: dict[int, Literal["png", "jpeg"]] = {
    types_pb2.RENDER_FORMAT_UNSPECIFIED: "png",
    types_pb2.RENDER_FORMAT_PNG: "png",
    types_pb2.RENDER_FORMAT_JPEG: "jpeg",
}
_FUNCTIONS: dict[int, Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"] | None] = {
    types_pb2.VOI_LUT_FUNCTION_UNSPECIFIED: None,
    types_pb2.VOI_LUT_FUNCTION_LINEAR: "LINEAR",
    types_pb2.VOI_LUT_FUNCTION_LINEAR_EXACT: "LINEAR_EXACT",
    types_pb2.VOI_LUT_FUNCTION_SIGMOID: "SIGMOID",
}


@dataclass(frozen=True, slots=True)
class Range:
    """Which part of a body is wanted, and how it is cut.

    Args:
        offset: negative counts from the end.
        limit_bytes: None is to the end.
    """

    offset: int
    limit_bytes: int | None
    chunk_bytes: int


def image_id_of(text: str) -> str:
    """An imageId as it may be handed to a loader.

    Raises:
        InvalidImageId: it is empty, too long, or has control characters.
    """
    if not text:
        raise InvalidImageId("The imageId is empty. Give a URL such as wadors:https://…")
    if len(text) > _MAX_ID_BYTES:
        raise InvalidImageId(f"The imageId is longer than {_MAX_ID_BYTES} characters.")
    if any(ord(character) < 32 or ord(character) == 127 for character in text):
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
            values=_one_of(_VALUES, spec.pixels.values, "values"),
            color=_one_of(_COLORS, spec.pixels.color, "color"),
        )
    if kind == "rendered":
        return _rendered(spec.rendered)
    return None


def demand_of(control: types_pb2.CacheControl) -> Demand:
    """What the caller demands of stored copies.

    Raises:
        InvalidOption: an option is out of its range.
    """
    return Demand(
        _one_of(_MODES, control.mode, "mode"),
        _seconds(control.max_age, "max_age") if control.HasField("max_age") else None,
        _seconds(control.max_stale, "max_stale") if control.HasField("max_stale") else 0.0,
    )


def range_of(request: image_service_pb2.LoadImageRequest) -> Range:
    """The range asked for.

    Raises:
        InvalidOption: an option is out of its range.
    """
    if request.read_limit < 0:
        raise InvalidOption("read_limit is negative; 0 means to the end.", field="read_limit")
    if request.chunk_bytes < 0:
        raise InvalidOption("chunk_bytes is negative; 0 means 256 KiB.", field="chunk_bytes")
    chunk_bytes = min(request.chunk_bytes or DEFAULT_CHUNK_BYTES, MAX_CHUNK_BYTES)
    return Range(request.read_offset, request.read_limit or None, chunk_bytes)


def _rendered(spec: types_pb2.RenderedOutput) -> RenderedOptions:
    if not 0 <= spec.quality <= 100:
        raise InvalidOption("quality is not from 1 to 100.", field="quality")
    for field in ("max_width", "max_height"):
        if not 0 <= getattr(spec, field) <= _MAX_SIDE:
            raise InvalidOption(f"{field} is not from 0 to {_MAX_SIDE}.", field=field)
    return RenderedOptions(
        format=_one_of(_FORMATS, spec.format, "format"),
        quality=spec.quality or _DEFAULT_QUALITY,
        max_width=spec.max_width,
        max_height=spec.max_height,
        window=_window(spec),
        voi_lut_function=_one_of(_FUNCTIONS, spec.voi_lut_function, "voi_lut_function"),
    )


def _window(spec: types_pb2.RenderedOutput) -> tuple[float, float] | None:
    given = spec.HasField("window_center"), spec.HasField("window_width")
    if not any(given):
        return None
    if not all(given):
        raise InvalidOption("window_center and window_width go together.", field="window_center")
    # PS3.3 C.11.2.1.2: below that no function is defined.
    if not spec.window_width > 0 or spec.window_width == float("inf"):
        raise InvalidOption("window_width is not above 0.", field="window_width")
    if not abs(spec.window_center) < float("inf"):
        raise InvalidOption("window_center is not a number.", field="window_center")
    return spec.window_center, spec.window_width


def _one_of(table: Mapping[Any, T], value: int, field: str) -> T:
    if value not in table:
        raise InvalidOption(f"{field} has a value that this daemon does not know.", field=field)
    return table[value]


def _seconds(duration: Duration, field: str) -> float:
    seconds = duration.ToNanoseconds() / 1e9
    if seconds < 0:
        raise InvalidOption(f"{field} is negative.", field=field)
    return seconds
