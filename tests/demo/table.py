"""The demo's table."""

from __future__ import annotations

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from demo.measure import Outcome

REPRESENTATIONS = {"pixels": "PIXELS", "encoded": "ENCODED", "png": "RENDERED"}
ID_CHARACTERS = 36
WIDEST_CHARACTERS = 200


def console() -> Console:
    """A narrow terminal folds the lines of the table; its columns are never cut."""
    return Console(width=WIDEST_CHARACTERS)


def table(outcomes: list[Outcome]) -> Table:
    rows = Table(box=SIMPLE_HEAD)
    for name in ("scheme", "image id", "representation", "shape", "dtype", "cold", "warm"):
        rows.add_column(name, no_wrap=True)
    for name in ("cold\nms", "warm\nms", "origin\nrequests"):
        rows.add_column(name, justify="right", no_wrap=True)
    rows.add_column("pixels\nequal", no_wrap=True)
    for outcome in outcomes:
        rows.add_row(*cells(outcome), style="red" if outcome.problems else None)
    return rows


def cells(outcome: Outcome) -> tuple[str, ...]:
    shape = "×".join(map(str, outcome.shape)) if outcome.shape else "–"
    return (
        outcome.case.label,
        shortened(outcome.case.image_id),
        REPRESENTATIONS[str(outcome.case.output)],
        shape,
        outcome.dtype or "–",
        *outcome.cache_statuses,
        *(f"{milliseconds:.1f}" for milliseconds in outcome.milliseconds),
        "+".join(map(str, outcome.origin_requests)),
        "no" if outcome.differs else "yes",
    )


def shortened(image_id: str) -> str:
    """The beginning and the end: between them stand UIDs."""
    if len(image_id) <= ID_CHARACTERS:
        return image_id
    return f"{image_id[:22]}…{image_id[-(ID_CHARACTERS - 23) :]}"
