"""Which window or VOI LUT a grey image is shown with."""

from __future__ import annotations

import math

from imageid_daemon.pixels.description import (
    ImageMetadata,
    RenderedOptions,
    Tables,
    VoiLutFunction,
)
from imageid_daemon.pixels.distribution import Distribution
from imageid_daemon.pixels.voi import VoiLut, Window
from imageid_loaders.errors import InvalidOption, Undecodable

# A window's width of 0 or below has no meaning in PS3.3 C.11.2.1.2; some writers fill
# what they do not know with it.
_UNKNOWN_WIDTH = 0.0
# Of deeper pictures many use a part of their range, as 12 bits in 16, and would be black.
_SCREEN_BITS = 8


def choose(
    options: RenderedOptions,
    described: ImageMetadata,
    tables: Tables | None,
    distribution: Distribution,
) -> Window | VoiLut:
    """The caller's choice, else the image's first window, its VOI LUT, or its range.

    Raises:
        InvalidOption: the caller's window cannot be applied, or the image has none of
            that name.
        Undecodable: the VOI LUT that is wanted cannot be read.
    """
    function = options.voi_lut_function or described.voi_lut_function or "LINEAR"
    found = tables or Tables()
    if options.window is not None:
        return _explicit(*options.window, function)
    if options.window_name:
        return _named(options.window_name, described, found, function)
    if options.percentiles is not None:
        return _between(*distribution.percentiles(*options.percentiles), function)
    return _default(described, found, distribution, function)


def _explicit(center: float, width: float, function: VoiLutFunction) -> Window:
    minimum = 1 if function == "LINEAR" else 0
    finite = math.isfinite(center) and math.isfinite(width)
    if not finite or width < minimum or width <= 0:
        raise InvalidOption(
            f"the window cannot be applied: with {function}, window_width must be "
            f"{'at least 1' if minimum else 'above 0'}"
            f"{'; use LINEAR_EXACT for a narrower one' if minimum else ''}",
            field="window_width",
        )
    return Window(center, width, function)


def _named(
    name: str, described: ImageMetadata, tables: Tables, function: VoiLutFunction
) -> Window | VoiLut:
    windows = list(zip(described.window_center, described.window_width, strict=True))
    explanations = (*described.window_center_width_explanation, *[""] * len(windows))
    names = [*explanations[: len(windows)], *(lut.explanation for lut in tables.voi_luts)]
    index = _index(name, names)
    if index is None or index >= len(windows):
        _check_readable(tables)  # the one that is wanted may be the one that is not there
    if index is None:
        raise _unknown(len(names))
    if index >= len(windows):
        return VoiLut(tables.voi_luts[index - len(windows)])
    center, width = windows[index]
    if width <= _UNKNOWN_WIDTH:
        raise InvalidOption(
            "the image's window of that name cannot be applied because its width is not above "
            "0; name another one, or give a window",
            field="window_name",
        )
    return _own(center, width, function)


def _index(name: str, names: list[str]) -> int | None:
    """By explanation, without regard to case and spaces; else by number."""
    wanted, known = _comparable(name), [_comparable(each) for each in names]
    if wanted in known:
        return known.index(wanted)
    if wanted.isdecimal() and 1 <= int(wanted) <= len(names):
        return int(wanted) - 1
    return None


def _unknown(count: int) -> InvalidOption:
    # Not their texts: messages are logged.
    numbers = f"they have the numbers 1 to {count}" if count else "leave window_name out"
    return InvalidOption(
        f"the image has no window or VOI LUT of that name; it has {count}: {numbers}",
        field="window_name",
    )


def _check_readable(tables: Tables) -> None:
    if "voi_luts" in tables.unreadable:
        raise Undecodable(
            "the image cannot be shown as its header asks because a VOI LUT is broken or not in "
            "its metadata; load the whole instance, or give a window"
        )


def _comparable(name: str) -> str:
    """A name as it is compared: spaces around it, their number and case do not matter."""
    return " ".join(name.split()).casefold()


def _default(
    described: ImageMetadata,
    tables: Tables,
    distribution: Distribution,
    function: VoiLutFunction,
) -> Window | VoiLut:
    for center, width in zip(described.window_center, described.window_width, strict=True):
        if width > _UNKNOWN_WIDTH:
            return _own(center, width, function)
    _check_readable(tables)
    if tables.voi_luts:
        return VoiLut(tables.voi_luts[0])
    bits = described.bits_stored
    if bits == 1:
        return _between(0, 1, function)  # a mask that is 1 all over is white
    if bits is not None and _is_shown_as_it_is(described, tables, bits):
        return _between(0, (1 << bits) - 1, function)
    return _between(*distribution.extremes(), function)


def _is_shown_as_it_is(described: ImageMetadata, tables: Tables, bits: int) -> bool:
    signed = described.pixel_representation == 1
    return tables.made_for_screens and bits <= _SCREEN_BITS and not signed


def _own(center: float, width: float, function: VoiLutFunction) -> Window:
    # Images of small floating point values carry widths below the 1 that LINEAR needs.
    return Window(center, width, "LINEAR_EXACT" if function == "LINEAR" and width < 1 else function)


def _between(low: float, high: float, function: VoiLutFunction) -> Window:
    """From the lower value, black, to the higher, white."""
    width = high - low or 1.0
    exact: VoiLutFunction = "SIGMOID" if function == "SIGMOID" else "LINEAR_EXACT"
    return Window(low + width / 2, width, exact)
