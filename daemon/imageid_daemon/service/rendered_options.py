"""What a request asks of a picture, checked as far as that can be done without the image."""

from __future__ import annotations

from typing import Literal

from imageid.v1 import types_pb2
from imageid_daemon.pixels import RenderedOptions
from imageid_daemon.service.enumerations import one_of
from imageid_loaders.errors import InvalidOption

_MAX_SIDE = 32_768
_DEFAULT_QUALITY = 90
_DEFAULT_BIT_DEPTH = 8
_MAX_NAME_CHARACTERS = 64  # of an explanation (VR LO)

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


def rendered_options_of(spec: types_pb2.RenderedOutput) -> RenderedOptions:
    """The options, with the defaults of the contract.

    Raises:
        InvalidOption: one is out of its range, or two contradict each other.
    """
    if not 0 <= spec.quality <= 100:
        raise InvalidOption("quality is not from 1 to 100.", field="quality")
    for field in ("max_width", "max_height"):
        if not 0 <= getattr(spec, field) <= _MAX_SIDE:
            raise InvalidOption(f"{field} is not from 0 to {_MAX_SIDE}.", field=field)
    return RenderedOptions(
        format=one_of(_FORMATS, spec.format, "format"),
        quality=spec.quality or _DEFAULT_QUALITY,
        max_width=spec.max_width,
        max_height=spec.max_height,
        window=_window(spec),
        voi_lut_function=one_of(_FUNCTIONS, spec.voi_lut_function, "voi_lut_function"),
        window_name=_window_name(spec),
        percentiles=_percentiles(spec),
        bit_depth=_bit_depth(spec),
        invert=spec.invert,
    )


def _window(spec: types_pb2.RenderedOutput) -> tuple[float, float] | None:
    if not _both(spec, "window_center", "window_width"):
        return None
    # PS3.3 C.11.2.1.2: below that no function is defined.
    if not spec.window_width > 0 or spec.window_width == float("inf"):
        raise InvalidOption("window_width is not above 0.", field="window_width")
    if not abs(spec.window_center) < float("inf"):
        raise InvalidOption("window_center is not a number.", field="window_center")
    return spec.window_center, spec.window_width


def _window_name(spec: types_pb2.RenderedOutput) -> str:
    name = " ".join(spec.window_name.split())
    if len(name) > _MAX_NAME_CHARACTERS:
        raise InvalidOption(
            f"window_name is longer than {_MAX_NAME_CHARACTERS} characters.", field="window_name"
        )
    if name and spec.HasField("window_center"):
        raise InvalidOption(
            "window_name and an explicit window exclude each other.", field="window_name"
        )
    return name


def _percentiles(spec: types_pb2.RenderedOutput) -> tuple[float, float] | None:
    if not _both(spec, "low_percentile", "high_percentile"):
        return None
    if not 0 <= spec.low_percentile < spec.high_percentile <= 100:
        raise InvalidOption(
            "low_percentile is not below high_percentile, both from 0 to 100.",
            field="low_percentile",
        )
    if spec.HasField("window_center") or spec.window_name:
        raise InvalidOption(
            "Percentiles and an explicit or named window exclude each other.",
            field="low_percentile",
        )
    return spec.low_percentile, spec.high_percentile


def _bit_depth(spec: types_pb2.RenderedOutput) -> int:
    if spec.bit_depth not in (0, 8, 16):
        raise InvalidOption("bit_depth is not 8 or 16.", field="bit_depth")
    if spec.bit_depth == 16 and spec.format == types_pb2.RENDER_FORMAT_JPEG:
        raise InvalidOption("JPEG has 8 bits; choose PNG for 16.", field="bit_depth")
    return spec.bit_depth or _DEFAULT_BIT_DEPTH


def _both(spec: types_pb2.RenderedOutput, first: str, second: str) -> bool:
    """Whether two options that go together are given."""
    given = {field.name for field, _ in spec.ListFields()} & {first, second}
    if len(given) == 1:
        raise InvalidOption(f"{first} and {second} go together.", field=first)
    return bool(given)
