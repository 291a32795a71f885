"""What to deliver of an image: options in Python, OutputSpec on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

from imageid.v1 import types_pb2 as v1

Key = TypeVar("Key")
Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Pixels:
    """Decoded samples.

    Args:
        values: "stored", as in the image; "modality", after the Modality LUT or
            RescaleSlope and RescaleIntercept (PS3.3 C.11.1).
        color: "default", YBR becomes RGB and PALETTE COLOR stays indices; "stored", as in
            the image; "rgb", palettes are applied too. Grey images are the same under each.
    """

    values: Literal["stored", "modality"] = "stored"
    color: Literal["default", "stored", "rgb"] = "default"


@dataclass(frozen=True, slots=True)
class Rendered:
    """A picture for a screen.

    Args:
        window: (center, width) in modality values (PS3.3 C.11.2); None is the image's own
            first window, its first VOI LUT, or the range of its values. At most one of
            `window`, `window_name` and `percentiles`; colour images ignore them.
        size: (width, height) of a box that the picture fits into, its aspect ratio kept;
            it is never enlarged. None is the image's own size, its pixels made square.
        quality: 1 to 100, for JPEG; None is 90.
        voi_lut_function: None is the image's own.
        window_name: the explanation of one of the image's windows or VOI LUTs, e.g.
            "LUNG", or its 1-based number.
        percentiles: (lower, higher), 0 to 100, of the frame's values: an automatic window.
        bit_depth: of each sample, 8, or 16 with PNG; None is 8.
        invert: exchange black and white, after what the image itself asks for.
    """

    format: Literal["png", "jpeg"] = "png"
    window: tuple[float, float] | None = None
    size: tuple[int, int] | None = None
    quality: int | None = None
    voi_lut_function: Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"] | None = None
    window_name: str | None = None
    percentiles: tuple[float, float] | None = None
    bit_depth: Literal[8, 16] | None = None
    invert: bool = False


Output: TypeAlias = Literal["pixels", "encoded", "png", "jpeg"] | Pixels | Rendered


_VALUES = {"stored": v1.VALUES_STORED, "modality": v1.VALUES_MODALITY}
_COLORS = {"default": v1.COLOR_UNSPECIFIED, "stored": v1.COLOR_STORED, "rgb": v1.COLOR_RGB}
_FORMATS = {"png": v1.RENDER_FORMAT_PNG, "jpeg": v1.RENDER_FORMAT_JPEG}
_FUNCTIONS = {
    None: v1.VOI_LUT_FUNCTION_UNSPECIFIED,
    "LINEAR": v1.VOI_LUT_FUNCTION_LINEAR,
    "LINEAR_EXACT": v1.VOI_LUT_FUNCTION_LINEAR_EXACT,
    "SIGMOID": v1.VOI_LUT_FUNCTION_SIGMOID,
}


def output_spec(output: Output) -> v1.OutputSpec:
    """The message for an output.

    Raises:
        ValueError: one of the options is none of those known.
    """
    match output:
        case Pixels():
            return v1.OutputSpec(pixels=_pixels(output))
        case Rendered():
            return v1.OutputSpec(rendered=_rendered(output))
        case "pixels":
            return v1.OutputSpec(pixels=_pixels(Pixels()))
        case "png" | "jpeg":
            return v1.OutputSpec(rendered=_rendered(Rendered(output)))
        case "encoded":
            return v1.OutputSpec(encoded=v1.EncodedOutput())
    raise ValueError(
        f"unknown output {output!r}: choose pixels, encoded, png or jpeg, or give an "
        "imageid.Pixels or imageid.Rendered"
    )


def _pixels(pixels: Pixels) -> v1.PixelsOutput:
    return v1.PixelsOutput(
        values=choice("values", pixels.values, _VALUES),
        color=choice("color", pixels.color, _COLORS),
    )


def _rendered(rendered: Rendered) -> v1.RenderedOutput:
    center, width = rendered.window or (None, None)
    max_width, max_height = rendered.size or (0, 0)
    low, high = rendered.percentiles or (None, None)
    return v1.RenderedOutput(
        format=choice("format", rendered.format, _FORMATS),
        quality=rendered.quality or 0,
        max_width=max_width,
        max_height=max_height,
        window_center=center,
        window_width=width,
        voi_lut_function=choice("voi_lut_function", rendered.voi_lut_function, _FUNCTIONS),
        window_name=rendered.window_name or "",
        low_percentile=low,
        high_percentile=high,
        bit_depth=rendered.bit_depth or 0,
        invert=rendered.invert,
    )


def choice(name: str, chosen: Key, known: Mapping[Key, Value]) -> Value:
    """The value of one of several options, or a ValueError that names them all."""
    try:
        return known[chosen]
    except KeyError:
        options = ", ".join(str(option) for option in known)
        raise ValueError(f"unknown {name} {chosen!r}: choose one of {options}") from None
