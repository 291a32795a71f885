"""Which form of an image the options of `load` ask for. No I/O."""

from __future__ import annotations

from dataclasses import dataclass
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
    size: str | None = None
    values: Literal["stored", "modality"] | None = None
    color: Literal["default", "stored", "rgb"] | None = None


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

    rendered = form in {"png", "jpeg"}
    _refuse(form, "png and jpeg", not rendered, window=options.window, size=options.size)
    _refuse(form, "pixels", form != "pixels", values=options.values, color=options.color)
    if form == "pixels":
        return imageid.Pixels(options.values or "stored", options.color or "default")
    if form == "encoded":
        return form
    return imageid.Rendered(form, _window(options.window), _size(options.size))


def _refuse(form: Form, forms: str, refused: bool, **options: str | None) -> None:
    for name, value in options.items():
        if refused and value is not None:
            raise typer.BadParameter(
                f"it has a meaning for {forms} alone, and the form is {form}; choose with --as.",
                param_hint=f"--{name}",
            )


def _window(written: str | None) -> tuple[float, float] | None:
    if written is None:
        return None
    try:
        center, width = map(float, written.split(","))
    except ValueError:
        raise typer.BadParameter(
            f"{written!r} is not CENTER,WIDTH, e.g. 40,400.", param_hint="--window"
        ) from None
    return center, width


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
