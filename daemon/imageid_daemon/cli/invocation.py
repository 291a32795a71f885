"""What the options before the verb say to every verb."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    import imageid


@dataclass(frozen=True, slots=True)
class Invocation:
    """One run of `imageid`.

    Args:
        config_file: that `--config` names.
        endpoint: that `--endpoint` names.
    """

    config_file: Path | None
    endpoint: str | None

    @contextmanager
    def connected(self, timeout_seconds: float | None = None) -> Iterator[imageid.Client]:
        """A client of the daemon; its warnings are lines on stderr."""
        import imageid

        with warnings.catch_warnings(record=True) as warned:
            warnings.simplefilter("always", UserWarning)
            client = imageid.connect(self.endpoint, timeout=timeout_seconds)
        for warning in warned:
            typer.echo(f"imageid: {warning.message}", err=True)
        with client:
            yield client
