"""Progress bars: on stderr, and only where that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Advance = Callable[[int, int | None], None]


Count = Callable[[int, int, str], None]


@contextmanager
def counting_bar(title: str) -> Iterator[Count]:
    """What to call with how many are done, of how many, and what else to say of them."""
    if not sys.stderr.isatty():
        yield lambda done, total, text: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[text]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None, text="")
        yield lambda done, total, text: bar.update(task, completed=done, total=total, text=text)


@contextmanager
def progress_bar(title: str) -> Iterator[Advance]:
    """What to call with the bytes received and the bytes in all."""
    if not sys.stderr.isatty():
        yield lambda received_bytes, size_bytes: None
        return
    # rich takes 90 ms to import.
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TransferSpeedColumn

    columns = (TextColumn(title), BarColumn(), DownloadColumn(True), TransferSpeedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda received_bytes, size_bytes: bar.update(
            task, completed=received_bytes, total=size_bytes
        )
