"""The progress bar of `load`: on stderr, and only where that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Advance = Callable[[int, int | None], None]


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
