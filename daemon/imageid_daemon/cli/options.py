"""Options that several verbs share."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import typer

Json: TypeAlias = Annotated[bool, typer.Option("--json", help="For programs.")]

CacheMode: TypeAlias = Literal["default", "no-cache", "only-if-cached", "no-store", "reload"]

Cache: TypeAlias = Annotated[
    CacheMode, typer.Option("--cache", help="What a stored copy may do (RFC 9111).")
]

PriorityName: TypeAlias = Literal["interaction", "thumbnail", "prefetch", "compute"]

Priority: TypeAlias = Annotated[
    PriorityName, typer.Option(help="Whether others' images go first at the origin.")
]

MaxAge: TypeAlias = Annotated[
    str | None, typer.Option(metavar="TIME", help="Refuse an older copy, e.g. 30s, 5m, 0s.")
]


def age_seconds(written: str | None) -> float | None:
    """
    Raises:
        typer.BadParameter: it is no time.
    """
    from imageid_daemon.config.values import seconds

    if written is None or written in {"0", "0s"}:  # a setting cannot be 0, an age can
        return None if written is None else 0.0
    try:
        return seconds(written)
    except ValueError as error:
        raise typer.BadParameter(f"{error}.", param_hint="--max-age") from None
