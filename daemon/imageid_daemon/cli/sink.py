"""Where `load -o` writes: a file that is whole or not there, or stdout."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import typer


@contextmanager
def opened(file: Path | None) -> Iterator[BinaryIO]:
    """What to write to; "-" is stdout and None is nowhere.

    Raises:
        OSError: the file cannot be written.
        typer.BadParameter: stdout is a terminal.
    """
    if file is None:
        with Path(os.devnull).open("wb") as nowhere:
            yield nowhere
    elif file == Path("-"):
        yield _stdout()
    # A device or a pipe is written to; replacing it would remove it from the system.
    elif file.exists() and not file.is_file():
        with file.open("wb") as special:
            yield special
    else:
        with _replacing(file.resolve()) as whole:  # a symbolic link stays one
            yield whole


@contextmanager
def _replacing(file: Path) -> Iterator[BinaryIO]:
    """A file that takes its name when it is complete."""
    part = file.with_name(f".{file.name}.{os.getpid()}.part")
    try:
        with part.open("xb") as growing:
            yield growing
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _stdout() -> BinaryIO:
    if sys.stdout.isatty():
        raise typer.BadParameter(
            "an image is not for a terminal: redirect stdout, or name a file.", param_hint="-o"
        )
    return sys.stdout.buffer
