"""Which form of an image the options of `load` ask for. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import typer

if TYPE_CHECKING:
    import imageid

Form: TypeAlias = Literal["encoded", "pixels", "png", "jpeg"]

_FORM_OF_SUFFIX: dict[str, Form] = {
    ".npy": "pixels",
    ".png": "png",
    ".jpg": "jpeg",
    ".jpeg": "jpeg",
}


@dataclass(frozen=True, slots=True)
class Options:
    """The options of `load` that change the bytes, as written."""

    window: str | None = None
    window_name: str | None = None
    percentiles: str | None = None
    voi_lut_function: Literal["LINEAR", "LINEAR_EXACT", "SIGMOID"] | None = None
    size: str | None = None
    quality: int | None = None
    bit_depth: Literal["8", "16"] | None = None
    invert: Literal[True] | None = None
    values: Literal["stored", "modality"] | None = None
    color: Literal["default", "stored", "rgb"] | None = None


_OF_PIXELS = ("values", "color")


def form_for(file: Path | None) -> Form:
    """The form that a file's name asks for: pixels for no file, encoded for any other."""
    if file is None:
        return "pixels"
    return _FORM_OF_SUFFIX.get(file.suffix.lower(), "encoded")


def output_for(
    form: Form, options: Options
) -> imageid.Pixels | imageid.Rendered | Literal["encoded"]:
    """What to ask the daemon for.

    Raises:
        typer.BadParameter: an option cannot be read, or has no meaning for this form.
    """
    import imageid

    _refuse_senseless(form, options)
    if form == "pixels":
        return imageid.Pixels(options.values or "stored", options.color or "default")
    if form == "encoded":
        return form
    return imageid.Rendered(
        form,
        window=_pair("--window", options.window, "CENTER,WIDTH, e.g. 40,400"),
        size=_size(options.size),
        quality=options.quality,
        voi_lut_function=options.voi_lut_function,
        window_name=options.window_name,
        percentiles=_pair("--percentiles", options.percentiles, "LOWER,HIGHER, e.g. 1,99"),
        bit_depth=16 if options.bit_depth == "16" else None,
        invert=options.invert or False,
    )


def _refuse_senseless(form: Form, options: Options) -> None:
    for field in fields(options):
        of_pixels = field.name in _OF_PIXELS
        sensible = form == "pixels" if of_pixels else form in {"png", "jpeg"}
        if not sensible and getattr(options, field.name) is not None:
            raise typer.BadParameter(
                f"it has a meaning for {'pixels' if of_pixels else 'png and jpeg'} alone, and the "
                f"form is {form}; choose with --as.",
                param_hint=f"--{field.name.replace('_', '-')}",
            )


def _pair(option: str, written: str | None, form: str) -> tuple[float, float] | None:
    if written is None:
        return None
    try:
        first, second = map(float, written.split(","))
    except ValueError:
        raise typer.BadParameter(f"{written!r} is not {form}.", param_hint=option) from None
    return first, second


def _size(written: str | None) -> tuple[int, int] | None:
    if written is None:
        return None
    try:
        width, height = map(int, written.lower().split("x"))
    except ValueError:
        raise typer.BadParameter(
            f"{written!r} is not WIDTHxHEIGHT, e.g. 256x256.", param_hint="--size"
        ) from None
    return width, height
